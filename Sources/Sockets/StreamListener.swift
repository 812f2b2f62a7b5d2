// A place where others connect: a Unix socket with its path, or a TCP port. The path appears with
// the wanted permissions and not before, replaces what a killed process left, and disappears with
// the listener.

import CLinux
import Glibc

/// A place where others connect; closed, and its path removed, when its holder lets go.
package struct StreamListener: ~Copyable, Sendable {
  private let endpoint: Endpoint
  private let place: SocketPlace?

  /// Listens at a path, with these permission bits; `.inUse` when somebody else does.
  package init(
    unix path: [UInt8], mode: UInt16, stop: StopSwitch? = nil
  ) throws(SocketsError) {
    let path = try UnixPath(path)
    let placed = try path.bound(datagrams: false, mode: mode)
    endpoint = Endpoint(descriptor: placed.descriptor, name: path.shown, stop: stop)
    place = consume placed.place
  }

  /// Listens at a path, with these permission bits; `.inUse` when somebody else does.
  package init(
    unix path: String, mode: UInt16, stop: StopSwitch? = nil
  ) throws(SocketsError) {
    try self.init(unix: Array(path.utf8), mode: mode, stop: stop)
  }

  /// Listens at an address; port 0 lets the kernel choose one.
  package init(tcp address: TCPAddress, stop: StopSwitch? = nil) throws(SocketsError) {
    let name = address.description
    let socket = Descriptor(
      try answer(for: name) { unsafe clinux_tcp_bound(address.host, address.port) })
    try answer(for: name) { clinux_listen(socket.number, SOMAXCONN) }
    endpoint = Endpoint(descriptor: socket, name: name, stop: stop)
    place = nil
  }

  /// What it is called in messages.
  package var name: String { endpoint.name }

  /// The port that it listens at; 0 for a path.
  package var port: UInt16 {
    UInt16(clamping: clinux_local_port(endpoint.number))
  }

  /// The kernel's number of the socket.
  var number: Int32 { endpoint.number }

  /// The next connection that is there already, with the listener's stop switch and name; nil when
  /// none is.
  func acceptAtOnce() throws(SocketsError) -> Stream? {
    while true {
      let number = endpoint.number
      do throws(SocketsError) {
        guard let accepted = try endpoint.attempt({ Int64(clinux_accept(number)) }) else {
          return nil
        }
        return Stream(Descriptor(Int32(accepted)), name: endpoint.name, stop: endpoint.stop)
      } catch .system(_, ECONNABORTED) {
        // It left before its turn came.
        continue
      }
    }
  }

  /// The next connection, waiting for one; it has the listener's stop switch and name.
  package func accept(_ deadline: Deadline) throws(SocketsError) -> Stream {
    while true {
      let number = endpoint.number
      do throws(SocketsError) {
        let accepted = try endpoint.call(.reading, deadline) { Int64(clinux_accept(number)) }
        return Stream(Descriptor(Int32(accepted)), name: endpoint.name, stop: endpoint.stop)
      } catch .system(_, ECONNABORTED) {
        // It left before its turn came.
        continue
      }
    }
  }
}
