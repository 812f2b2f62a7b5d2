// Doors to the calls on sockets. Every socket made here is closed on exec, never blocks and never
// raises SIGPIPE; waiting is clinux_wait's. -1 means that errno says why.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// The longest path that the kernel takes in an address; longer ones go through their directory.
enum { CLINUX_UNIX_PATH_MAX = 107 };

/// Who is at the other end, as the kernel knows it.
struct clinux_peer {
  int32_t process;
  uint32_t user, group;
};

/// What came with a message besides its bytes.
struct clinux_message {
  /// 1 when the buffer was too small and the rest is lost.
  int truncated;
  /// 1 when the kernel said who sent it.
  int has_sender;
  struct clinux_peer sender;
  /// A descriptor that was passed, the receiver's from now on; -1 when there was none.
  int descriptor;
};

/// A socket of the Unix family, for a stream or for datagrams; see unix(7).
int clinux_unix_socket(int datagrams);
/// Two stream sockets joined to each other; see socketpair(2).
int clinux_unix_pair(int *first, int *second);
/// Gives the socket its path, which must be free, with these permission bits. `directory` is the one
/// that holds the path, for paths that are too long for an address. See bind(2).
int clinux_unix_bind(int socket, int directory, const uint8_t *path, size_t count, int mode);
/// Connects to the path; EAGAIN when the listener's queue is full. See connect(2).
int clinux_unix_connect(int socket, int directory, const uint8_t *path, size_t count);
/// 1 when the name in the directory is a socket, 0 when something else; see fstatat(2).
int clinux_is_socket(int directory, const uint8_t *name, size_t count);
/// Takes the lock of a directory, EWOULDBLOCK when another has it; it ends with the descriptor. See
/// flock(2).
int clinux_lock_directory(int directory);

/// A socket bound to a numeric address, IPv4 or IPv6; see ip(7). EINVAL when it is no address.
int clinux_tcp_bound(const char *host, uint16_t port);
/// A socket that begins to connect to a numeric address; writable once that has ended.
int clinux_tcp_connecting(const char *host, uint16_t port);
/// The port of a socket of the Internet families.
int clinux_local_port(int socket);
/// 1 when the text is a numeric address of the loopback, 0 when of another place, -1 when none.
int clinux_is_loopback(const char *host);

/// Has connections queue up; see listen(2).
int clinux_listen(int socket, int backlog);
/// Takes a connection from the queue; see accept4(2).
int clinux_accept(int socket);
/// How the last operation in the background ended, as an errno; see socket(7), SO_ERROR.
int clinux_socket_error(int socket);
/// Says that nothing more will be written; see shutdown(2).
int clinux_finish_writing(int socket);

/// Sends some of the bytes; see send(2).
int64_t clinux_send(int socket, const uint8_t *bytes, size_t count);
/// Sends some of the bytes, at least one, and with the first a descriptor; see cmsg(3).
int64_t clinux_send_descriptor(int socket, const uint8_t *bytes, size_t count, int descriptor);
/// Receives what is there; see recv(2).
int64_t clinux_receive(int socket, uint8_t *bytes, size_t count);
/// Receives one message with what came beside it; see recvmsg(2).
int64_t clinux_receive_message(
  int socket, uint8_t *bytes, size_t count, struct clinux_message *message);

/// Who connected, or who listens; see unix(7), SO_PEERCRED.
int clinux_peer(int socket, struct clinux_peer *peer);
/// The peer's further groups, at most `max`; how many. See SO_PEERGROUPS.
int clinux_peer_groups(int socket, uint32_t *groups, size_t max);
/// Has every message bring its sender; see unix(7), SO_PASSCRED.
int clinux_want_senders(int socket);

/// A descriptor that wakes whoever waits with it; see eventfd(2).
int clinux_wake_descriptor(void);
/// Wakes all who wait with it, now and later.
int clinux_wake(int descriptor);
/// Waits until the socket can be read or written: 1; or until woken: 2; or for so long: 0. A negative
/// time waits for ever; a descriptor of -1 is not waited for. See ppoll(2).
int clinux_wait(int socket, int for_writing, int wake, int64_t nanoseconds);

/// A set of descriptors that are waited for together; see epoll_create1(2).
int clinux_wait_set(void);
/// Adds a descriptor under a number. Each change of what can be done with it is told once, and what
/// can be done already is the first; it leaves the set when it is closed. See epoll(7), EPOLLET.
int clinux_wait_set_add(int set, int descriptor, uint64_t number);
/// Waits for changes and fills the numbers of who changed, at most `max`; returns how many. A negative
/// time waits for ever. See epoll_wait(2).
int clinux_wait_set_next(int set, uint64_t *numbers, int max, int64_t nanoseconds);
