// CRC-32C, the checksum of Castagnoli: it finds damage that happened by itself and nothing that
// was done on purpose. By instruction where the processor has one, else by tables, eight bytes a
// step; both give the same value.

import CCrc32c

/// A CRC-32C in progress, and the doors to computing it at once.
package struct Crc32c: Hashable, Sendable {
  private var register: UInt32 = ~0
  private let byInstruction: Bool

  /// Whether this processor has the instructions.
  package static let hasInstruction = ccrc32c_is_present() != 0

  package init() {
    self.init(byInstruction: Crc32c.hasInstruction)
  }

  /// Begins one that is computed in a given way; the instructions must be there.
  package init(byInstruction: Bool) {
    precondition(!byInstruction || Crc32c.hasInstruction, "this processor has no CRC-32C")
    self.byInstruction = byInstruction
  }

  /// Takes the next bytes.
  package mutating func update(_ bytes: Span<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { bytes in
      register =
        unsafe byInstruction
        ? ccrc32c_update(register, bytes.baseAddress, bytes.count)
        : updatedByTables(register, UnsafeRawBufferPointer(bytes))
    }
  }

  /// Takes the next bytes.
  package mutating func update(_ bytes: [UInt8]) {
    update(bytes.span)
  }

  /// Takes eight bytes, the low one first.
  package mutating func update(word: UInt64) {
    var word = word.littleEndian
    unsafe withUnsafeBytes(of: &word) { bytes in
      register =
        unsafe byInstruction
        ? ccrc32c_update(register, bytes.baseAddress, bytes.count)
        : updatedByTables(register, bytes)
    }
  }

  /// The checksum of what was taken so far; more may follow.
  package var value: UInt32 { ~register }

  /// The checksum of bytes that are all there.
  package static func checksum(of bytes: Span<UInt8>) -> UInt32 {
    var crc = Crc32c()
    crc.update(bytes)
    return crc.value
  }

  /// The checksum of bytes that are all there.
  package static func checksum(of bytes: [UInt8]) -> UInt32 {
    checksum(of: bytes.span)
  }

  /// The checksum of two parts, one behind the other, from the checksum of each and the length of
  /// the second.
  package static func joined(_ first: UInt32, _ second: UInt32, count: UInt64) -> UInt32 {
    // The first is moved past the second: multiplied by x to the power of its bits.
    var moved = first
    var power = UInt32(1) << 23  // x^8, as bits are reversed
    var rest = count
    while rest > 0 {
      if rest & 1 == 1 { moved = product(moved, power) }
      power = product(power, power)
      rest >>= 1
    }
    return moved ^ second
  }
}

/// The polynomial without its highest power, bits reversed.
private let polynomial: UInt32 = 0x82F6_3B78

/// The product of two polynomials of which bit 31 is x^0, modulo the polynomial.
private func product(_ left: UInt32, _ right: UInt32) -> UInt32 {
  var (product, left, right) = (UInt32(0), left, right)
  while left != 0 {
    if left >> 31 == 1 { product ^= right }
    left <<= 1
    right = right >> 1 ^ (right & 1 == 1 ? polynomial : 0)
  }
  return product
}

/// What each value of a byte does to the register, for the byte itself and for one that 1 to 7
/// others follow: eight tables of 256.
private let tables: [UInt32] = {
  var tables = [UInt32](repeating: 0, count: 2_048)
  for byte in 0..<256 {
    var register = UInt32(byte)
    for _ in 0..<8 { register = register >> 1 ^ (register & 1 == 1 ? polynomial : 0) }
    tables[byte] = register
  }
  for index in 256..<2_048 {
    let before = tables[index - 256]
    tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
  }
  return tables
}()

private func updatedByTables(_ start: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
  let tables = tables.span
  var register = start
  var at = 0
  while at + 8 <= bytes.count {
    let word =
      UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      ^ UInt64(register)
    register = 0
    for index in 0..<8 {
      let byte = Int(truncatingIfNeeded: word >> UInt64(8 * index)) & 0xFF
      register ^= tables[(7 - index) * 256 + byte]
    }
    at += 8
  }
  while at < bytes.count {
    register = register >> 8 ^ tables[Int((register ^ UInt32(unsafe bytes[at])) & 0xFF)]
    at += 1
  }
  return register
}
