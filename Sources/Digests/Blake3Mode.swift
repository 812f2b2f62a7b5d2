// What tells one use of BLAKE3 from another. The same bytes give unrelated digests under different
// modes, so a keyed or derived value can never be mistaken for a plain one.

import CBlake3

/// How BLAKE3 is used: plain, under a key, or to derive keys.
package struct Blake3Mode: Sendable {
  let wall: cblake3_mode

  private init(_ mode: cblake3_mode) {
    wall = mode
  }

  /// The plain hash.
  package static let plain = Blake3Mode.plain(level: .best)

  /// The plain hash, computed in one way.
  package static func plain(level: Blake3Level) -> Blake3Mode {
    Blake3Mode(cblake3_plain(level.rawValue))
  }

  /// The hash under a secret key; throws `.wrongLength` unless it has 32 bytes.
  package static func keyed(
    _ key: Span<UInt8>, level: Blake3Level = .best
  ) throws(DigestsError) -> Blake3Mode {
    guard key.count == 32 else { throw .wrongLength(of: "key", expected: 32, got: key.count) }
    return unsafe key.withUnsafeBufferPointer { key in
      unsafe Blake3Mode(cblake3_keyed(key.baseAddress!, level.rawValue))
    }
  }

  /// Key derivation: what is hashed is key material, and the context says what the key is for.
  ///
  /// A context is written in the program and used for one thing only.
  package static func deriving(_ context: String, level: Blake3Level = .best) -> Blake3Mode {
    let context = Array(context.utf8)
    return unsafe context.withUnsafeBufferPointer { context in
      unsafe Blake3Mode(cblake3_deriving(context.baseAddress, context.count, level.rawValue))
    }
  }
}

/// The instructions that BLAKE3 is computed with; the digests are the same.
package enum Blake3Level: Int32, CaseIterable, Comparable, Sendable {
  case portable = 0
  case sse41 = 1
  case avx2 = 2
  case avx512 = 3

  /// The quickest that this processor has.
  package static let best = Blake3Level(rawValue: cblake3_best_level())!

  package static func < (left: Blake3Level, right: Blake3Level) -> Bool {
    left.rawValue < right.rawValue
  }
}
