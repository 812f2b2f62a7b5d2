// The bodies of the doors to the line discipline. struct termios stays here; outside, the modes of
// a line are bytes that only mean something to the doors that take them back.
#define _GNU_SOURCE 1
#include "CTerminal.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
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
  return tcsetattr(descriptor, TCSANOW, &modes) == 0;
}
