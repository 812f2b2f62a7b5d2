// The bodies of the doors in CLinuxWatch.h.
#define _GNU_SOURCE 1
#include "CLinuxWatch.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

struct place {
  char path[32];
};

static struct place place_of(int file) {
  struct place place;
  snprintf(place.path, sizeof place.path, "/proc/self/fd/%d", file);
  return place;
}

int clinux_fanotify(void) {
  return fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC | FAN_NONBLOCK,
                       O_RDONLY | O_CLOEXEC);
}

int clinux_fanotify_mark(int watcher, int directory, uint64_t mask) {
  return fanotify_mark(watcher, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, mask, directory, NULL);
}

union handle {
  struct file_handle handle;
  uint8_t bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

int clinux_try_handles(int directory) {
  union handle own = {.handle.handle_bytes = MAX_HANDLE_SZ};
  int mount;
  if (name_to_handle_at(directory, "", &own.handle, &mount, AT_EMPTY_PATH)) return -1;
  int opened = open_by_handle_at(directory, &own.handle, O_PATH | O_CLOEXEC);
  return opened < 0 ? -1 : close(opened);
}

int clinux_open_handle(int mount, const uint8_t *handle, size_t count) {
  union handle copy;
  if (count < sizeof(struct file_handle) || count > sizeof copy) {
    errno = EINVAL;
    return -1;
  }
  memcpy(copy.bytes, handle, count);
  return open_by_handle_at(mount, &copy.handle, O_PATH | O_CLOEXEC);
}

int64_t clinux_place(int file, uint8_t *path, size_t count) {
  return readlink(place_of(file).path, (char *)path, count);
}

int clinux_inotify(void) { return inotify_init1(IN_CLOEXEC | IN_NONBLOCK); }

int clinux_inotify_add(int watcher, int directory, uint32_t mask) {
  return inotify_add_watch(watcher, place_of(directory).path, mask);
}

int clinux_inotify_remove(int watcher, int watch) { return inotify_rm_watch(watcher, watch); }

int clinux_signal(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_raise(int signal) {
  uint64_t one = 1;
  return write(signal, &one, sizeof one) == sizeof one ? 0 : -1;
}

int clinux_wait_readable(int first, int second, int64_t nanoseconds) {
  struct pollfd waited[2] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
  struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  if (ppoll(waited, 2, &timeout, NULL) < 0) return -1;
  return (waited[0].revents ? 1 : 0) | (waited[1].revents ? 2 : 0);
}

int clinux_process_user(int32_t process, uint32_t *user) {
  char path[32], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", process);
  FILE *status = fopen(path, "re");
  if (!status) return -1;
  int found = 0;
  while (!found && fgets(line, sizeof line, status))
    found = sscanf(line, "Uid: %*u %u", user) == 1;
  fclose(status);
  if (!found) errno = ESRCH;
  return found ? 0 : -1;
}
