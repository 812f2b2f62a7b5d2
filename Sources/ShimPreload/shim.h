// What the files of the preloaded library share. It lives in somebody else's process: nothing here
// allocates from the heap, takes a lock, raises a signal, leaves errno changed, or calls anything that
// it hooks. All that it remembers is a thread's own, of a fixed size, and made when the thread first
// needs it.
//
//   hooks.c ──▶ shim.c ──▶ place.c    which file of the depot is meant
//                 │    ──▶ absent.c   what was lately not there
//                 │    ──▶ talk.c     the engine's socket
//                 │    ──▶ told.c     what a file's identity was said to be
//                 └─────▶ deletes.c   what the engine could not be told
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>

// Every bound of the library; docs/limits.md lists them.
enum {
  path_bytes_max = 4096,
  answer_bytes_max = 512,
  // Links that lead to one another, as the kernel follows them.
  links_max = 40,
  // Directories on the way to a file that are not there.
  missing_max = 128,
  absent_max = 256,
  told_max = 64,
  tries_max = 3,
  // Times a line of the log is written because the log lost its name meanwhile.
  writings_max = 1000,
  // The lowest descriptor that is kept: a program that closes one of the first to have it opened
  // again gets it.
  descriptor_min = 200,
  escaped_bytes_max = 4 * path_bytes_max,
  log_bytes_max = 64 << 20,
};

// Times, in milliseconds.
enum {
  absent_for = 1000,
  connect_within = 2000,
  send_within = 2000,
  answer_within = 5000,
  // A file may be long in coming; after so long without a word the engine is asked for a sign of life.
  alive_after = 5000,
  alive_within = 2000,
  fetch_within = 3600 * 1000,
  // Asked again after `busy`.
  busy_pause = 50,
  busy_within = 10 * 1000,
  // After an engine that is there did not answer, it is left alone.
  quiet_for = 5000,
};

// What became of asking about a file.
enum answer {
  // The file is none of the depot's, or nobody may be asked now.
  answer_outside,
  // What was asked for is so.
  answer_done,
  // The engine says that there is no such file.
  answer_absent,
  // The engine says that it cannot.
  answer_refused,
  // The engine says that this program may not ask, or not for this.
  answer_denied,
  // The engine did not say.
  answer_silent,
};

// What the engine says of a file.
struct known {
  uint64_t size;
  mode_t mode;
  struct timespec modified;
  int is_hot, is_shredded;
};

// A name in 128 bits, under a key of the process.
struct name_hash {
  uint64_t high, low;
};

// What a thread remembers.
struct memory {
  struct memory *next;
  // Changed by atomic operations alone.
  int is_taken;
  // The process that it is of; a child finds its parent's.
  pid_t process;
  // A signal's handler may come here while the thread is here already.
  volatile int is_busy;

  // The connection; -1 when there is none. The inode tells whether the number is still ours.
  int socket;
  ino_t socket_inode;
  int64_t quiet_until;

  struct {
    struct name_hash name;
    int64_t until;
  } absent[absent_max];

  struct {
    struct name_hash name;
    struct known known;
    ino_t told, real;
  } told[told_max];
  unsigned told_next, told_count;

  // The path below the depot that is asked about.
  char place[path_bytes_max + 1];
  size_t place_count;
  // For finding it.
  char path[path_bytes_max + 1], target[path_bytes_max + 1];
  // For asking, and for the log.
  char line[path_bytes_max + 64];
  char answer[answer_bytes_max];
  char record[escaped_bytes_max + 128];
};

// What the environment says; read once, before the program's own code runs.
struct settings {
  int is_on;
  // The depot's path without links and without a slash at the end.
  char depot[path_bytes_max + 1];
  size_t depot_count;
  struct stat root;
  char socket[path_bytes_max + 1];
  char log[path_bytes_max + 64];
  uint64_t key[2];
};
extern struct settings settings;

// --- shim.c: what the hooks ask. Each keeps errno as it was.

// Brings a file that is not there; done when it is there now.
enum answer shim_fetch(int directory, const char *path, int follows);
// What is known of a file that is not there, without bringing it.
enum answer shim_status(int directory, const char *path, int follows, struct known *known);
// Fills what a call of the stat family says of such a file.
enum answer shim_stat(int directory, const char *path, int follows, struct stat *status);
// Tells that a file was deleted, or leaves a line for later.
enum answer shim_delete(int directory, const char *path);
// What the thread was told of a file's identity before it was brought, so that it sees one file.
void shim_retell(struct stat *status);
// 1 when the thread was told of the identity of anything.
int shim_has_told(void);
// The thread's memory, for its own use until it is left; NULL when it must not be used now.
struct memory *memory_enter(void);
void memory_leave(struct memory *memory);

// --- place.c
// Finds which file of the depot is meant and leaves it in the memory's place; 0 when none is.
int place_find(struct memory *memory, int directory, const char *path, int follows);
// Fills `place` with where an open directory is; its length, 0 for the root of the machine and for
// what has no place.
size_t place_of(int directory, char *place);
// 1 when something stands at the path now.
int place_exists(int directory, const char *path, int follows);
struct name_hash place_hash(const char *bytes, size_t count);

// --- absent.c
int absent_knows(const struct memory *memory, struct name_hash name);
void absent_add(struct memory *memory, struct name_hash name);
void absent_remove(struct memory *memory, struct name_hash name);

// --- told.c
void told_add(struct memory *memory, struct name_hash name, const struct known *known);
// Says which inode the file that was told of has now.
void told_join(struct memory *memory, struct name_hash name, const struct stat *real);
void told_retell(const struct memory *memory, struct stat *status);
ino_t told_inode(struct name_hash name);

// --- talk.c
enum answer talk_fetch(struct memory *memory);
enum answer talk_status(struct memory *memory, struct known *known);
enum answer talk_delete(struct memory *memory);
// Closes the connection if the number is still ours.
void talk_end(struct memory *memory);
int64_t talk_now(void);

// --- deletes.c
void deletes_record(struct memory *memory);
