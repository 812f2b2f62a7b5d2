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
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

// The words in one piece as a list that ends with a null pointer; 0 when there are too many.
static int split(const char *words, int count, char **arguments) {
  if (count < 1 || count > CLINUX_WORDS_MAX) {
    errno = E2BIG;
    return 0;
  }
  for (int i = 0; i < count; i++, words += strlen(words) + 1) arguments[i] = (char *)words;
  arguments[count] = NULL;
  return 1;
}

int clinux_start_program(const char *words, int count, int *output) {
  char *arguments[CLINUX_WORDS_MAX + 1];
  int ends[2];
  pid_t process;
  if (!split(words, count, arguments)) return -1;
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

// The parent may have threads, so nothing is called here that is not safe between any two instructions.
static _Noreturn void execute_will(int pipe_end, char *const *arguments) {
  static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTOU, SIGTTIN};
  struct sigaction ignoring = {.sa_handler = SIG_IGN}, usual = {.sa_handler = SIG_DFL};
  sigset_t none;
  int executed = sizeof deaf / sizeof *deaf;
  for (int i = 0; i < executed; i++) sigaction(deaf[i], &ignoring, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  prctl(PR_SET_NAME, "larder-will");
  // A stream that is held open here would keep whoever reads it waiting for its end.
  if (pipe_end > 0) syscall(SYS_close_range, 0, (unsigned)pipe_end - 1, 0);
  syscall(SYS_close_range, (unsigned)pipe_end + 1, ~0u, 0);
  char byte;
  ssize_t got;
  // A byte takes the will back; the end without one is the end of the process.
  do got = read(pipe_end, &byte, 1);
  while (got < 0 && errno == EINTR);
  if (got > 0) _exit(0);
  for (int i = 0; i < executed; i++) sigaction(deaf[i], &usual, NULL);
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    int null = open("/dev/null", O_RDWR);
    if (null >= 0 && null != descriptor) dup2(null, descriptor);
  }
  execv(arguments[0], arguments);
  _exit(127);
}

int clinux_leave_will(const char *words, int count, int *pipe_end) {
  char *arguments[CLINUX_WORDS_MAX + 1];
  int ends[2];
  if (!split(words, count, arguments)) return -1;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
  // A child in between, which ends at once, gives the executor to the machine: nobody here would ever
  // wait for it, and a child that nobody waited for stands in the way of whoever waits for any child.
  pid_t between = fork();
  if (between == 0) {
    pid_t executor = fork();
    if (executor == 0) execute_will(ends[0], arguments);
    _exit(executor < 0 ? 1 : 0);
  }
  close(ends[0]);
  int ending = 1;
  if (between > 0) {
    while (waitpid(between, &ending, 0) < 0 && errno == EINTR) {}
  }
  if (ending != 0) {
    close(ends[1]);
    if (between > 0) errno = EAGAIN;
    return -1;
  }
  *pipe_end = ends[1];
  return 0;
}

void clinux_revoke_will(int pipe_end) {
  char byte = 0;
  send(pipe_end, &byte, 1, MSG_NOSIGNAL);
  close(pipe_end);
}
