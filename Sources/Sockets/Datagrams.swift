// Messages without a connection, over the Unix family: each arrives whole or not at all, unless it
// is larger than the receiver has room for, which the kernel tells. A sender that must not wait is
// told when the receiver's queue is full.

import CLinux
import Glibc

/// What is known of a message that was received.
package struct Datagram: Equatable, Sendable {
  /// How many bytes of it there are.
  package let count: Int
  /// True when it was larger than the room for it, and the rest is lost.
  package let isTruncated: Bool
  /// Who sent it; nil when the kernel does not say.
  package let sender: Peer?
}

/// A place where messages arrive; closed, and its path removed, when its holder lets go.
package struct DatagramReceiver: ~Copyable, Sendable {
  private let endpoint: Endpoint
  private let place: SocketPlace

  /// Receives at a path, with these permission bits; `.inUse` when somebody else does.
  ///
  /// How many messages wait is the machine's setting (net.unix.max_dgram_qlen) and how many bytes
  /// each sender's.
  package init(
    unix path: [UInt8], mode: UInt16, stop: StopSwitch? = nil
  ) throws(SocketsError) {
    let path = try UnixPath(path)
    let placed = try path.bound(datagrams: true, mode: mode)
    endpoint = Endpoint(descriptor: placed.descriptor, name: path.shown, stop: stop)
    place = placed.place
  }

  /// What it is called in messages.
  package var name: String { endpoint.name }

  /// Receives the next message into the bytes, waiting for one.
  package func receive(
    into bytes: inout [UInt8], _ deadline: Deadline
  ) throws(SocketsError) -> Datagram {
    let number = endpoint.number
    let room = bytes.count
    precondition(room > 0, "there is room for a byte")
    var message = clinux_message()
    let count = try endpoint.call(.reading, deadline) {
      unsafe clinux_receive_message(number, &bytes, room, &message)
    }
    // Nobody is to pass descriptors here; one that came is closed.
    if message.descriptor >= 0 { _ = Descriptor(message.descriptor) }
    return Datagram(
      count: count, isTruncated: message.truncated == 1,
      sender: message.has_sender == 1 ? Peer(message.sender) : nil)
  }
}

/// One who sends messages to one place.
package struct DatagramSender: ~Copyable, Sendable {
  private let endpoint: Endpoint

  /// Sends to the receiver at the path.
  package init(
    unix path: [UInt8], _ deadline: Deadline, stop: StopSwitch? = nil
  ) throws(SocketsError) {
    let path = try UnixPath(path)
    endpoint = Endpoint(
      descriptor: try path.connected(datagrams: true, deadline, stop), name: path.shown,
      stop: stop)
  }

  /// Sends one message, waiting for room in the receiver's queue.
  package func send(_ bytes: [UInt8], _ deadline: Deadline) throws(SocketsError) {
    let number = endpoint.number
    _ = try endpoint.call(.writing, deadline) { unsafe clinux_send(number, bytes, bytes.count) }
  }

  /// Sends one message unless the receiver's queue is full; false when it is.
  package func post(_ bytes: [UInt8]) throws(SocketsError) -> Bool {
    do throws(SocketsError) {
      try send(bytes, .after(.zero))
      return true
    } catch .timedOut {
      return false
    }
  }
}
