// Deletes that the engine could not be told of, one line each, for it to read when it starts; the
// format is in docs/formats.md under "Failed deletes".
//
// The engine takes the log by renaming it and reads it then. So a line counts as left only when the
// log still has its name after the line was written; when it has not, the line is written again, to
// the new one. A line that the engine finds twice deletes nothing twice: it says when the file was
// deleted, and what was written later is not meant.
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static size_t put(char *to, const char *text) {
  size_t count = strlen(text);
  memcpy(to, text, count);
  return count;
}

// Puts a number with at least so many digits.
static size_t put_number(char *to, uint64_t number, size_t digits_min) {
  char digits[24];
  size_t count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) || count < digits_min);
  for (size_t at = 0; at < count; at++) to[at] = digits[count - 1 - at];
  return count;
}

// Puts the path in characters that a line may have.
static size_t put_escaped(char *to, const char *bytes, size_t count) {
  static const char hexadecimal[] = "0123456789abcdef";
  char *start = to;
  for (size_t at = 0; at < count; at++) {
    unsigned char byte = (unsigned char)bytes[at];
    if (byte > 0x20 && byte < 0x7f && byte != '\\') {
      *to++ = (char)byte;
      continue;
    }
    *to++ = '\\';
    *to++ = 'x';
    *to++ = hexadecimal[byte >> 4];
    *to++ = hexadecimal[byte & 15];
  }
  return (size_t)(to - start);
}

static int is_named(int file) {
  struct stat open, named;
  return !syscall(SYS_fstat, file, &open) &&
         !syscall(SYS_newfstatat, AT_FDCWD, settings.log, &named, AT_SYMLINK_NOFOLLOW) &&
         open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

static int append(const char *record, size_t count) {
  int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  int file = (int)syscall(SYS_openat, AT_FDCWD, settings.log, flags, 0640);
  if (file < 0) return 1;
  struct stat status;
  int has_room = !syscall(SYS_fstat, file, &status) && S_ISREG(status.st_mode) &&
                 status.st_size < log_bytes_max;
  // One call, so that lines of others do not come in between.
  if (has_room) (void)!write(file, record, count);
  int is_done = !has_room || is_named(file);
  close(file);
  return is_done;
}

void deletes_record(struct memory *memory) {
  char *record = memory->record;
  // The path goes behind its length, which is known once it is escaped.
  char *path = record + 96;
  size_t length = put_escaped(path, memory->place, memory->place_count);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  size_t count = put(record, "P4CACHE/1 ");
  count += put_number(record + count, (uint64_t)now.tv_sec, 1);
  record[count++] = '.';
  count += put_number(record + count, (uint64_t)now.tv_nsec, 9);
  count += put(record + count, " DELETE ");
  count += put_number(record + count, length, 1);
  record[count++] = ' ';
  memmove(record + count, path, length);
  count += length;
  record[count++] = '\n';
  for (int tries = 0; tries < writings_max && !append(record, count); tries++) continue;
}
