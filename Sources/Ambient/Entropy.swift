// Randomness as a door: the kernel's generator live, a seeded one in tests and simulations.
// The seeded form is xoshiro256** started by SplitMix64; it replays bit for bit from its seed.

import CLinux
import Synchronization

/// The door to randomness.
public struct Entropy: Sendable {
  /// As many random bytes as asked for.
  public let bytes: @Sendable (_ count: Int) -> [UInt8]

  public init(bytes: @escaping @Sendable (_ count: Int) -> [UInt8]) {
    self.bytes = bytes
  }

  /// The kernel's generator, fit for keys.
  public static let live = Entropy { count in
    var filled = [UInt8](repeating: 0, count: count)
    let failed = unsafe filled.withUnsafeMutableBytes { buffer in
      unsafe clinux_fill_random(buffer.baseAddress, buffer.count)
    }
    precondition(failed == 0, "the kernel gave no random bytes")
    return filled
  }

  /// A replayable stream; never for keys.
  public static func seeded(_ seed: UInt64) -> Entropy {
    let generator = Mutex(SeededGenerator(seed: seed))
    return Entropy { count in
      generator.withLock { (generator: inout SeededGenerator) in generator.bytes(count) }
    }
  }

  /// One random word.
  public func word() -> UInt64 {
    bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// A replayable generator of words, for simulations and shuffles.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  public init(seed: UInt64) {
    var mixed = seed
    func next() -> UInt64 {
      mixed &+= 0x9E37_79B9_7F4A_7C15
      var word = mixed
      word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
      return word ^ word >> 31
    }
    state = (next(), next(), next(), next())
  }

  public mutating func next() -> UInt64 {
    let result = rotated(state.1 &* 5, by: 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotated(state.3, by: 45)
    return result
  }

  /// The next `count` bytes of the stream.
  public mutating func bytes(_ count: Int) -> [UInt8] {
    var filled: [UInt8] = []
    filled.reserveCapacity(count + 7)
    while filled.count < count {
      let word = next()
      for shift in stride(from: 0, to: 64, by: 8) {
        filled.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
    filled.removeLast(filled.count - count)
    return filled
  }

  /// A number below `bound`, which must be positive.
  public mutating func below(_ bound: Int) -> Int {
    Int.random(in: 0..<bound, using: &self)
  }

  /// True once in `oneIn` times on average.
  public mutating func chance(oneIn: Int) -> Bool {
    below(oneIn) == 0
  }
}

private func rotated(_ word: UInt64, by count: UInt64) -> UInt64 {
  word << count | word >> (64 - count)
}
