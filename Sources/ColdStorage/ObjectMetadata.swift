// The few words that travel beside an object's bytes. What is sent keeps to what every backend can
// hold: names of lower-case letters, digits and hyphens, values of printable ASCII, 2 KiB in all.
// What is read may come from other programs and is taken as it is.

/// User metadata of an object, by name.
public struct ObjectMetadata: Equatable, Sendable {
  public private(set) var entries: [String: String] = [:]

  /// The most bytes of names and values together.
  public static let bytesMax = 2_048

  public init(_ entries: [String: String] = [:]) {
    for (name, value) in entries { self[name] = value }
  }

  /// The value of a name, whose case does not matter.
  public subscript(name: String) -> String? {
    get { entries[name.lowercased()] }
    set { entries[name.lowercased()] = newValue }
  }

  /// Throws `.badMetadata` unless every backend can hold it.
  public func check() throws(StorageError) {
    var bytes = 0
    for (name, value) in entries {
      bytes += name.utf8.count + value.utf8.count
      guard isName(name) else {
        throw .badMetadata(
          "'\(name)' is no name for metadata: use lower-case letters, digits and hyphens")
      }
      guard isValue(value) else {
        throw .badMetadata(
          "the metadata '\(name)' must be printable ASCII that neither begins nor ends with a space"
        )
      }
    }
    guard bytes <= Self.bytesMax else {
      throw .badMetadata("the metadata has \(bytes) bytes, and at most \(Self.bytesMax) are held")
    }
  }
}

extension ObjectMetadata: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral entries: (String, String)...) {
    for (name, value) in entries { self[name] = value }
  }
}

private func isName(_ name: String) -> Bool {
  guard let first = name.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else {
    return false
  }
  return name.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

private func isValue(_ value: String) -> Bool {
  value.utf8.allSatisfy { (0x20...0x7E).contains($0) } && value.utf8.first != 0x20
    && value.utf8.last != 0x20
}
