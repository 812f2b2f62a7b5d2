// Sizes of files and caches as a type of their own, so that bytes are never mixed with counts,
// and with one spelling: binary units, three significant digits, `1.50 GiB`.

/// A number of bytes.
public struct ByteCount: Hashable, Comparable, Sendable {
  public var bytes: Int64

  public init(_ bytes: some BinaryInteger) {
    self.bytes = Int64(clamping: bytes)
  }

  public static let zero = ByteCount(0)

  public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

  public static func + (left: ByteCount, right: ByteCount) -> ByteCount {
    ByteCount(left.bytes + right.bytes)
  }

  public static func - (left: ByteCount, right: ByteCount) -> ByteCount {
    ByteCount(left.bytes - right.bytes)
  }

  /// Reads `1500`, `4K`, `1.5GiB` or `20 MB`; units are binary whatever their spelling.
  public init?(parsing text: some StringProtocol) {
    var number = ""
    var unit = ""
    for character in text where character != " " {
      if unit.isEmpty && (character.isASCII && character.isNumber || character == ".") {
        number.append(character)
      } else {
        unit.append(character)
      }
    }
    guard let value = Double(number), let power = Self.power(of: unit.lowercased()) else {
      return nil
    }
    let bytes = value * power
    guard bytes < 9.2e18 else { return nil }
    self.init(Int64(bytes.rounded()))
  }

  private static func power(of unit: String) -> Double? {
    if unit.isEmpty || unit == "b" { return 1 }
    guard let index = "kmgtpe".firstIndex(of: unit[unit.startIndex]),
      ["", "b", "ib"].contains(unit.dropFirst())
    else { return nil }
    var power = 1024.0
    for _ in "kmgtpe"[..<index] { power *= 1024 }
    return power
  }
}

extension ByteCount: CustomStringConvertible {
  /// `512 B`, `1.50 KiB`, `20.0 MiB`, `999 GiB`.
  public var description: String {
    let magnitude = bytes.magnitude
    guard magnitude >= 1024 else { return "\(bytes) B" }
    var value = Double(magnitude)
    var unit = -1
    // 999.5 would be rounded to a fourth digit.
    while value >= 999.5, unit < 5 {
      value /= 1024
      unit += 1
    }
    if unit < 0 { (value, unit) = (value / 1024, 0) }
    let sign = bytes < 0 ? "-" : ""
    let places = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
    return sign + Self.fixed(value, places: places) + " "
      + ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"][unit]
  }

  private static func fixed(_ value: Double, places: Int) -> String {
    let scale = [1, 10, 100][places]
    let scaled = Int((value * Double(scale)).rounded())
    guard places > 0 else { return String(scaled) }
    let fraction = String(scaled % scale)
    let zeros = String(repeating: "0", count: places - fraction.utf8.count)
    return "\(scaled / scale).\(zeros)\(fraction)"
  }
}
