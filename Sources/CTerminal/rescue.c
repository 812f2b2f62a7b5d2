// The bodies of the doors to signals and to the rescue of a terminal.
//
// What is needed to give the terminal back lies in a page that is shared with the guard: a text and
// the line's modes, and whether they are in force. Whoever ends the screen takes them out of force;
// the crash handler and the guard use them only while they are. The guard is a forked process that
// waits for the end of a pipe, which comes when this process is gone, however it went. It closes
// everything else, so that it keeps no lock and no reader waiting, and leads a group of its own, so
// that a kill of the group does not take it along.
//
// Everything in a handler and in the guard is safe between any two instructions of this process.
#define _GNU_SOURCE 1
#include "CTerminal.h"
#include "watch.h"
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

// Signals.

static const struct {
  int number;
  unsigned flag;
} watched[] = {
  {SIGINT, CTERMINAL_INTERRUPTED}, {SIGTERM, CTERMINAL_TERMINATED}, {SIGHUP, CTERMINAL_HUNG_UP},
  {SIGTSTP, CTERMINAL_STOP_ASKED}, {SIGCONT, CTERMINAL_CONTINUED},  {SIGWINCH, CTERMINAL_RESIZED},
};
enum { watched_count = sizeof watched / sizeof *watched };
static struct sigaction before_watching[watched_count];
static atomic_uint arrived;
static atomic_int signal_descriptor = -1;

int cterminal_signal_descriptor(void) { return signal_descriptor; }

static void note(int number) {
  int saved = errno;
  for (int i = 0; i < watched_count; i++)
    if (watched[i].number == number) atomic_fetch_or(&arrived, watched[i].flag);
  uint64_t one = 1;
  if (write(signal_descriptor, &one, sizeof one) < 0) {
    // A full counter wakes as well.
  }
  errno = saved;
}

int cterminal_watch_signals(void) {
  if (signal_descriptor >= 0) return 0;
  signal_descriptor = cterminal_wake_descriptor();
  if (signal_descriptor < 0) return 0;
  atomic_store(&arrived, 0);
  // Without SA_RESTART a call that waits for the terminal is interrupted.
  struct sigaction noting = {.sa_handler = note};
  sigfillset(&noting.sa_mask);
  for (int i = 0; i < watched_count; i++) {
    sigaction(watched[i].number, NULL, &before_watching[i]);
    int is_ignored = before_watching[i].sa_handler == SIG_IGN;
    // nohup and job control without a shell ask to be left alone.
    if (is_ignored && watched[i].number != SIGCONT && watched[i].number != SIGWINCH) continue;
    sigaction(watched[i].number, &noting, NULL);
  }
  return 1;
}

void cterminal_ignore_signals(void) {
  if (signal_descriptor < 0) return;
  for (int i = 0; i < watched_count; i++)
    sigaction(watched[i].number, &before_watching[i], NULL);
  int descriptor = atomic_exchange(&signal_descriptor, -1);
  close(descriptor);
}

int cterminal_take_signals(void) {
  if (signal_descriptor < 0) return 0;
  cterminal_take_wake(signal_descriptor);
  return (int)atomic_exchange(&arrived, 0);
}

void cterminal_stop(void) {
  struct sigaction by_default = {.sa_handler = SIG_DFL}, before;
  sigaction(SIGTSTP, &by_default, &before);
  sigset_t stop, mask;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  pthread_sigmask(SIG_UNBLOCK, &stop, &mask);
  // A wrapper that waits for this process has to stop with it, or the shell never comes back.
  kill(0, SIGTSTP);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  sigaction(SIGTSTP, &before, NULL);
}

// What is shared with the guard.

struct rescue {
  atomic_int armed;
  atomic_uint slot;
  struct {
    size_t count;
    uint8_t text[CTERMINAL_LEAVING_MAX];
  } leaving[2];
  struct termios modes;
};
static struct rescue *rescue;
static int rescued_line = -1;
static int guard_pipe = -1;
static pid_t guard;
static int held_file = -1;
static int true_errors = -1;

static int64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// A terminal that does not read must not keep a dead process alive.
static void write_all(int descriptor, const uint8_t *bytes, size_t count) {
  int64_t deadline = milliseconds() + 1000;
  while (count > 0) {
    ssize_t written = write(descriptor, bytes, count);
    if (written > 0) {
      bytes += written;
      count -= (size_t)written;
      continue;
    }
    if (written < 0 && errno != EAGAIN && errno != EINTR) return;
    int64_t left = deadline - milliseconds();
    if (left <= 0) return;
    struct pollfd room = {.fd = descriptor, .events = POLLOUT};
    if (poll(&room, 1, (int)left) <= 0) return;
  }
}

static void say_held(int descriptor) {
  if (held_file < 0) return;
  int64_t held = cterminal_held_errors();
  uint8_t part[1024];
  for (int64_t at = 0; at < held;) {
    ssize_t got = pread(held_file, part, sizeof part, at);
    if (got <= 0) return;
    if (got > held - at) got = held - at;
    write_all(descriptor, part, (size_t)got);
    at += got;
  }
}

// Gives the terminal back if that is still to be done; 1 when it was.
static int rescue_line(int line) {
  if (!rescue || !atomic_exchange(&rescue->armed, 0)) return 0;
  unsigned slot = atomic_load(&rescue->slot);
  write_all(line, rescue->leaving[slot].text, rescue->leaving[slot].count);
  cterminal_restore_modes(line, (const uint8_t *)&rescue->modes);
  return 1;
}

// The guard.

static void keep_only(int first, int second, int third) {
  // In ascending order, with everything between and behind them closed.
  int kept[] = {first, second, third};
  for (int i = 0; i < 3; i++)
    for (int j = i + 1; j < 3; j++)
      if (kept[j] < kept[i]) {
        int swapped = kept[i];
        kept[i] = kept[j];
        kept[j] = swapped;
      }
  unsigned from = 0;
  for (int i = 0; i < 3; i++) {
    if (kept[i] < 0) continue;
    if ((unsigned)kept[i] > from) syscall(SYS_close_range, from, (unsigned)kept[i] - 1, 0);
    from = (unsigned)kept[i] + 1;
  }
  syscall(SYS_close_range, from, ~0u, 0);
}

static _Noreturn void stand_guard(int pipe_end, int line) {
  static const int deaf[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTOU, SIGTTIN, SIGPIPE,
                             SIGWINCH, SIGCONT};
  struct sigaction ignoring = {.sa_handler = SIG_IGN};
  for (size_t i = 0; i < sizeof deaf / sizeof *deaf; i++) sigaction(deaf[i], &ignoring, NULL);
  setpgid(0, 0);
  prctl(PR_SET_NAME, "larder-guard");
  keep_only(pipe_end, line, held_file);
  uint8_t byte;
  ssize_t got;
  do got = read(pipe_end, &byte, 1);
  while (got > 0 || (got < 0 && errno == EINTR));
  static const char killed[] = "larder ended without a word; the terminal was restored\r\n";
  if (rescue_line(line)) {
    say_held(line);
    write_all(line, (const uint8_t *)killed, sizeof killed - 1);
  }
  _exit(0);
}

static int begin_guard(int line) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC)) return 0;
  guard = fork();
  if (guard == 0) {
    close(ends[1]);
    stand_guard(ends[0], line);
  }
  close(ends[0]);
  if (guard < 0) {
    close(ends[1]);
    return 0;
  }
  guard_pipe = ends[1];
  return 1;
}

// Crashes.

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSYS, SIGQUIT};
enum { crashes_count = sizeof crashes / sizeof *crashes };
static struct sigaction before_crashes[crashes_count];
static uint8_t *handler_stack;
static stack_t stack_before;

static const char *crash_name(int number) {
  switch (number) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGILL: return "SIGILL";
    case SIGTRAP: return "SIGTRAP";
    case SIGABRT: return "SIGABRT";
    case SIGFPE: return "SIGFPE";
    case SIGSYS: return "SIGSYS";
    default: return "SIGQUIT";
  }
}

static void say(const char *text) { write_all(STDERR_FILENO, (const uint8_t *)text, strlen(text)); }

static void crash(int number, siginfo_t *info, void *context) {
  (void)context;
  int saved = errno;
  if (rescue_line(rescued_line)) {
    cterminal_release_errors();
    say("larder crashed (");
    say(crash_name(number));
    say("); the terminal was restored\n");
    void *frames[64];
    backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
  }
  for (int i = 0; i < crashes_count; i++)
    if (crashes[i] == number) sigaction(number, &before_crashes[i], NULL);
  // What the processor raised comes again by itself, with its context; the rest is sent again.
  if (info->si_code <= 0) raise(number);
  errno = saved;
}

static void catch_crashes(void) {
  // The first call loads a library, which a handler may not.
  void *frame[1];
  (void)backtrace(frame, 1);
  enum { stack_bytes = 65536 };
  handler_stack = malloc(stack_bytes);
  stack_t stack = {.ss_sp = handler_stack, .ss_size = stack_bytes};
  if (handler_stack) sigaltstack(&stack, &stack_before);
  struct sigaction crashing = {.sa_sigaction = crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  for (int i = 0; i < crashes_count; i++) {
    sigaction(crashes[i], &crashing, &before_crashes[i]);
  }
}

static void let_crash(void) {
  for (int i = 0; i < crashes_count; i++) sigaction(crashes[i], &before_crashes[i], NULL);
  if (handler_stack) sigaltstack(&stack_before, NULL);
  free(handler_stack);
  handler_stack = NULL;
}

// The doors.

int cterminal_begin_rescue(int line, const uint8_t *modes) {
  if (rescue) return 0;
  void *page = mmap(NULL, sizeof *rescue, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 0;
  rescue = page;
  memcpy(&rescue->modes, modes, sizeof rescue->modes);
  rescued_line = line;
  if (!begin_guard(line)) {
    munmap(rescue, sizeof *rescue);
    rescue = NULL;
    return 0;
  }
  catch_crashes();
  return 1;
}

void cterminal_arm(const uint8_t *leaving, size_t count) {
  if (!rescue) return;
  if (count > CTERMINAL_LEAVING_MAX) count = CTERMINAL_LEAVING_MAX;
  unsigned slot = 1 - atomic_load(&rescue->slot);
  memcpy(rescue->leaving[slot].text, leaving, count);
  rescue->leaving[slot].count = count;
  atomic_store(&rescue->slot, slot);
  atomic_store(&rescue->armed, 1);
}

void cterminal_disarm(void) {
  if (rescue) atomic_store(&rescue->armed, 0);
}

void cterminal_end_rescue(void) {
  if (!rescue) return;
  atomic_store(&rescue->armed, 0);
  let_crash();
  close(guard_pipe);
  while (waitpid(guard, NULL, 0) < 0 && errno == EINTR) {}
  munmap(rescue, sizeof *rescue);
  rescue = NULL;
  rescued_line = guard_pipe = -1;
}

int cterminal_hold_errors(void) {
  if (held_file >= 0) return 0;
  int file = memfd_create("errors", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return 0;
  int sealed = !ftruncate(file, CTERMINAL_HELD_MAX) && !fcntl(file, F_ADD_SEALS, F_SEAL_GROW);
  true_errors = sealed ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) : -1;
  if (true_errors < 0 || dup2(file, STDERR_FILENO) < 0) {
    if (true_errors >= 0) close(true_errors);
    close(file);
    return 0;
  }
  held_file = file;
  return 1;
}

int64_t cterminal_held_errors(void) {
  int64_t held = held_file < 0 ? 0 : lseek(held_file, 0, SEEK_CUR);
  return held < 0 ? 0 : held;
}

void cterminal_release_errors(void) {
  if (held_file < 0) return;
  dup2(true_errors, STDERR_FILENO);
  close(true_errors);
  say_held(STDERR_FILENO);
  close(held_file);
  held_file = true_errors = -1;
}
