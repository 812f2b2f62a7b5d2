// The bodies of the doors in CLinuxProcess.h. GNU-only calls need _GNU_SOURCE.
#define _GNU_SOURCE 1
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

int clinux_terminal_columns(int descriptor) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return -1;
  return size.ws_col;
}

int clinux_hold_standard_descriptors(void) {
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is this one; opened the wrong way round, every use of it fails.
    int held = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
    if (held != descriptor) return -1;
  }
  return 0;
}

int clinux_processors(void) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return -1;
  return CPU_COUNT(&allowed);
}

int64_t clinux_raise_open_files(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  if (limit.rlim_cur != limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  }
  return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}

// A program begins with no signal held back or ignored, whatever this process does with its own.
static int spawn(char *const *arguments, int output, pid_t *process) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int failed = posix_spawn_file_actions_init(&actions);
  if (failed) return failed;
  failed = posix_spawnattr_init(&attributes);
  if (!failed) {
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (!failed) failed = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (!failed) failed = posix_spawn_file_actions_adddup2(&actions, output, 2);
    if (!failed)
      failed = posix_spawnp(process, arguments[0], &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}

int clinux_start_program(const char *words, int count, int *output) {
  char *arguments[CLINUX_WORDS_MAX + 1];
  if (count < 1 || count > CLINUX_WORDS_MAX) {
    errno = E2BIG;
    return -1;
  }
  for (int i = 0; i < count; i++, words += strlen(words) + 1) arguments[i] = (char *)words;
  arguments[count] = NULL;

  int ends[2];
  pid_t process;
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  int failed = spawn(arguments, ends[1], &process);
  close(ends[1]);
  if (failed) {
    close(ends[0]);
    errno = failed;
    return -1;
  }
  *output = ends[0];
  return process;
}
