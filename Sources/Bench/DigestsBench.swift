// `larder bench digests`: what the room Digests does in a second, the official BLAKE3 beside it.

package import Ambient
import Digests

/// The figures of the room Digests, and the memory that they are measured on.
package struct DigestsBench {
  private let threads: Int
  private let rounds: Int
  private let official: OfficialBlake3
  private let bytes: [UInt8]

  private static let kibi = 1 << 10
  private static let mebi = 1 << 20
  private static let largest = 100 << 20

  /// A bench in so many rounds; `threads` is what the figure of several is for, `python` the
  /// program that has the official BLAKE3.
  package init(threads: Int, rounds: Int, python: String) {
    self.threads = threads
    self.rounds = rounds
    var sizes = [(Self.mebi, 1), (Self.largest, 1)]
    if threads > 1 { sizes.append((Self.largest, threads)) }
    official = OfficialBlake3(
      python: python, cases: sizes.map { .init(bytes: $0.0, threads: $0.1) })
    // Not zeros: those could lie in one page of the kernel's, and be read from the cache.
    bytes = [UInt8](repeating: 0x5A, count: Self.largest)
  }

  /// How many measurements it takes.
  package var measurements: Int { contests.count * rounds }

  /// Measures; `progress` is told how many measurements are behind.
  package func report(
    clock: MonotonicClock, wall: WallClock, progress: (_ done: Int) -> Void
  ) throws(BenchFailure) -> BenchReport {
    // Before anything is measured: the load is that of others.
    let machine = Machine.current()
    let figures = try hold(contests, rounds: rounds, Stopwatch(clock), progress: progress)
    return BenchReport(
      bench: "digests", time: wall.now(), machine: machine, rounds: rounds, figures: figures,
      notes: notes)
  }

  private var contests: [Contest] {
    blake3Contests + smallContests + otherContests
  }

  private var notes: [String] {
    [
      "BLAKE3 is computed by the level \(Blake3Level.best) and CRC-32C "
        + (Crc32c.hasInstruction ? "by instruction" : "by tables")
    ] + (official.version.map { ["the official BLAKE3 is the package blake3 \($0)"] } ?? [])
  }

  // The whole input at once

  private var blake3Contests: [Contest] {
    var contests = [
      blake3("1 MiB", Self.mebi, bar: .ratio(0.95)),
      blake3("100 MiB", Self.largest, bar: .ratio(0.95)),
    ]
    if threads > 1 {
      let one = Contest.Contender("larder, 1 thread") { stopwatch, _ in
        speed(stopwatch, of: Self.largest, threads: 1)
      }
      let several = { (stopwatch: Stopwatch) in
        speed(stopwatch, of: Self.largest, threads: threads)
      }
      let name = "BLAKE3, 100 MiB, \(threads) threads"
      contests += [
        Contest(name, .bytesPerSecond, bar: .ratio(1.5), against: one, measure: several),
        Contest(
          name, .bytesPerSecond, against: officialContender(Self.largest, threads: threads),
          measure: several),
      ]
    }
    return contests
  }

  private func blake3(_ size: String, _ count: Int, bar: Bar) -> Contest {
    Contest(
      "BLAKE3, \(size)", .bytesPerSecond, bar: bar, against: officialContender(count, threads: 1)
    ) { stopwatch in speed(stopwatch, of: count, threads: 1) }
  }

  private func officialContender(_ count: Int, threads: Int) -> Contest.Contender {
    Contest.Contender("official BLAKE3") { (_, round) throws(RivalMissing) in
      Double(count) / (try official.seconds(.init(bytes: count, threads: threads), round: round))
    }
  }

  private func speed(_ stopwatch: Stopwatch, of count: Int, threads: Int) -> Double {
    stopwatch.bytesPerSecond(count) {
      keep(Blake3.digest(of: bytes.span.extracting(first: count), threads: threads))
    }
  }

  // Small inputs, of which there are millions

  private var smallContests: [Contest] {
    let parts = (0..<4_096).map { $0 * 256..<$0 * 256 + 256 }
    let alone = Contest.Contender("one by one") { stopwatch, _ in
      let pass = stopwatch.seconds {
        for part in parts { keep(Blake3.digest(of: bytes.span.extracting(part))) }
      }
      return Double(parts.count) / pass
    }
    return [
      time("BLAKE3, 64 B", 64), time("BLAKE3, 256 B", 256), time("BLAKE3, 1 KiB", Self.kibi),
      time("BLAKE3, 16 KiB", 16 * Self.kibi),
      Contest("BLAKE3, many of 256 B", .perSecond, against: alone) { stopwatch in
        let pass = stopwatch.seconds { keep(Blake3.digests(of: parts, in: bytes.span)) }
        return Double(parts.count) / pass
      },
    ]
  }

  private func time(_ name: String, _ count: Int) -> Contest {
    Contest(name, .seconds) { stopwatch in
      stopwatch.seconds { keep(Blake3.digest(of: bytes.span.extracting(first: count))) }
    }
  }

  // The other functions

  private var otherContests: [Contest] {
    [
      Contest(
        "SHA-256, 1 MiB", .bytesPerSecond,
        against: .init("openssl speed") { (_, _) throws(RivalMissing) in
          try OpenSSLSpeed.sha256()
        }
      ) { onMebi($0) { keep(Sha256.digest(of: $0)) } },
      Contest("CRC-32C, 1 MiB", .bytesPerSecond, bar: .value(5e9)) {
        onMebi($0) { keep(Crc32c.checksum(of: $0)) }
      },
      sealing, signing, verifying,
    ]
  }

  private func onMebi(_ stopwatch: Stopwatch, _ call: (Span<UInt8>) -> Void) -> Double {
    stopwatch.bytesPerSecond(Self.mebi) { call(bytes.span.extracting(first: Self.mebi)) }
  }

  private var sealing: Contest {
    let key = SecretBytes(count: XChaCha20Poly1305.keyByteCount, from: .seeded(1))
    let nonce = Entropy.seeded(2).bytes(XChaCha20Poly1305.nonceByteCount)
    let count = 64 * Self.kibi
    return Contest("XChaCha20-Poly1305, 64 KiB", .bytesPerSecond) { stopwatch in
      var message = [UInt8](repeating: 0, count: count + XChaCha20Poly1305.tagByteCount)
      return stopwatch.bytesPerSecond(count) {
        var sealed = message.mutableSpan
        do throws(DigestsError) {
          try XChaCha20Poly1305.seal(
            inPlace: &sealed, key: key, nonce: nonce.span, associated: nonce.span)
        } catch {
          preconditionFailure("key and nonce were made to measure: \(error)")
        }
      }
    }
  }

  private var signing: Contest {
    let pair = Ed25519.KeyPair(from: .seeded(1))
    return Contest("Ed25519, sign 128 B", .perSecond) { stopwatch in
      1 / stopwatch.seconds { keep(pair.sign(bytes.span.extracting(first: 128))) }
    }
  }

  private var verifying: Contest {
    let pair = Ed25519.KeyPair(from: .seeded(1))
    let signature = pair.sign(bytes.span.extracting(first: 128))
    return Contest("Ed25519, verify 128 B", .perSecond) { stopwatch in
      1
        / stopwatch.seconds {
          keep(pair.publicKey.verifies(signature, of: bytes.span.extracting(first: 128)))
        }
    }
  }
}
