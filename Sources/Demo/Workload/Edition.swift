// The bytes of a file at one time. An edition is a number and a size; its bytes follow from both, so a
// book of a million files remembers sixteen bytes of each and can still compare all of them.

import Ambient

/// One state of a file's bytes.
package struct Edition: Hashable, Sendable {
  /// No two editions of a workload have the same number.
  package let number: UInt64
  package let size: Int

  package init(number: UInt64, size: Int) {
    self.number = number
    self.size = size
  }

  /// The length of what is repeated; a prime, so that no block of a disk holds the same as another.
  private static let pieceBytes = 1_021

  /// Its bytes.
  package var bytes: [UInt8] {
    var generator = SeededGenerator(seed: number)
    let piece = generator.bytes(min(size, Self.pieceBytes))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    while bytes.count + piece.count <= size, !piece.isEmpty { bytes += piece }
    bytes += piece[..<(size - bytes.count)]
    return bytes
  }

  /// The sizes of a depot's files: most are small, a few are not.
  static func size(_ generator: inout SeededGenerator) -> Int {
    switch generator.below(100) {
    case 0..<3: 0
    case ..<60: 200 + generator.below(8 << 10)
    case ..<90: (8 << 10) + generator.below(56 << 10)
    default: (64 << 10) + generator.below(192 << 10)
    }
  }

  /// What a file has on average, near enough to choose the size of a cache.
  static let usualBytes = 31 << 10
}
