// The bodies of the doors in CLinuxSockets.h.
#define _GNU_SOURCE 1
#include "CLinuxSockets.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

enum { socket_flags = SOCK_CLOEXEC | SOCK_NONBLOCK };

_Static_assert(
  CLINUX_UNIX_PATH_MAX == sizeof((struct sockaddr_un *)0)->sun_path - 1, "length of a path");

int clinux_unix_socket(int datagrams) {
  return socket(AF_UNIX, (datagrams ? SOCK_DGRAM : SOCK_STREAM) | socket_flags, 0);
}

int clinux_unix_pair(int *first, int *second) {
  int both[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | socket_flags, 0, both)) return -1;
  *first = both[0];
  *second = both[1];
  return 0;
}

static const uint8_t *last_component(const uint8_t *path, size_t *count) {
  for (size_t at = *count; at > 0; at--) {
    if (path[at - 1] != '/') continue;
    *count -= at;
    return path + at;
  }
  return path;
}

// A path that does not fit is named through its open directory instead.
static int unix_address(
  struct sockaddr_un *address, int directory, const uint8_t *path, size_t count) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  size_t prefix = 0;
  if (count > CLINUX_UNIX_PATH_MAX) {
    prefix = (size_t)snprintf(
      address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/", directory);
    path = last_component(path, &count);
  }
  if (count == 0 || prefix + count > CLINUX_UNIX_PATH_MAX) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address->sun_path + prefix, path, count);
  return 0;
}

static int spell(char name[256], const uint8_t *bytes, size_t count) {
  bytes = last_component(bytes, &count);
  if (count == 0 || count > 255) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(name, bytes, count);
  name[count] = 0;
  return 0;
}

int clinux_unix_bind(int socket, int directory, const uint8_t *path, size_t count, int mode) {
  struct sockaddr_un address;
  char name[256];
  if (unix_address(&address, directory, path, count) || spell(name, path, count)) return -1;
  // The name is made with the socket's own bits less the process's mask, so that nobody gets in
  // before they are set in full.
  if (fchmod(socket, (mode_t)mode)) return -1;
  if (bind(socket, (struct sockaddr *)&address, sizeof address)) return -1;
  return fchmodat(directory, name, (mode_t)mode, 0);
}

int clinux_unix_connect(int socket, int directory, const uint8_t *path, size_t count) {
  struct sockaddr_un address;
  if (unix_address(&address, directory, path, count)) return -1;
  return connect(socket, (struct sockaddr *)&address, sizeof address);
}

int clinux_is_socket(int directory, const uint8_t *bytes, size_t count) {
  char name[256];
  struct stat status;
  if (spell(name, bytes, count)) return -1;
  if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW)) return -1;
  return S_ISSOCK(status.st_mode) ? 1 : 0;
}

int clinux_lock_directory(int directory) { return flock(directory, LOCK_EX | LOCK_NB); }

struct internet_address {
  union {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
  };
  socklen_t count;
};

static int internet_address(struct internet_address *address, const char *host, uint16_t port) {
  memset(address, 0, sizeof *address);
  if (inet_pton(AF_INET, host, &address->four.sin_addr) == 1) {
    address->four.sin_family = AF_INET;
    address->four.sin_port = htons(port);
    address->count = sizeof address->four;
    return 0;
  }
  if (inet_pton(AF_INET6, host, &address->six.sin6_addr) == 1) {
    address->six.sin6_family = AF_INET6;
    address->six.sin6_port = htons(port);
    address->count = sizeof address->six;
    return 0;
  }
  errno = EINVAL;
  return -1;
}

static int closed_with(int socket) {
  int why = errno;
  close(socket);
  errno = why;
  return -1;
}

int clinux_tcp_bound(const char *host, uint16_t port) {
  struct internet_address address;
  if (internet_address(&address, host, port)) return -1;
  int made = socket(address.any.sa_family, SOCK_STREAM | socket_flags, 0);
  if (made < 0) return -1;
  // A port whose last connections are still dying may be bound again.
  int on = 1;
  setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return bind(made, &address.any, address.count) ? closed_with(made) : made;
}

static int without_delay(int socket) {
  int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

int clinux_tcp_connecting(const char *host, uint16_t port) {
  struct internet_address address;
  if (internet_address(&address, host, port)) return -1;
  int made = socket(address.any.sa_family, SOCK_STREAM | socket_flags, 0);
  if (made < 0) return -1;
  if (connect(made, &address.any, address.count) && errno != EINPROGRESS)
    return closed_with(made);
  return without_delay(made);
}

int clinux_local_port(int socket) {
  struct internet_address address = {.count = sizeof address.six};
  if (getsockname(socket, &address.any, &address.count)) return -1;
  return ntohs(address.any.sa_family == AF_INET6 ? address.six.sin6_port : address.four.sin_port);
}

int clinux_is_loopback(const char *host) {
  struct internet_address address;
  if (internet_address(&address, host, 0)) return -1;
  if (address.any.sa_family == AF_INET6) return !!IN6_IS_ADDR_LOOPBACK(&address.six.sin6_addr);
  return ntohl(address.four.sin_addr.s_addr) >> 24 == 127;
}

int clinux_listen(int socket, int backlog) { return listen(socket, backlog); }

int clinux_accept(int socket) {
  struct internet_address address = {.count = sizeof address.six};
  int accepted = accept4(socket, &address.any, &address.count, socket_flags);
  if (accepted < 0) return -1;
  return address.any.sa_family == AF_UNIX ? accepted : without_delay(accepted);
}

int clinux_socket_error(int socket) {
  int error = 0;
  socklen_t count = sizeof error;
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &count) ? errno : error;
}

int clinux_finish_writing(int socket) { return shutdown(socket, SHUT_WR); }

int64_t clinux_send(int socket, const uint8_t *bytes, size_t count) {
  return send(socket, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int64_t clinux_send_descriptor(int socket, const uint8_t *bytes, size_t count, int descriptor) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof descriptor)];
  } beside = {0};
  struct iovec part = {(void *)(uintptr_t)bytes, count};
  struct msghdr message = {
    .msg_iov = &part,
    .msg_iovlen = 1,
    .msg_control = &beside,
    .msg_controllen = sizeof beside,
  };
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int64_t clinux_receive(int socket, uint8_t *bytes, size_t count) {
  return recv(socket, bytes, count, MSG_DONTWAIT);
}

// Keeps the first descriptor and closes the others, which nobody asked for.
static void take_descriptors(const struct cmsghdr *header, struct clinux_message *about) {
  size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t at = 0; at < count; at++) {
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header) + at * sizeof descriptor, sizeof descriptor);
    if (about->descriptor < 0) {
      about->descriptor = descriptor;
    } else {
      close(descriptor);
    }
  }
}

int64_t clinux_receive_message(
  int socket, uint8_t *bytes, size_t count, struct clinux_message *about) {
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
  } beside;
  struct iovec part = {bytes, count};
  struct msghdr message = {
    .msg_iov = &part,
    .msg_iovlen = 1,
    .msg_control = &beside,
    .msg_controllen = sizeof beside,
  };
  *about = (struct clinux_message){.descriptor = -1};
  ssize_t got = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0) return -1;
  about->truncated = (message.msg_flags & MSG_TRUNC) != 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_RIGHTS) take_descriptors(header, about);
    if (header->cmsg_type == SCM_CREDENTIALS) {
      struct ucred sender;
      memcpy(&sender, CMSG_DATA(header), sizeof sender);
      about->has_sender = 1;
      about->sender = (struct clinux_peer){sender.pid, sender.uid, sender.gid};
    }
  }
  return got;
}

int clinux_peer(int socket, struct clinux_peer *peer) {
  struct ucred other;
  socklen_t count = sizeof other;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &other, &count)) return -1;
  *peer = (struct clinux_peer){other.pid, other.uid, other.gid};
  return 0;
}

int clinux_peer_groups(int socket, uint32_t *groups, size_t max) {
  _Static_assert(sizeof(gid_t) == sizeof *groups, "a group is a number of 32 bits");
  socklen_t size = (socklen_t)(max * sizeof *groups);
  if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &size)) return -1;
  return (int)(size / sizeof *groups);
}

int clinux_want_senders(int socket) {
  int on = 1;
  return setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
}

int clinux_wake_descriptor(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_wake(int descriptor) { return eventfd_write(descriptor, 1); }

int clinux_wait(int socket, int for_writing, int wake, int64_t nanoseconds) {
  struct pollfd waited[2] = {
    {.fd = socket, .events = for_writing ? POLLOUT : POLLIN},
    {.fd = wake, .events = POLLIN},
  };
  struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  int ready = ppoll(waited, 2, nanoseconds < 0 ? NULL : &time, NULL);
  if (ready <= 0) return ready;
  if (waited[1].revents) return 2;
  return 1;
}

int clinux_wait_set(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_wait_set_add(int set, int descriptor, uint64_t number) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
  event.data.u64 = number;
  return epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event);
}

int clinux_wait_set_next(int set, uint64_t *numbers, int max, int64_t nanoseconds) {
  enum { events_max = 128 };
  struct epoll_event events[events_max];
  // Rounded up, so that who waits for a moment does not find that it has not come yet.
  int64_t milliseconds = nanoseconds < 0 ? -1 : nanoseconds / 1000000 + (nanoseconds % 1000000 > 0);
  if (milliseconds > INT32_MAX) milliseconds = INT32_MAX;
  int count = epoll_wait(set, events, max < events_max ? max : events_max, (int)milliseconds);
  for (int at = 0; at < count; at++) numbers[at] = events[at].data.u64;
  return count;
}
