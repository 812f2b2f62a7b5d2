// Which file of the depot a path means. The kernel resolves what is there: the longest part of the
// path that is a directory is opened, and its place asked for, so `..`, double slashes and links
// before it mean what they mean to the kernel. What is not there has no links, except where one leads
// to something that is not there; that one is followed here, by its text, as the kernel would.
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int place_exists(int directory, const char *path, int follows) {
  struct stat status;
  int flags = follows ? 0 : AT_SYMLINK_NOFOLLOW;
  return syscall(SYS_newfstatat, directory, path, &status, flags) == 0 || errno != ENOENT;
}

static size_t put_number(char *to, unsigned number) {
  char digits[12];
  size_t count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while (number /= 10);
  for (size_t at = 0; at < count; at++) to[at] = digits[count - 1 - at];
  return count;
}

size_t place_of(int directory, char *place) {
  char name[32] = "/proc/self/fd/";
  size_t count = strlen(name);
  name[count + put_number(name + count, (unsigned)directory)] = 0;
  ssize_t got = readlink(name, place, path_bytes_max + 1);
  if (got <= 0 || got > path_bytes_max || place[0] != '/') return 0;
  // Only the root of the machine ends with a slash.
  if (got == 1) got = 0;
  place[got] = 0;
  return (size_t)got;
}

// Opens what the path begins with, up to `end`, as a directory.
static int open_head(int directory, char *path, size_t end) {
  char kept = path[end];
  path[end] = 0;
  long head = syscall(
    SYS_openat, directory, end ? path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  int why = errno;
  path[end] = kept;
  errno = why;
  return (int)head;
}

// Where the last component before `end` begins.
static size_t component_before(const char *path, size_t end) {
  while (end > 0 && path[end - 1] == '/') end--;
  while (end > 0 && path[end - 1] != '/') end--;
  return end;
}

static int is_dots(const char *name, size_t count) {
  return (count == 1 && name[0] == '.') || (count == 2 && name[0] == '.' && name[1] == '.');
}

// Appends the components of `tail` to the memory's place, where `count` bytes are; 0 when it is none.
static int append(struct memory *memory, size_t count, const char *tail) {
  while (*tail) {
    size_t length = strcspn(tail, "/");
    if (is_dots(tail, length)) return 0;
    if (length > 0) {
      if (count + (count > 0) + length > path_bytes_max) return 0;
      if (count > 0) memory->place[count++] = '/';
      memcpy(memory->place + count, tail, length);
      count += length;
    }
    tail += length + (tail[length] == '/');
  }
  memory->place[count] = 0;
  memory->place_count = count;
  return count > 0;
}

// Makes the memory's place of the head's directory and what the path has beyond it.
static int below_depot(struct memory *memory, int head, const char *tail) {
  char *place = memory->target;
  size_t count = place_of(head, place), depot = settings.depot_count;
  if (count < depot || memcmp(place, settings.depot, depot)) return 0;
  if (count > depot && place[depot] != '/') return 0;
  size_t below = count > depot ? count - depot - 1 : 0;
  memcpy(memory->place, place + count - below, below);
  if (!append(memory, below, tail)) return 0;
  static const char own[] = ".p4cache";
  size_t first = strcspn(memory->place, "/");
  return first != sizeof own - 1 || memcmp(memory->place, own, first);
}

// Replaces a link by its text in the path; 0 when the first name beyond the head is none to follow.
static int follow(struct memory *memory, int head, size_t tail, int follows) {
  char *name = memory->path + tail;
  size_t length = strcspn(name, "/"), rest = strlen(name + length);
  if (rest == 0 && !follows) return 0;
  char kept = name[length];
  name[length] = 0;
  ssize_t got = readlinkat(head, name, memory->target, path_bytes_max + 1);
  name[length] = kept;
  if (got <= 0 || (size_t)got + rest > path_bytes_max) return 0;
  memmove(memory->path + got, name + length, rest + 1);
  memcpy(memory->path, memory->target, (size_t)got);
  return 1;
}

int place_find(struct memory *memory, int directory, const char *path, int follows) {
  size_t count = strnlen(path, path_bytes_max + 1);
  if (count == 0 || count > path_bytes_max) return 0;
  memcpy(memory->path, path, count + 1);
  int found = 0, base = directory, own = -1;
  for (int links = 0; links < links_max; links++) {
    count = strlen(memory->path);
    // The line of a request ends with a newline, and a slash at the end means a directory.
    if (memchr(memory->path, '\n', count) || memory->path[count - 1] == '/') break;
    size_t tail = component_before(memory->path, count);
    int head = open_head(base, memory->path, tail);
    for (int missing = 0; head < 0 && errno == ENOENT && missing < missing_max; missing++) {
      size_t before = component_before(memory->path, tail);
      if (before == tail) break;
      tail = before;
      head = open_head(base, memory->path, tail);
    }
    if (own >= 0) close(own);
    own = base = head;
    if (head < 0) break;
    if (!follow(memory, head, tail, follows)) {
      found = below_depot(memory, head, memory->path + tail);
      break;
    }
  }
  if (own >= 0) close(own);
  return found;
}

static uint64_t mixed(uint64_t word) {
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
  word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
  return word ^ (word >> 31);
}

struct name_hash place_hash(const char *bytes, size_t count) {
  struct name_hash hash = {settings.key[0] ^ count, settings.key[1]};
  for (size_t at = 0; at < count; at += 8) {
    uint64_t word = 0;
    memcpy(&word, bytes + at, count - at < 8 ? count - at : 8);
    hash.high = mixed(hash.high ^ word);
    hash.low = mixed(hash.low + word) ^ (hash.high << 1 | hash.high >> 63);
  }
  return hash;
}
