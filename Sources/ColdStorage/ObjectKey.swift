// The name of an object. A key is bytes and is compared as bytes; components are separated by `/`.
// What one adapter could not hold safely is refused by all: a key that climbs, starts at a root,
// changes its meaning on another system, or lies in the tree that belongs to the engine. So a key
// that exists is harmless, and only its length is left for a backend to judge.

import Bytes

/// The name of an object in a store.
public struct ObjectKey: Hashable, Sendable {
  /// The components joined by `/`.
  public let bytes: [UInt8]

  /// A key from its bytes; throws `.invalidKey` with the rule that it breaks.
  public init(bytes: [UInt8]) throws(StorageError) {
    if let fault = Self.fault(in: bytes) {
      throw .invalidKey(escaped(bytes), fault)
    }
    self.bytes = bytes
  }

  /// A key from text, under the same rules.
  public init(_ text: String) throws(StorageError) {
    try self.init(bytes: Array(text.utf8))
  }

  /// The first component of the tree that is never stored.
  public static let reservedName = ".p4cache"

  /// The last component.
  public var name: [UInt8] {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return bytes }
    return Array(bytes[(slash + 1)...])
  }

  /// The last component for a message: what a log may show where whole keys are too much.
  public var baseName: String { escaped(name) }

  /// Throws `.invalidKey` unless a backend with these limits can hold the key.
  public func check(against limits: KeyLimits) throws(StorageError) {
    if let fault = limits.fault(in: bytes) { throw .invalidKey(description, fault) }
  }

  static func fault(in bytes: [UInt8]) -> KeyFault? {
    let slash = UInt8(ascii: "/")
    if bytes.isEmpty { return .empty }
    if bytes.first == slash { return .absolute }
    if bytes.contains(0) { return .nul }
    if bytes.contains(UInt8(ascii: "\\")) { return .backslash }
    let components = bytes.split(separator: slash, omittingEmptySubsequences: false)
    for component in components {
      if component.isEmpty { return .emptyComponent }
      if component.elementsEqual(".".utf8) || component.elementsEqual("..".utf8) {
        return .dotComponent
      }
    }
    return components[0].elementsEqual(reservedName.utf8) ? .reserved : nil
  }
}

extension ObjectKey: Comparable {
  /// Byte order, which is the order of UTF-8 text and of every listing.
  public static func < (left: ObjectKey, right: ObjectKey) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension ObjectKey: ExpressibleByStringLiteral {
  /// A key that is written in the program, and so must be valid.
  public init(stringLiteral text: String) {
    do throws(StorageError) {
      try self.init(text)
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

extension ObjectKey: CustomStringConvertible {
  /// The key for a message: control characters and bytes that are not UTF-8 as `\xNN`.
  public var description: String { escaped(bytes) }
}

/// The rule that a key breaks.
public enum KeyFault: Equatable, Sendable {
  case empty
  case absolute
  case emptyComponent
  case dotComponent
  case nul
  case backslash
  /// It lies in the tree that belongs to the engine.
  case reserved
  case tooLong(bytesMax: Int)
  case componentTooLong(bytesMax: Int)
  case notText
  /// The backend keeps names of its own that begin so.
  case reservedByBackend(String)
}

extension KeyFault: CustomStringConvertible {
  /// What is wrong, to follow the key in a sentence.
  public var description: String {
    switch self {
    case .empty: "it is empty; give the object a name"
    case .absolute: "it begins with '/'; write it relative to the store"
    case .emptyComponent:
      "it has an empty component; write one '/' between names and none at the end"
    case .dotComponent: "it has a '.' or '..' component; write the path that it leads to"
    case .nul: "it contains NUL; no store can hold such a name"
    case .backslash: "it contains a backslash; separate names with '/'"
    case .reserved: "'\(ObjectKey.reservedName)' belongs to the engine and is never stored"
    case .tooLong(let bytesMax): "it has more than the \(bytesMax) bytes that this backend allows"
    case .componentTooLong(let bytesMax):
      "one of its components has more than the \(bytesMax) bytes that this backend allows"
    case .notText: "this backend holds names in UTF-8 only, and it is none"
    case .reservedByBackend(let start):
      "names that begin with '\(start)' belong to this backend; choose another"
    }
  }
}

/// Which keys a backend can hold.
public struct KeyLimits: Equatable, Sendable {
  /// The longest key, without the backend's prefix.
  public var bytesMax: Int
  /// The longest component; nil when only the whole is limited.
  public var componentBytesMax: Int?
  /// Whether a key must be UTF-8.
  public var isText: Bool

  public init(bytesMax: Int, componentBytesMax: Int? = nil, isText: Bool) {
    self.bytesMax = bytesMax
    self.componentBytesMax = componentBytesMax
    self.isText = isText
  }

  func fault(in bytes: [UInt8]) -> KeyFault? {
    if bytes.count > bytesMax { return .tooLong(bytesMax: bytesMax) }
    if let most = componentBytesMax,
      bytes.split(separator: UInt8(ascii: "/")).contains(where: { $0.count > most })
    {
      return .componentTooLong(bytesMax: most)
    }
    return isText && String(validating: bytes, as: UTF8.self) == nil ? .notText : nil
  }
}
