// What a hook asks when the file system did not have a file: which file of the depot is meant, what
// the engine says of it, and what that makes of the call. Also what the environment says, and what each
// thread remembers.
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

struct settings settings;

// --- What each thread remembers

// Every memory that was ever made. They are never given back, and taken again by later threads.
static struct memory *memories;
// Its own memory is reached without a call, so that this is safe below a signal's handler.
static _Thread_local struct memory *mine __attribute__((tls_model("initial-exec")));
static pthread_key_t thread_end;

static void at_thread_end(void *pointer) {
  struct memory *memory = pointer;
  talk_end(memory);
  mine = NULL;
  __atomic_store_n(&memory->is_taken, 0, __ATOMIC_RELEASE);
}

// A child has one thread, and no part in its parent's conversations.
static void at_fork_in_child(void) {
  int why = errno;
  for (struct memory *memory = memories; memory; memory = memory->next) {
    talk_end(memory);
    if (memory != mine) __atomic_store_n(&memory->is_taken, 0, __ATOMIC_RELEASE);
  }
  errno = why;
}

static void begin(struct memory *memory) {
  memory->process = getpid();
  memory->is_busy = 0;
  memory->socket = -1;
  memory->quiet_until = 0;
  memory->told_count = memory->told_next = 0;
  memset(memory->absent, 0, sizeof memory->absent);
}

static struct memory *taken(void) {
  struct memory *first = __atomic_load_n(&memories, __ATOMIC_ACQUIRE);
  for (struct memory *memory = first; memory; memory = memory->next) {
    int is_free = 0;
    if (__atomic_compare_exchange_n(
          &memory->is_taken, &is_free, 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
      return memory;
  }
  struct memory *made = mmap(
    NULL, sizeof *made, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED) return NULL;
  made->is_taken = 1;
  made->next = first;
  while (!__atomic_compare_exchange_n(
    &memories, &made->next, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
    continue;
  return made;
}

struct memory *memory_enter(void) {
  if (!settings.is_on) return NULL;
  if (!mine) {
    struct memory *memory = taken();
    if (!memory) return NULL;
    begin(memory);
    mine = memory;
    pthread_setspecific(thread_end, memory);
  }
  // A process that was made without fork(3)'s handlers has its parent's numbers too.
  if (mine->process != getpid()) {
    talk_end(mine);
    begin(mine);
  }
  if (mine->is_busy) return NULL;
  mine->is_busy = 1;
  return mine;
}

void memory_leave(struct memory *memory) { memory->is_busy = 0; }

int shim_has_told(void) { return mine && mine->told_count > 0; }

// --- What is asked

// Finds the file that is meant; NULL when it is none of the depot's.
static struct memory *found(int directory, const char *path, int follows) {
  if (!settings.is_on || !path) return NULL;
  struct memory *memory = memory_enter();
  if (!memory) return NULL;
  if (place_find(memory, directory, path, follows)) return memory;
  memory_leave(memory);
  return NULL;
}

enum answer shim_fetch(int directory, const char *path, int follows) {
  int why = errno;
  enum answer answer = answer_outside;
  struct memory *memory = found(directory, path, follows);
  if (memory) {
    struct name_hash name = place_hash(memory->place, memory->place_count);
    answer = absent_knows(memory, name) ? answer_absent : talk_fetch(memory);
    struct stat status;
    int flags = follows ? 0 : AT_SYMLINK_NOFOLLOW;
    if (answer == answer_absent) absent_add(memory, name);
    if (answer == answer_done && memory->told_count > 0 &&
        !syscall(SYS_newfstatat, directory, path, &status, flags))
      told_join(memory, name, &status);
    memory_leave(memory);
  }
  errno = why;
  return answer;
}

// What is known of a file; a shredded one has no bytes that anybody could ask for, so it is absent.
static enum answer status_of(
  int directory, const char *path, int follows, struct known *known, struct name_hash *name) {
  struct memory *memory = found(directory, path, follows);
  if (!memory) return answer_outside;
  *name = place_hash(memory->place, memory->place_count);
  enum answer answer =
    absent_knows(memory, *name) ? answer_absent : talk_status(memory, known);
  if (answer == answer_done && known->is_shredded) answer = answer_absent;
  if (answer == answer_absent) absent_add(memory, *name);
  if (answer == answer_done && S_ISREG(known->mode)) told_add(memory, *name, known);
  memory_leave(memory);
  return answer;
}

enum answer shim_status(int directory, const char *path, int follows, struct known *known) {
  int why = errno;
  struct name_hash name;
  enum answer answer = status_of(directory, path, follows, known, &name);
  errno = why;
  return answer;
}

enum answer shim_stat(int directory, const char *path, int follows, struct stat *status) {
  int why = errno;
  struct known known;
  struct name_hash name;
  enum answer answer = status_of(directory, path, follows, &known, &name);
  if (answer == answer_done) {
    memset(status, 0, sizeof *status);
    status->st_dev = settings.root.st_dev;
    status->st_ino = told_inode(name);
    status->st_mode = known.mode;
    status->st_nlink = 1;
    // Files come back with their owner, which is the server's, as the depot is.
    status->st_uid = settings.root.st_uid;
    status->st_gid = settings.root.st_gid;
    status->st_size = (off_t)known.size;
    status->st_blksize = 4096;
    status->st_blocks = (blkcnt_t)(known.size / 512 + (known.size % 512 > 0));
    status->st_atim = status->st_mtim = status->st_ctim = known.modified;
  }
  errno = why;
  return answer;
}

enum answer shim_delete(int directory, const char *path) {
  int why = errno;
  enum answer answer = answer_outside;
  struct memory *memory = found(directory, path, 0);
  // What has the name again by now is not what was deleted.
  if (memory && !place_exists(directory, path, 0)) {
    answer = talk_delete(memory);
    struct name_hash name = place_hash(memory->place, memory->place_count);
    // Nobody looks at who left a line, so who may not delete leaves none.
    if (answer == answer_absent || answer == answer_done)
      absent_add(memory, name);
    else if (answer != answer_denied)
      deletes_record(memory);
  }
  if (memory) memory_leave(memory);
  errno = why;
  return answer;
}

void shim_retell(struct stat *status) {
  if (mine && S_ISREG(status->st_mode)) told_retell(mine, status);
}

// --- What the environment says

// Takes the depot's path, as it is once links are followed.
static int takes_depot(const char *path) {
  if (!path || path[0] != '/') return 0;
  long root = syscall(SYS_openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (root < 0) return 0;
  settings.depot_count = place_of((int)root, settings.depot);
  int is_known = settings.depot_count > 0 && !syscall(SYS_fstat, root, &settings.root);
  close((int)root);
  return is_known;
}

// Takes the socket's path; the log of failed deletes is beside it.
static int takes_socket(const char *path) {
  static const char own[] = "/.p4cache/shim.sock", log[] = "shim-failed-deletes.log";
  if (path && *path) {
    size_t count = strnlen(path, path_bytes_max + 1);
    if (path[0] != '/' || count > path_bytes_max) return 0;
    memcpy(settings.socket, path, count + 1);
  } else {
    if (settings.depot_count + sizeof own > path_bytes_max) return 0;
    memcpy(settings.socket, settings.depot, settings.depot_count);
    memcpy(settings.socket + settings.depot_count, own, sizeof own);
  }
  size_t parent = (size_t)(strrchr(settings.socket, '/') - settings.socket) + 1;
  memcpy(settings.log, settings.socket, parent);
  memcpy(settings.log + parent, log, sizeof log);
  return 1;
}

__attribute__((constructor(101))) static void prepare(void) {
  int why = errno;
  if (takes_depot(getenv("P4CACHE_DEPOT")) && takes_socket(getenv("P4CACHE_SOCK")) &&
      !pthread_key_create(&thread_end, at_thread_end) &&
      !pthread_atfork(NULL, NULL, at_fork_in_child)) {
    // Without a key of its own, names could be made that meet; nothing worse than that follows.
    (void)!getrandom(settings.key, sizeof settings.key, GRND_NONBLOCK);
    settings.is_on = 1;
  }
  errno = why;
}
