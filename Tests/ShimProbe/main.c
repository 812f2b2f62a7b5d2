// One experiment a run, named by the first argument; the others are what it is about. It prints what it
// saw, and ends with 0 when it could do what it is for.
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

// The names of calls that headers do not give out.
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int directory, const char *path, int flags);
int __openat64_2(int directory, const char *path, int flags);
int __xstat(int version, const char *path, struct stat *status);
int __xstat64(int version, const char *path, struct stat64 *status);
int __lxstat(int version, const char *path, struct stat *status);
int __fxstatat(int version, int directory, const char *path, struct stat *status, int flags);
#pragma weak __xstat
#pragma weak __xstat64
#pragma weak __lxstat
#pragma weak __fxstatat

static int reads(const char *path) {
  char byte;
  int file = open(path, O_RDONLY);
  if (file < 0) return 0;
  int is_read = read(file, &byte, 1) == 1;
  close(file);
  return is_read;
}

// Says what a call gave: `ok`, or the name of its error.
static int said(const char *call, long result) {
  printf("%s %s\n", call, result >= 0 ? "ok" : strerrorname_np(errno));
  return 0;
}

// --- threads DIRECTORY THREADS FILES: every thread reads files 0 to FILES - 1, each in its own order.

static const char *threads_directory;
static int threads_files, threads_read;

static void *read_all(void *start) {
  char path[4096];
  for (int at = 0; at < threads_files; at++) {
    int number = (at * 7 + (int)(long)start) % threads_files;
    snprintf(path, sizeof path, "%s/%d", threads_directory, number);
    if (reads(path)) __atomic_add_fetch(&threads_read, 1, __ATOMIC_RELAXED);
  }
  return NULL;
}

static int threads(char **words) {
  threads_directory = words[0];
  threads_files = atoi(words[2]);
  int count = atoi(words[1]);
  pthread_t made[256];
  for (int at = 0; at < count; at++) pthread_create(&made[at], NULL, read_all, (void *)(long)at);
  for (int at = 0; at < count; at++) pthread_join(made[at], NULL);
  printf("%d\n", threads_read);
  return 0;
}

// --- fork FIRST PARENTS CHILDS: a connection is made, then parent and child read at the same time.

static int forks(char **words) {
  printf("%d", reads(words[0]));
  fflush(stdout);
  for (int round = 0; round < 10; round++) {
    char path[4096];
    // One of two ways runs no handlers.
    pid_t child = round % 2 ? _Fork() : fork();
    for (int at = 0; at < 10; at++) {
      snprintf(path, sizeof path, "%s/%d", words[child ? 1 : 2], round * 10 + at);
      if (!reads(path)) _exit(1);
    }
    if (child == 0) _exit(0);
    int status;
    waitpid(child, &status, 0);
    printf("%d", status == 0);
  }
  printf("\n");
  return 0;
}

// --- vfork FIRST SECOND: the child of a vfork(2) shares everything, and ends without cleaning up.

static int vforks(char **words) {
  printf("%d", reads(words[0]));
  fflush(stdout);
  pid_t child = vfork();
  if (child == 0) {
    execl("/bin/true", "true", NULL);
    _exit(1);
  }
  int status;
  waitpid(child, &status, 0);
  printf("%d%d\n", status == 0, reads(words[1]));
  return 0;
}

// --- signal PATH OTHER: a handler opens files all the while.

static const char *other;
static volatile sig_atomic_t handled;

static void handle(int signal) {
  (void)signal;
  int why = errno;
  int file = open(other, O_RDONLY);
  if (file >= 0) close(file);
  handled++;
  errno = why;
}

static int signals(char **words) {
  other = words[1];
  struct sigaction action = {.sa_handler = handle};
  sigaction(SIGALRM, &action, NULL);
  // Whoever started this may have threads that hear no signals, and so does what they start.
  sigset_t heard;
  sigemptyset(&heard);
  sigaddset(&heard, SIGALRM);
  sigprocmask(SIG_UNBLOCK, &heard, NULL);
  struct itimerval often = {{0, 300}, {0, 300}};
  setitimer(ITIMER_REAL, &often, NULL);
  int count = 0;
  char path[4096];
  for (int at = 0; at < 200; at++) {
    snprintf(path, sizeof path, "%s/%d", words[0], at);
    count += reads(path);
  }
  printf("%d %s\n", count, handled > 0 ? "handled" : "never handled");
  return 0;
}

// --- closed FIRST SECOND THIRD: the program closes every descriptor it did not open.

static int closed(char **words) {
  printf("%d", reads(words[0]));
  for (int number = 3; number < 1024; number++) close(number);
  printf("%d", reads(words[1]));
  // Other sockets take every number that was free.
  for (int number = 3; number < 1024; number++) close(number);
  int ends[2], count = 0;
  while (count++ < 200 && !socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) continue;
  printf("%d", reads(words[2]));
  // Nothing was said into what is not ours.
  char byte;
  for (int number = 3; number < 400; number++) {
    fcntl(number, F_SETFL, O_NONBLOCK);
    if (read(number, &byte, 1) == 1) printf(" spilt");
  }
  printf("\n");
  return 0;
}

// --- lowest PATH: who closes a descriptor gets its number from the next open.

static int lowest(char **words) {
  close(0);
  printf("%d\n", open(words[0], O_RDONLY));
  return 0;
}

// --- names PATH...: every name of the calls, a cold file each.

static int names(char **words) {
  struct stat status;
  struct stat64 status64;
  struct statx statusx;
  char byte;
  FILE *stream;
  said("open", open(*words++, O_RDONLY));
  said("open64", open64(*words++, O_RDONLY));
  said("openat", openat(AT_FDCWD, *words++, O_RDONLY));
  said("openat64", openat64(AT_FDCWD, *words++, O_RDONLY));
  said("__open_2", __open_2(*words++, O_RDONLY));
  said("__open64_2", __open64_2(*words++, O_RDONLY));
  said("__openat_2", __openat_2(AT_FDCWD, *words++, O_RDONLY));
  said("__openat64_2", __openat64_2(AT_FDCWD, *words++, O_RDONLY));
  said("fopen", (stream = fopen(*words++, "r")) && fread(&byte, 1, 1, stream) == 1 ? 0 : -1);
  said("fopen64", (stream = fopen64(*words++, "re")) && fread(&byte, 1, 1, stream) == 1 ? 0 : -1);
  said("freopen", freopen(*words++, "r", stdin) ? 0 : -1);
  said("freopen64", freopen64(*words++, "r+", stdin) ? 0 : -1);
  const char *path = *words;
  said("stat", stat(path, &status));
  said("stat64", stat64(path, &status64));
  said("lstat", lstat(path, &status));
  said("lstat64", lstat64(path, &status64));
  said("fstatat", fstatat(AT_FDCWD, path, &status, 0));
  said("fstatat64", fstatat64(AT_FDCWD, path, &status64, 0));
  said("statx", statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &statusx));
  said("__xstat", __xstat(1, path, &status));
  said("__xstat64", __xstat64(1, path, &status64));
  said("__lxstat", __lxstat(1, path, &status));
  said("__fxstatat", __fxstatat(1, AT_FDCWD, path, &status, 0));
  said("access", access(path, R_OK));
  said("euidaccess", euidaccess(path, R_OK));
  said("eaccess", eaccess(path, R_OK));
  said("faccessat", faccessat(AT_FDCWD, path, R_OK, 0));
  return 0;
}

// --- modes PATH...: what making, adding and replacing do to cold files.

static int modes(char **words) {
  said("O_CREAT|O_EXCL", open(*words++, O_CREAT | O_EXCL | O_WRONLY, 0600));
  said("O_CREAT|O_APPEND", open(*words++, O_CREAT | O_APPEND | O_WRONLY, 0600));
  said("O_CREAT|O_RDWR", open(*words++, O_CREAT | O_RDWR, 0600));
  said("O_CREAT|O_TRUNC", open(*words++, O_CREAT | O_TRUNC | O_WRONLY, 0600));
  said("O_RDWR", open(*words++, O_RDWR));
  said("O_DIRECTORY", open(*words, O_RDONLY | O_DIRECTORY));
  said("O_PATH", open(*words++, O_PATH));
  said("fopen a", fopen(*words++, "a") ? 0 : -1);
  said("fopen w", fopen(*words++, "w") ? 0 : -1);
  said("fopen wx", fopen(*words++, "wx") ? 0 : -1);
  said("rename noreplace", renameat2(AT_FDCWD, words[0], AT_FDCWD, words[1], RENAME_NOREPLACE));
  said("rename", rename(words[0], words[1]));
  return 0;
}

// --- open FLAGS PATH: one open, for what must fail.

static int opens(char **words) {
  return said("open", open(words[1], (int)strtol(words[0], NULL, 0), 0600));
}

// --- twice PATH: what is seen of a file before and after it is opened.

static int twice(char **words) {
  struct stat before, after, by_name;
  if (stat(words[0], &before)) return said("stat", -1);
  int file = open(words[0], O_RDONLY);
  if (file < 0 || fstat(file, &after) || stat(words[0], &by_name)) return said("open", -1);
  printf("%s", before.st_ino == after.st_ino && before.st_ino == by_name.st_ino ? "same" : "other");
  printf(" %s", before.st_ctim.tv_sec == after.st_ctim.tv_sec ? "unchanged" : "changed");
  // Written to, it says what it is.
  int writer = open(words[0], O_WRONLY | O_APPEND);
  if (writer < 0 || write(writer, "more", 4) != 4 || fstat(file, &after)) return said("write", -1);
  printf(" %s\n", before.st_ino == after.st_ino ? "same" : "other");
  return 0;
}

// --- at DIRECTORY NAME: a name below an open directory.

static int at(char **words) {
  int directory = open(words[0], O_RDONLY | O_DIRECTORY);
  if (directory < 0) return said("directory", -1);
  said("openat", openat(directory, words[1], O_RDONLY));
  return 0;
}

static const struct {
  const char *name;
  int (*run)(char **words);
} experiments[] = {
  {"threads", threads}, {"fork", forks},     {"vfork", vforks}, {"signal", signals},
  {"closed", closed},   {"lowest", lowest},  {"names", names},  {"modes", modes},
  {"open", opens},      {"twice", twice},    {"at", at},
};

int main(int count, char **words) {
  for (size_t at = 0; count > 1 && at < sizeof experiments / sizeof *experiments; at++)
    if (!strcmp(words[1], experiments[at].name)) return experiments[at].run(words + 2);
  fprintf(stderr, "no such experiment\n");
  return 2;
}
