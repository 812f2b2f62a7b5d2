// Parts hashed on their own give the digest of the whole, however they are cut and joined.

import Ambient
import Digests
import Testing

@Suite struct Blake3SubtreeTests {
  static let levels = Blake3VectorTests.levels

  /// Hashes the bytes in parts of a random power of two of chunks, and joins them pair by pair.
  private static func split(
    _ bytes: Span<UInt8>, from chunk: UInt64, _ random: inout SeededGenerator, _ mode: Blake3Mode
  ) throws -> Blake3Subtree {
    let chunks = (bytes.count + 1_023) / 1_024
    guard chunks > 1, !random.chance(oneIn: 4) else {
      return try Blake3Subtree(of: bytes, atChunk: chunk, mode)
    }
    var left = 1
    while left * 2 < chunks { left *= 2 }
    let first = try split(bytes.extracting(first: left * 1_024), from: chunk, &random, mode)
    let rest = try split(
      bytes.extracting(left * 1_024..<bytes.count), from: chunk + UInt64(left), &random, mode)
    return try first.joined(with: rest)
  }

  @Test(arguments: levels)
  func `parts joined have the digest of the whole`(_ level: Blake3Level) throws {
    var random = SeededGenerator(seed: 11)
    let key = random.bytes(32)
    for mode in [Blake3Mode.plain(level: level), try .keyed(key.span, level: level)] {
      for count in [0, 1, 1_024, 1_025, 2_048, 3_000, 65_536, 65_537, 100_000, 262_144] {
        let bytes = random.bytes(count)
        let whole = try Self.split(bytes.span, from: 0, &random, mode)
        #expect(whole.digest == Blake3.digest(of: bytes, mode))
      }
    }
  }

  @Test func `parts may be hashed anywhere and taken by a hasher in order`() throws {
    var random = SeededGenerator(seed: 5)
    for count in [2_048, 4_096, 65_536, 70_001, 300_000] {
      let bytes = random.bytes(count)
      var hasher = Blake3()
      var at = 0
      while at < count {
        let aligned = at == 0 ? 1 << 20 : at & -at
        var size = min(aligned, 1_024 << random.below(7))
        while size > count - at { size /= 2 }
        if size >= 1_024, random.chance(oneIn: 2) {
          let part = bytes.span.extracting(at..<at + size)
          try hasher.update(Blake3Subtree(of: part, atChunk: UInt64(at / 1_024)))
          at += size
        } else {
          let end = min(count, at + max(size, 1_024))
          hasher.update(bytes.span.extracting(at..<end))
          at = end
        }
        if random.chance(oneIn: 5) {
          #expect(hasher.digest() == Blake3.digest(of: bytes.span.extracting(first: at)))
        }
      }
      #expect(hasher.digest() == Blake3.digest(of: bytes))
    }
  }

  @Test func `the chaining value depends on the place`() throws {
    let bytes = counted(2_048)
    let here = try Blake3Subtree(of: bytes.span, atChunk: 0)
    let there = try Blake3Subtree(of: bytes.span, atChunk: 2)
    #expect(here.chainingValue != there.chainingValue)
    #expect(here.chainingValue != here.digest.bytes)
  }

  @Test(arguments: [(1, 4_096), (2, 4_096), (3, 2_048), (2, 2_049), (4, 5_000)])
  func `a part that cannot stand there is refused`(_ chunk: UInt64, _ count: Int) {
    #expect(throws: DigestsError.self) {
      try Blake3Subtree(of: counted(count).span, atChunk: chunk)
    }
  }

  @Test(arguments: [
    (0, 1_024, 2, 1_024),  // a gap
    (1, 1_024, 2, 1_024),  // neighbours, not siblings
    (0, 1_000, 1, 1_024),  // what follows an end
    (0, 2_048, 0, 1_024),  // backwards
  ])
  func `parts that are not siblings are not joined`(
    _ leftChunk: UInt64, _ leftCount: Int, _ rightChunk: UInt64, _ rightCount: Int
  ) throws {
    let left = try Blake3Subtree(of: counted(leftCount).span, atChunk: leftChunk)
    let right = try Blake3Subtree(of: counted(rightCount).span, atChunk: rightChunk)
    #expect(throws: DigestsError.notSiblings) { try left.joined(with: right) }
  }

  @Test func `a hasher takes no part out of its place`() throws {
    var hasher = Blake3()
    hasher.update(counted(1_024))
    let part = try Blake3Subtree(of: counted(2_048).span, atChunk: 2)
    #expect(throws: DigestsError.noSubtree(firstChunk: 2, chunks: 2)) { try hasher.update(part) }
    let end = try Blake3Subtree(of: counted(1_000).span, atChunk: 1)
    #expect(throws: DigestsError.noSubtree(firstChunk: 1, chunks: 1)) { try hasher.update(end) }
    #expect(hasher.digest() == Blake3.digest(of: counted(1_024)))
    try hasher.update(Blake3Subtree(of: counted(1_024).span, atChunk: 1))
    #expect(hasher.digest() == Blake3.digest(of: counted(1_024) + counted(1_024)))
  }
}
