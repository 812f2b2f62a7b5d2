// Where an event belongs: its entity, which is the stream and the anchor of the chain, and its
// scope, which isolates. Names are UTF-8 and compare byte for byte, never as Unicode would.

/// The entity and scope of an event.
public struct Coordinate: Hashable, Sendable {
  /// The longest an entity or a scope may be, in bytes of UTF-8.
  public static let nameBytesMax = 1_024

  /// The entity's name in UTF-8, parts joined by `:`.
  public let entityBytes: [UInt8]
  /// The scope's name in UTF-8.
  public let scopeBytes: [UInt8]

  /// A coordinate of valid names: 1 to 1,024 bytes each, without control characters, `|`, `=`, or
  /// `..` as a component.
  public init(entity: String, scope: String) throws(StoreError) {
    try self.init(entityBytes: Array(entity.utf8), scopeBytes: Array(scope.utf8))
  }

  init(entityBytes: [UInt8], scopeBytes: [UInt8]) throws(StoreError) {
    if let fault = Self.fault(in: entityBytes) { throw .badName("entity", fault) }
    if let fault = Self.fault(in: scopeBytes) { throw .badName("scope", fault) }
    self.init(trustedEntity: entityBytes, scope: scopeBytes)
  }

  /// A coordinate whose names were checked when they were written.
  init(trustedEntity: [UInt8], scope: [UInt8]) {
    entityBytes = trustedEntity
    scopeBytes = scope
  }

  public var entity: String { String(decoding: entityBytes, as: UTF8.self) }
  public var scope: String { String(decoding: scopeBytes, as: UTF8.self) }

  private static let dotsFault = "has '..' as a component"

  /// What is wrong with a name, or nil.
  static func fault(in name: [UInt8]) -> String? {
    guard !name.isEmpty else { return "is empty" }
    guard name.count <= nameBytesMax else { return "is longer than \(nameBytesMax) bytes" }
    var isASCII = true
    // Dots since the last `/` when there is nothing else, or nil.
    var dots: Int? = 0
    for byte in name {
      if byte < 0x20 || byte == 0x7F { return "has a control character" }
      if byte == UInt8(ascii: "|") || byte == UInt8(ascii: "=") { return "has a '|' or '='" }
      if byte >= 0x80 { isASCII = false }
      switch byte {
      case UInt8(ascii: "/"):
        if dots == 2 { return Self.dotsFault }
        dots = 0
      case UInt8(ascii: "."): dots = dots.map { $0 + 1 }
      default: dots = nil
      }
    }
    guard isASCII || String(validating: name, as: UTF8.self) != nil else { return "is not UTF-8" }
    if dots == 2 { return Self.dotsFault }
    return nil
  }
}

extension Coordinate: CustomStringConvertible {
  /// `entity|scope`, which neither name can contain.
  public var description: String { entity + "|" + scope }
}

/// A branch of one entity; each has its own predecessors and its own sequence.
public struct Lane: Hashable, Comparable, Sendable {
  public let number: UInt32

  public init(_ number: UInt32) {
    self.number = number
  }

  /// The lane that every entity starts on.
  public static let main = Lane(0)

  public static func < (left: Lane, right: Lane) -> Bool { left.number < right.number }
}
