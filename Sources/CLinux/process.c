// The bodies of the doors in CLinuxProcess.h.
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
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
