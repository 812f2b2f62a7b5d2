// Who is at the other end of a Unix socket, as the kernel vouches for it: the process that
// connected, or that sent the datagram, and the user it ran as at that moment.

import CLinux
import Glibc

/// The process at the other end.
package struct Peer: Equatable, Sendable {
  /// Its number at that moment; it may have ended, and the number may be another's by now.
  package let process: Int32
  package let user: UInt32
  package let group: UInt32

  package init(process: Int32, user: UInt32, group: UInt32) {
    self.process = process
    self.user = user
    self.group = group
  }

  init(_ peer: clinux_peer) {
    self.init(process: peer.process, user: peer.user, group: peer.group)
  }
}

extension Stream {
  /// Who connected, or who listens; nil over TCP, where nobody knows. See unix(7), SO_PEERCRED.
  package var peer: Peer? {
    get throws(SocketsError) {
      var peer = clinux_peer()
      let number = endpoint.number
      try answer(for: name) { unsafe clinux_peer(number, &peer) }
      // Over TCP the kernel answers with process 0 and a user that does not exist.
      return peer.user == UInt32.max ? nil : Peer(peer)
    }
  }

  /// Every group that the peer was in, its own included; none over TCP. See SO_PEERGROUPS.
  package var peerGroups: [UInt32] {
    get throws(SocketsError) {
      guard let own = try peer?.group else { return [] }
      let number = endpoint.number
      // The kernel's most; asked for at once only when few do not suffice.
      for groupsMax in [64, 65_536] {
        var groups = [UInt32](repeating: 0, count: groupsMax)
        let count = unsafe clinux_peer_groups(number, &groups, groupsMax)
        if count >= 0 { return Array(Set(groups[..<Int(count)] + [own])).sorted() }
        if errno != ERANGE { throw SocketsError(errno: errno, name) }
      }
      throw .system(name, errno: ERANGE)
    }
  }
}
