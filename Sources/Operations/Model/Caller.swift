// Who asks, as whoever let them in has established it: the kernel for a socket, the process itself
// for a console or a command line. Names of users and groups come with it; nothing here looks any up.

package import Bytes

/// Who asks, and from where.
package struct Caller: Hashable, Sendable {
  /// By which way a call came in.
  package enum Origin: String, CaseIterable, Sendable {
    case console
    case commandLine = "command-line"
    /// The control socket, whose peers the kernel names.
    case socket
    /// A network, over which nobody has a uid.
    case network
    /// The program itself, for what it does at its own time.
    case program
  }

  /// A group, with its name where that is known.
  package struct Group: Hashable, Sendable {
    package let gid: UInt32
    package let name: String?

    package init(gid: UInt32, name: String? = nil) {
      self.gid = gid
      self.name = name
    }
  }

  /// Nil over a network.
  package let uid: UInt32?
  /// The user's name, for people to read; nothing is decided by it.
  package let name: String?
  /// The caller's groups, the primary one first.
  package let groups: [Group]
  package let origin: Origin

  package init(uid: UInt32?, name: String? = nil, groups: [Group] = [], from origin: Origin) {
    self.uid = uid
    self.name = name
    self.groups = groups
    self.origin = origin
  }

  /// What a receipt says of a caller: who it was for people, and ids that a grant can be traced by.
  package var json: JSONValue {
    .object([
      "from": .string(origin.rawValue),
      "groups": .array(groups.prefix(OperationsLimits.operatorsMax).map { JSONValue($0.gid) }),
      "name": JSONValue(name), "uid": uid.map { JSONValue($0) } ?? .null,
    ])
  }

  /// Reads what `json` wrote; nil when it is something else. Names of groups were not written.
  package init?(_ json: JSONValue) {
    guard let origin = json["from"]?.string.flatMap(Origin.init(rawValue:)),
      let groups = json["groups"]?.array, let user = json["uid"],
      let name = json["name"]
    else { return nil }
    self.origin = origin
    self.groups = groups.compactMap { group in
      group.integer.flatMap(UInt32.init(exactly:)).map { Group(gid: $0) }
    }
    guard self.groups.count == groups.count else { return nil }
    uid = user.integer.flatMap(UInt32.init(exactly:))
    self.name = name.string
    guard uid != nil || user == .null, self.name != nil || name == .null else { return nil }
  }
}

extension Caller: CustomStringConvertible {
  /// `anna (uid 1000) at the console`.
  package var description: String {
    let who =
      switch (name, uid) {
      case (let name?, let uid?): "\(escaped(name)) (uid \(uid))"
      case (let name?, nil): escaped(name)
      case (nil, let uid?): "uid \(uid)"
      case (nil, nil): "somebody unknown"
      }
    let place =
      switch origin {
      case .console: "at the console"
      case .commandLine: "on the command line"
      case .socket: "on the control socket"
      case .network: "over the network"
      case .program: "as the program itself"
      }
    return "\(who) \(place)"
  }
}
