// A connection that carries bytes both ways. Reading and writing may be done by two threads at
// once; two readers, or two writers, get each other's bytes. Nothing is known to have arrived
// until the other end says so.

import CLinux
import Glibc

/// A connection; closed when its holder lets go.
package struct Stream: ~Copyable, Sendable {
  let endpoint: Endpoint

  init(_ descriptor: consuming Descriptor, name: String, stop: StopSwitch?) {
    endpoint = Endpoint(descriptor: descriptor, name: name, stop: stop)
  }

  /// What it is called in messages.
  package var name: String { endpoint.name }

  /// Connects to a Unix socket, by the kernel's bytes of its path.
  package static func connect(
    unix path: [UInt8], _ deadline: Deadline, stop: StopSwitch? = nil
  ) throws(SocketsError) -> Stream {
    let path = try UnixPath(path)
    return Stream(
      try path.connected(datagrams: false, deadline, stop), name: path.shown, stop: stop)
  }

  /// Connects to a Unix socket.
  package static func connect(
    unix path: String, _ deadline: Deadline, stop: StopSwitch? = nil
  ) throws(SocketsError) -> Stream {
    try connect(unix: Array(path.utf8), deadline, stop: stop)
  }

  /// Connects to a TCP socket.
  package static func connect(
    tcp address: TCPAddress, _ deadline: Deadline, stop: StopSwitch? = nil
  ) throws(SocketsError) -> Stream {
    let name = address.description
    let socket = Descriptor(
      try answer(for: name) { unsafe clinux_tcp_connecting(address.host, address.port) })
    let stream = Stream(socket, name: name, stop: stop)
    try stream.endpoint.wait(.writing, deadline)
    let refusal = clinux_socket_error(stream.endpoint.number)
    if refusal != 0 { throw SocketsError(errno: refusal, name) }
    return stream
  }

  /// Two ends of one connection.
  package static func pair(
    name: String, stop: StopSwitch? = nil
  ) throws(SocketsError) -> StreamPair {
    var (first, second): (Int32, Int32) = (-1, -1)
    try answer(for: name) { unsafe clinux_unix_pair(&first, &second) }
    return StreamPair(
      first: Stream(Descriptor(first), name: name, stop: stop),
      second: Stream(Descriptor(second), name: name, stop: stop))
  }

  /// Reads what is there into `range`, waiting for the first byte; 0 when the other end has
  /// finished.
  package func read(
    into bytes: inout [UInt8], range: Range<Int>, _ deadline: Deadline
  ) throws(SocketsError) -> Int {
    precondition(
      !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= bytes.count,
      "there is room for a byte")
    let number = endpoint.number
    return unsafe try bytes.withUnsafeMutableBufferPointer { buffer throws(SocketsError) in
      let start = unsafe buffer.baseAddress! + range.lowerBound
      return try endpoint.call(.reading, deadline) {
        unsafe clinux_receive(number, start, range.count)
      }
    }
  }

  /// Writes all of the bytes; after a throw any first part of them may have been sent.
  package func write(_ bytes: Span<UInt8>, _ deadline: Deadline) throws(SocketsError) {
    let number = endpoint.number
    var done = 0
    while done < bytes.count {
      // Checked here too, for a reader that keeps pace just so never makes the writer wait.
      if done > 0 && deadline.hasPassed { throw .timedOut(name) }
      let rest = bytes.extracting(done..<bytes.count)
      done += try endpoint.call(.writing, deadline) {
        unsafe rest.withUnsafeBufferPointer { buffer in
          unsafe clinux_send(number, buffer.baseAddress, buffer.count)
        }
      }
    }
  }

  /// Writes all of the bytes; after a throw any first part of them may have been sent.
  package func write(_ bytes: [UInt8], _ deadline: Deadline) throws(SocketsError) {
    try write(bytes.span, deadline)
  }

  /// Says that nothing more comes from here; the other end reads on to the end.
  package func finishWriting() throws(SocketsError) {
    let number = endpoint.number
    try answer(for: name) { clinux_finish_writing(number) }
  }

  /// Writes the bytes, at least one, and gives the other end a copy of the descriptor with the
  /// first. See unix(7), SCM_RIGHTS.
  package func write(
    _ bytes: [UInt8], passing descriptor: borrowing Descriptor, _ deadline: Deadline
  ) throws(SocketsError) {
    precondition(!bytes.isEmpty, "a descriptor goes with a byte")
    let (number, passed) = (endpoint.number, descriptor.number)
    let sent = try endpoint.call(.writing, deadline) {
      unsafe clinux_send_descriptor(number, bytes, bytes.count, passed)
    }
    try write(bytes.span.extracting(sent..<bytes.count), deadline)
  }

  /// Reads what is there, at most `bytesMax` bytes, with a descriptor if one was passed with them.
  package func readDelivery(
    bytesMax: Int, _ deadline: Deadline
  ) throws(SocketsError) -> Delivery {
    precondition(bytesMax > 0, "there is room for a byte")
    let number = endpoint.number
    var bytes = [UInt8](repeating: 0, count: bytesMax)
    var message = clinux_message()
    let count = try endpoint.call(.reading, deadline) {
      unsafe clinux_receive_message(number, &bytes, bytesMax, &message)
    }
    bytes.removeLast(bytesMax - count)
    let passed = message.descriptor >= 0 ? Descriptor(message.descriptor) : nil
    return Delivery(bytes: bytes, descriptor: passed)
  }

  /// Reads what is there already into the bytes; nil when nothing is, 0 when the other end has
  /// finished.
  func readAtOnce(into bytes: inout [UInt8], countMax: Int) throws(SocketsError) -> Int? {
    precondition(countMax > 0 && countMax <= bytes.count, "there is room for a byte")
    let number = endpoint.number
    return try endpoint.attempt { unsafe clinux_receive(number, &bytes, countMax) }
  }

  /// Writes of the bytes what the other end has room for now; nil when it has none.
  func writeAtOnce(_ bytes: Span<UInt8>) throws(SocketsError) -> Int? {
    let number = endpoint.number
    return try endpoint.attempt {
      unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe clinux_send(number, buffer.baseAddress, buffer.count)
      }
    }
  }

  /// Waits until there is something to read, the end included.
  package func waitForInput(_ deadline: Deadline) throws(SocketsError) {
    try endpoint.wait(.reading, deadline)
  }
}

/// Two ends of one connection.
package struct StreamPair: ~Copyable, Sendable {
  package let first: Stream
  package let second: Stream
}

/// Bytes and what was passed with them.
package struct Delivery: ~Copyable, Sendable {
  /// Empty when the other end has finished.
  package let bytes: [UInt8]
  package var descriptor: Descriptor?
}
