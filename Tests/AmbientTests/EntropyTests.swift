// Randomness that replays from its seed, and that of the kernel, which does not. The words come
// from another implementation of SplitMix64 and xoshiro256**.

import Ambient
import Testing

@Suite struct EntropyTests {
  @Test(
    arguments: [
      (0, [0x99EC_5F36_CB75_F2B4, 0xBF6E_1F78_4956_452A, 0x1A5F_849D_4933_E6E0]),
      (42, [0x1578_0B2E_0C2E_C716, 0x6104_D986_6D11_3A7E, 0xAE17_5332_39E4_99A1]),
      (.max, [0x8F55_20D5_2A7E_AD08, 0xC476_A018_CAA1_802D, 0x81DE_31C0_D260_469E]),
    ] as [(UInt64, [UInt64])])
  func `a seed gives the words that it gives elsewhere`(_ seed: UInt64, _ words: [UInt64]) {
    var generator = SeededGenerator(seed: seed)
    #expect((0..<3).map { _ in generator.next() } == words)
  }

  @Test func `bytes are the words, least byte first`() {
    var generator = SeededGenerator(seed: 0)
    #expect(
      generator.bytes(11)
        == [0xB4, 0xF2, 0x75, 0xCB, 0x36, 0x5F, 0xEC, 0x99, 0x2A, 0x45, 0x56])
    #expect(generator.bytes(0) == [])
    // A word is never split between two draws.
    #expect(generator.next() == 0x1A5F_849D_4933_E6E0)
  }

  @Test func `the same seed replays, another one does not`() {
    func draw(_ seed: UInt64) -> [[UInt8]] {
      let entropy = Entropy.seeded(seed)
      return [entropy.bytes(5), entropy.bytes(100), entropy.bytes(1)]
    }
    #expect(draw(7) == draw(7))
    #expect(draw(7) != draw(8))
    #expect(Entropy.seeded(7).word() == Entropy.seeded(7).word())
  }

  @Test func `one seeded source gives each thread other bytes, and all of them once`() {
    let shared = Entropy.seeded(9)
    let drawn = Monitor<Set<[UInt8]>>([])
    Worker.each(4, named: "drawer") { _ in
      for _ in 0..<500 {
        let bytes = shared.bytes(8)
        drawn.change { _ = $0.insert(bytes) }
      }
    }
    let alone = Entropy.seeded(9)
    #expect(drawn.withLock { $0 } == Set((0..<2_000).map { _ in alone.bytes(8) }))
  }

  @Test func `the kernel gives as many bytes as asked for, and never the same`() {
    for count in [0, 1, 7, 256, 100_000] { #expect(Entropy.live.bytes(count).count == count) }
    #expect(Entropy.live.bytes(32) != Entropy.live.bytes(32))
    #expect(Entropy.live.word() != Entropy.live.word())
  }

  @Test func `numbers below a bound are all drawn, and none at it`() {
    var generator = SeededGenerator(seed: 1)
    var counts = [Int](repeating: 0, count: 10)
    for _ in 0..<10_000 { counts[generator.below(10)] += 1 }
    #expect(counts.allSatisfy { (850...1_150).contains($0) }, "\(counts)")
    #expect((0..<100).allSatisfy { _ in generator.below(1) == 0 })
  }

  @Test func `a chance comes as often as it should`() {
    var generator = SeededGenerator(seed: 1)
    let came = (0..<10_000).count { _ in generator.chance(oneIn: 4) }
    #expect((2_300...2_700).contains(came))
    #expect((0..<100).allSatisfy { _ in generator.chance(oneIn: 1) })
  }
}
