// What the depot's server asks, one line each, as a value. The path is the rest of the line, any
// bytes but a newline, so nothing is escaped and nothing can be smuggled in behind it.
//
//   P4CACHE/1 FETCH <path>     bring the file's bytes into the depot
//   P4CACHE/1 STAT <path>      what is known of it, without bringing it
//   P4CACHE/1 DELETE <path>    it was deleted: forget it, and what is stored of it
//   P4CACHE/1 PING             is anybody there
//   FETCH <path>               as older servers ask it

import Bytes

/// A request of the depot's server.
package enum ShimRequest: Hashable, Sendable {
  case fetch(path: [UInt8])
  case status(path: [UInt8])
  case delete(path: [UInt8])
  case ping
  /// A fetch without the name of the protocol in front.
  case legacyFetch(path: [UInt8])

  /// The longest path, in bytes.
  package static let pathBytesMax = 4_096
  /// The longest line that a request is, without its newline.
  package static let lineBytesMax = prefix.count + "DELETE ".utf8.count + pathBytesMax

  private static let prefix = Array("P4CACHE/1 ".utf8)

  /// Reads a line, which has no newline in it; throws `malformed` for anything else.
  package init(parsing line: [UInt8]) throws(ShimRefusal) {
    let isLegacy = !line.starts(with: Self.prefix)
    let rest = line[(isLegacy ? 0 : Self.prefix.count)...]
    let space = rest.firstIndex(of: UInt8(ascii: " "))
    let path = space.map { Array(rest[($0 + 1)...]) }
    switch (String(decoding: rest[..<(space ?? rest.endIndex)], as: UTF8.self), path, isLegacy) {
    case ("FETCH", let path?, false): self = .fetch(path: path)
    case ("STAT", let path?, false): self = .status(path: path)
    case ("DELETE", let path?, false): self = .delete(path: path)
    case ("PING", nil, false): self = .ping
    case ("FETCH", let path?, true): self = .legacyFetch(path: path)
    default:
      throw ShimRefusal(
        .malformed, "a line is P4CACHE/1 and FETCH, STAT or DELETE with a path, or PING")
    }
    guard let path else { return }
    guard path.count <= Self.pathBytesMax else {
      throw ShimRefusal(.malformed, "a path has at most \(Self.pathBytesMax) bytes")
    }
  }

  /// The line of it, with its newline.
  package var line: [UInt8] {
    let (words, path): (String, [UInt8]) =
      switch self {
      case .fetch(let path): ("P4CACHE/1 FETCH ", path)
      case .status(let path): ("P4CACHE/1 STAT ", path)
      case .delete(let path): ("P4CACHE/1 DELETE ", path)
      case .ping: ("P4CACHE/1 PING", [])
      case .legacyFetch(let path): ("FETCH ", path)
      }
    return Array(words.utf8) + path + [UInt8(ascii: "\n")]
  }
}
