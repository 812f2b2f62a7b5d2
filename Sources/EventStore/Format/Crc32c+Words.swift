// Checksums over numbers, as they would stand in a file.

internal import Digests

extension Crc32c {
  /// Takes eight bytes, the low one first.
  mutating func update(word: UInt64) {
    let bytes = [UInt8](capacity: 8) { output in
      for shift in stride(from: 0 as UInt64, to: 64, by: 8) {
        output.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    update(bytes)
  }
}
