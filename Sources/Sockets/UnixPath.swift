// The path of a Unix socket, of any length that a file may have: the kernel's addresses hold 107
// bytes, so a longer path is named through its directory, which is held open meanwhile.
//
// A socket's name outlives its listener when that is killed. Whoever wants to listen looks, under
// a lock of the directory, whether anybody answers at the name, and replaces it only when nobody
// does and it is a socket. Two who start at once thus never take the name from each other.

import Bytes
import CLinux
import Glibc

/// The path of a Unix socket.
struct UnixPath: Sendable {
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) throws(SocketsError) {
    guard !bytes.isEmpty, !bytes.contains(0) else { throw .badAddress(escaped(bytes)) }
    self.bytes = bytes
  }

  /// The path for messages.
  var shown: String { escaped(bytes) }

  private var name: ArraySlice<UInt8> {
    bytes[(bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...]
  }

  /// Opens the directory that holds it.
  private func directory() throws(SocketsError) -> Descriptor {
    let slash = bytes.lastIndex(of: UInt8(ascii: "/"))
    let parent =
      slash == nil
      ? [UInt8(ascii: ".")] : slash == 0 ? [UInt8(ascii: "/")] : Array(bytes[..<slash!])
    return Descriptor(
      try answer(for: shown) { unsafe clinux_open(parent, parent.count, Int32(CLINUX_DIRECTORY)) })
  }

  /// A socket that has the path.
  func bound(datagrams: Bool, mode: UInt16) throws(SocketsError) -> PlacedSocket {
    let directory = try directory()
    do throws(SocketsError) {
      try answer(for: shown) { clinux_lock_directory(directory.number) }
    } catch .system(_, EWOULDBLOCK) {
      throw .inUse(shown)
    }
    try removeStale(in: directory, datagrams: datagrams)
    let socket = try unixSocket(datagrams: datagrams)
    // From the first message on, everyone who sends is known.
    if datagrams { try answer(for: shown) { clinux_want_senders(socket.number) } }
    try answer(for: shown) {
      unsafe clinux_unix_bind(
        socket.number, directory.number, bytes, bytes.count, Int32(mode))
    }
    // Listening begins under the lock, so that the next to come finds somebody there.
    if !datagrams { try answer(for: shown) { clinux_listen(socket.number, SOMAXCONN) } }
    return PlacedSocket(
      descriptor: socket, place: try SocketPlace(self, identity: identity(in: directory)))
  }

  /// Connects a socket to the path.
  func connected(
    datagrams: Bool, _ deadline: Deadline, _ stop: StopSwitch?
  ) throws(SocketsError) -> Descriptor {
    let directory = try directory()
    let socket = try unixSocket(datagrams: datagrams)
    while true {
      do throws(SocketsError) {
        try answer(for: shown) {
          unsafe clinux_unix_connect(socket.number, directory.number, bytes, bytes.count)
        }
        return socket
      } catch .system(_, EAGAIN) {
        // The listener's queue is full, and nothing can be waited for but time.
        if deadline.hasPassed { throw .timedOut(shown) }
        if stop?.isStopped == true { throw .stopped(shown) }
        _ = clinux_wait(-1, 0, stop?.number ?? -1, 1_000_000)
      }
    }
  }

  /// Removes the name if it is still the one that was made.
  func remove(_ identity: SocketPlace.Identity) {
    // Whoever cleans up has no one to tell; a name that is left is replaced at the next start.
    guard let directory = try? directory(), clinux_lock_directory(directory.number) == 0,
      let now = try? self.identity(in: directory), now == identity
    else { return }
    _ = unsafe clinux_remove(directory.number, Array(name), name.count, 0)
  }

  private func removeStale(
    in directory: borrowing Descriptor, datagrams: Bool
  ) throws(SocketsError) {
    let number = directory.number
    do throws(SocketsError) {
      let isSocket = try answer(for: shown) {
        unsafe clinux_is_socket(number, bytes, bytes.count)
      }
      if isSocket == 0 { throw .notASocket(shown) }
    } catch .absent {
      return
    }
    // Whoever accepts, has a full queue, or speaks in another way, is alive.
    let probe = try unixSocket(datagrams: datagrams)
    do throws(SocketsError) {
      try answer(for: shown) {
        unsafe clinux_unix_connect(probe.number, number, bytes, bytes.count)
      }
    } catch .refused {
      try answer(for: shown) { unsafe clinux_remove(number, Array(name), name.count, 0) }
      return
    } catch .system(_, EAGAIN) {
      throw .inUse(shown)
    } catch .notASocket {
      throw .inUse(shown)
    }
    throw .inUse(shown)
  }

  private func identity(in directory: borrowing Descriptor) throws(SocketsError)
    -> SocketPlace.Identity
  {
    var status = clinux_status()
    let number = directory.number
    try answer(for: shown) {
      unsafe clinux_status_at(number, Array(name), name.count, &status)
    }
    return SocketPlace.Identity(device: status.device, inode: status.inode)
  }

  private func unixSocket(datagrams: Bool) throws(SocketsError) -> Descriptor {
    Descriptor(try answer(for: shown) { clinux_unix_socket(datagrams ? 1 : 0) })
  }
}

/// A socket and the name that it was given.
struct PlacedSocket: ~Copyable {
  let descriptor: Descriptor
  let place: SocketPlace
}

/// The name of a socket in the file system; removed when its holder lets go, if it is still there.
struct SocketPlace: ~Copyable, Sendable {
  struct Identity: Equatable, Sendable {
    let device: UInt64
    let inode: UInt64
  }

  private let path: UnixPath
  private let identity: Identity

  init(_ path: UnixPath, identity: Identity) {
    self.path = path
    self.identity = identity
  }

  deinit {
    path.remove(identity)
  }
}
