// The bodies of the doors to the line discipline. struct termios stays here; outside, the modes of
// a line are bytes that only mean something to the doors that take them back.
#define _GNU_SOURCE 1
#include "CTerminal.h"
#include "watch.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int cterminal_open_line(int rows, int columns, int *outside, int *inside) {
  char name[64];
  *outside = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (*outside < 0) return 0;
  if (!grantpt(*outside) && !unlockpt(*outside) && !ptsname_r(*outside, name, sizeof name) &&
      (*inside = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0)
    return cterminal_set_window_size(*inside, rows, columns);
  close(*outside);
  return 0;
}

int cterminal_is_terminal(int descriptor) { return isatty(descriptor) == 1; }

static int is_same_line(int one, int other) {
  unsigned device_of_one, device_of_other;
  return !ioctl(one, TIOCGDEV, &device_of_one) && !ioctl(other, TIOCGDEV, &device_of_other) &&
         device_of_one == device_of_other;
}

static int open_same(const char *path, int descriptor) {
  int opened = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (opened >= 0 && is_same_line(opened, descriptor)) return opened;
  if (opened >= 0) close(opened);
  return -1;
}

int cterminal_open_anew(int descriptor) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  int opened = open_same(path, descriptor);
  // Another user's session may own the device; the terminal that controls a process is always open
  // to it.
  return opened >= 0 ? opened : open_same("/dev/tty", descriptor);
}

int cterminal_window_size(int descriptor, int *rows, int *columns) {
  struct winsize size;
  // A line that nobody told its size says 0 by 0.
  if (ioctl(descriptor, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col) return 0;
  *rows = size.ws_row;
  *columns = size.ws_col;
  return 1;
}

int cterminal_set_window_size(int descriptor, int rows, int columns) {
  struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
  return ioctl(descriptor, TIOCSWINSZ, &size) == 0;
}

size_t cterminal_modes_size(void) { return sizeof(struct termios); }

int cterminal_save_modes(int descriptor, uint8_t *modes) {
  struct termios now;
  if (tcgetattr(descriptor, &now)) return 0;
  memcpy(modes, &now, sizeof now);
  return 1;
}

int cterminal_restore_modes(int descriptor, const uint8_t *modes) {
  struct termios saved;
  memcpy(&saved, modes, sizeof saved);
  // In the background the kernel would stop the process for touching the line.
  sigset_t touching, before;
  sigemptyset(&touching);
  sigaddset(&touching, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &touching, &before);
  int failed = tcsetattr(descriptor, TCSANOW, &saved);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return !failed;
}

int cterminal_make_raw(int descriptor) {
  struct termios modes;
  if (tcgetattr(descriptor, &modes)) return 0;
  cfmakeraw(&modes);
  int failed;
  // A process that was stopped here for being in the background is interrupted when it goes on.
  do failed = tcsetattr(descriptor, TCSANOW, &modes);
  while (failed && errno == EINTR);
  return !failed;
}

void cterminal_forget_typed(int descriptor) { tcflush(descriptor, TCIFLUSH); }

int64_t cterminal_write(int descriptor, const uint8_t *bytes, size_t count) {
  ssize_t written = write(descriptor, bytes, count);
  if (written >= 0) return written;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

int64_t cterminal_read(int descriptor, uint8_t *bytes, size_t count) {
  ssize_t got = read(descriptor, bytes, count);
  if (got > 0) return got;
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

void cterminal_close_descriptor(int descriptor) { close(descriptor); }

int cterminal_wake_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void cterminal_wake(int descriptor) {
  uint64_t one = 1;
  // A full counter is a wake that waits already.
  while (write(descriptor, &one, sizeof one) < 0 && errno == EINTR) {}
}

int cterminal_take_wake(int descriptor) {
  uint64_t count;
  return read(descriptor, &count, sizeof count) == sizeof count;
}

int cterminal_wait(int line, int for_writing, int wake, int64_t nanoseconds) {
  short asked = (short)(POLLIN | (for_writing ? POLLOUT : 0));
  struct pollfd waits[3] = {
    {.fd = line, .events = asked},
    {.fd = wake, .events = POLLIN},
    {.fd = cterminal_signal_descriptor(), .events = POLLIN},
  };
  struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  int ready = ppoll(waits, 3, nanoseconds < 0 ? NULL : &time, NULL);
  if (ready < 0) return errno == EINTR ? CTERMINAL_SIGNALLED : 0;
  int found = 0;
  if (waits[0].revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) found |= CTERMINAL_READABLE;
  if (waits[0].revents & POLLOUT) found |= CTERMINAL_WRITABLE;
  if (waits[1].revents) found |= CTERMINAL_WOKEN;
  if (waits[2].revents) found |= CTERMINAL_SIGNALLED;
  return found;
}
