// Who may do what. The configuration's `operators` names users by uid and groups by gid or name:
//
//   operators: { "uid:1000": ["cache.write"], "gid:27": ["upload.control"], "group:oncall": ["*"] }
//
// A caller has the union of what its entries say. The owner of the depot has everything, unless an
// entry names the owner's uid: then that entry counts alone, so that an owner can be restricted too.

package import Bytes

/// What is wrong with `operators`, and where it stands in its document.
package struct GrantsFault: Error, Equatable, Sendable {
  package let position: TextPosition
  package let sentence: String
}

extension GrantsFault: CustomStringConvertible {
  package var description: String { "\(position): \(sentence)" }
}

/// Who may do what.
package struct Grants: Equatable, Sendable {
  private var users: [UInt32: CapabilitySet] = [:]
  private var groups: [UInt32: CapabilitySet] = [:]
  /// By the UTF-8 of their names, which is how names compare.
  private var namedGroups: [[UInt8]: CapabilitySet] = [:]
  private let owner: UInt32?

  /// What the owner of the depot may do when nothing is configured; nil for a depot that nobody
  /// here owns.
  package init(owner: UInt32?) {
    self.owner = owner
  }

  /// Nobody may do anything, the owner included.
  package static let none = Grants(owner: nil)

  /// Reads the value of `operators`.
  package init(owner: UInt32?, operators: JSONNode) throws(GrantsFault) {
    self.owner = owner
    guard case .object(let members) = operators.content else {
      throw GrantsFault(
        position: operators.position,
        sentence: "'operators' must be an object, and is \(operators.kind)")
    }
    guard members.count <= OperationsLimits.operatorsMax else {
      throw GrantsFault(
        position: operators.position,
        sentence: "'operators' has more than \(OperationsLimits.operatorsMax) entries")
    }
    for member in members { try add(member) }
  }

  private mutating func add(_ member: JSONNode.Member) throws(GrantsFault) {
    let allowed = try Self.capabilities(member)
    let parts = member.key.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts.count == 2 ? String(parts[1]) : ""
    // In its one spelling only, so that no two entries are about the same user.
    let number = UInt32(name).flatMap { "\($0)" == name ? $0 : nil }
    switch (parts.first, number) {
    case ("uid", let uid?): users[uid] = allowed
    case ("gid", let gid?): groups[gid] = allowed
    case ("group", _) where !name.isEmpty: namedGroups[Array(name.utf8)] = allowed
    default:
      throw GrantsFault(
        position: member.position,
        sentence:
          "'\(escaped(member.key))' names nobody; write uid:NUMBER, gid:NUMBER or group:NAME"
      )
    }
  }

  private static func capabilities(
    _ member: JSONNode.Member
  ) throws(GrantsFault) -> CapabilitySet {
    let who = escaped(member.key)
    guard case .array(let nodes) = member.value.content else {
      throw GrantsFault(
        position: member.value.position,
        sentence: "what '\(who)' may do must be a list, and is \(member.value.kind)")
    }
    var allowed = CapabilitySet.none
    for node in nodes {
      guard case .string(let word) = node.content else {
        throw GrantsFault(
          position: node.position, sentence: "a capability of '\(who)' is \(node.kind), no string")
      }
      if word == Capability.everything {
        allowed = .all
      } else if Capability.known.contains(Capability(word)) {
        allowed = allowed.union(CapabilitySet([Capability(word)]))
      } else {
        let known = Capability.known.map(\.name).joined(separator: ", ")
        throw GrantsFault(
          position: node.position,
          sentence: "'\(escaped(word))' is no capability; there are \(known) and *")
      }
    }
    return allowed
  }

  /// What a caller may do. Over a network nobody is known, so nothing is granted there.
  package func capabilities(of caller: Caller) -> CapabilitySet {
    switch caller.origin {
    case .program: return .all
    case .network: return .none
    case .console, .commandLine, .socket: break
    }
    var allowed = CapabilitySet.none
    if let uid = caller.uid {
      if let own = users[uid] {
        allowed = own
      } else if uid == owner {
        return .all
      }
    }
    for group in caller.groups {
      allowed = allowed.union(groups[group.gid] ?? .none)
      if let name = group.name { allowed = allowed.union(namedGroups[Array(name.utf8)] ?? .none) }
    }
    return allowed
  }
}
