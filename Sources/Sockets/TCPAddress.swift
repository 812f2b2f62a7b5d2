// A numeric address and a port. Names are not looked up: what may be connected to stands in the
// configuration, and a name server has no say in it.

import CLinux

/// A numeric address and a port: `127.0.0.1:9464`, `[::1]:9464`.
package struct TCPAddress: Equatable, Sendable {
  package let host: String
  package let port: UInt16

  /// The loopback of IPv4; port 0 lets the kernel choose one.
  package static func loopback(port: UInt16) -> TCPAddress {
    TCPAddress(host: "127.0.0.1", port: port)
  }

  init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Reads an address; throws `.badAddress` for anything else, names included.
  package init(parsing text: String) throws(SocketsError) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
    else { throw .badAddress(text) }
    var host = text[..<colon]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if isBracketed { host = host.dropFirst().dropLast() }
    guard isBracketed == host.contains(":"), unsafe clinux_is_loopback(String(host)) >= 0 else {
      throw .badAddress(text)
    }
    self.init(host: String(host), port: port)
  }

  /// True when only this machine can use it.
  package var isLoopback: Bool { unsafe clinux_is_loopback(host) == 1 }
}

extension TCPAddress: CustomStringConvertible {
  package var description: String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
