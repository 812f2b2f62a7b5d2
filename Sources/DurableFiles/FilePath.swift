// A path below the root of a disk, as the kernel sees it: bytes, separated by `/`. Names may be
// any bytes but `/` and NUL; they are compared byte for byte and escaped before anyone sees them.
// A path is relative and has no `.`, `..` or empty component, so it can only point downwards.

import Bytes

/// A path below the root of a disk; the empty path is the root itself.
public struct FilePath: Hashable, Sendable {
  /// The components joined by `/`, in the kernel's bytes.
  public let bytes: [UInt8]

  /// The root of the disk.
  public static let root = FilePath(unchecked: [])

  private init(unchecked bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// A name as a person wrote it, for messages about files outside any disk; no disk opens it.
  init(asGiven bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// A path from its bytes; throws `.badPath` when it is absolute, has an empty, `.` or `..`
  /// component, contains NUL, or is longer than 4,095 bytes.
  public init(bytes: [UInt8]) throws(DiskError) {
    let valid =
      bytes.isEmpty
      || bytes.count <= 4_095 && !bytes.contains(0)
        && bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
          .allSatisfy { component in
            !component.isEmpty && component.count <= 255 && !component.elementsEqual(".".utf8)
              && !component.elementsEqual("..".utf8)
          }
    guard valid else { throw .badPath(String(decoding: bytes, as: UTF8.self)) }
    self.bytes = bytes
  }

  /// A path from text, under the same rules.
  public init(_ text: String) throws(DiskError) {
    try self.init(bytes: Array(text.utf8))
  }

  /// The path of `name`, one component, below this one.
  public func appending(_ name: String) -> FilePath {
    appending(Array(name.utf8))
  }

  /// The path of `name`, one component in the kernel's bytes, below this one.
  public func appending(_ name: [UInt8]) -> FilePath {
    precondition(
      !name.isEmpty && !name.contains(UInt8(ascii: "/")) && !name.contains(0)
        && !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8),
      "a component is one name")
    return FilePath(unchecked: bytes.isEmpty ? name : bytes + [UInt8(ascii: "/")] + name)
  }

  /// The last component; empty for the root.
  public var name: [UInt8] {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return bytes }
    return Array(bytes[(slash + 1)...])
  }

  /// The names on the way down, the root's first.
  public var components: [ArraySlice<UInt8>] {
    bytes.split(separator: UInt8(ascii: "/"))
  }

  /// Whether it is the directory at `path`, or anything below that.
  public func isWithin(_ path: FilePath) -> Bool {
    path.bytes.isEmpty || self == path
      || bytes.starts(with: path.bytes) && bytes[path.bytes.count] == UInt8(ascii: "/")
  }

  /// Where it is once `former`, which it is within, has become `present`.
  func rebased(from former: FilePath, to present: FilePath) -> FilePath {
    let below = bytes[former.bytes.count...].drop { $0 == UInt8(ascii: "/") }
    if below.isEmpty { return present }
    return FilePath(
      unchecked: present.bytes.isEmpty ? Array(below) : present.bytes + [UInt8(ascii: "/")] + below)
  }

  /// The path of the directory that holds it; the root's is the root.
  public var parent: FilePath {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return .root }
    return FilePath(unchecked: Array(bytes[..<slash]))
  }
}

extension FilePath: ExpressibleByStringLiteral {
  /// A path that is written in the program, and so must be valid.
  public init(stringLiteral text: String) {
    do throws(DiskError) {
      try self.init(text)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

extension FilePath: Comparable {
  /// Byte order, which is the order of UTF-8 text too.
  public static func < (left: FilePath, right: FilePath) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension FilePath: CustomStringConvertible {
  /// The path for a message: control characters and bytes that are not UTF-8 as `\xNN`.
  public var description: String {
    bytes.isEmpty ? "." : escaped(bytes)
  }
}
