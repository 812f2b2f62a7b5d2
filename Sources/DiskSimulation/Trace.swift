// What was done on a simulated machine, as a running digest of every operation with its outcome
// and its moment, and the last few operations in words for whoever reads a failure.

import DurableFiles

/// A fingerprint of all operations so far; equal runs have equal ones.
package struct TraceDigest: Hashable, Sendable {
  private var first: UInt64 = 0x9AE1_6A3B_2F90_404F
  private var second: UInt64 = 0xC3A5_C85C_97CB_3127

  /// Folds a word in; the order of words matters.
  mutating func fold(_ word: UInt64) {
    first = (first ^ word) &* 0x9FB2_1C65_1E98_DF25
    first ^= first >> 32
    second = (second &+ word) &* 0xD6E8_FEB8_6659_FD93
    second ^= second >> 29 ^ first
  }

  /// Folds bytes and their count in, eight at a time.
  mutating func fold(_ bytes: Span<UInt8>) {
    var index = 0
    while index < bytes.count {
      var word: UInt64 = 0
      let end = min(index + 8, bytes.count)
      while index < end {
        word = word << 8 | UInt64(bytes[index])
        index += 1
      }
      fold(word)
    }
    fold(UInt64(bytes.count))
  }
}

extension TraceDigest: CustomStringConvertible {
  /// 32 hexadecimal digits.
  package var description: String {
    [first, second].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }.joined()
  }
}

/// A call of the disk door.
enum Call: UInt8, Sendable {
  case open, read, write, append, truncate, allocate, sync, status, set, attribute, setAttribute
  case list, makeDirectory, remove, removeDirectory, rename, syncDirectory, clone, lock, lease,
    spaceLeft
  case map, sharedWords, store
}

/// The operations so far.
struct Trace {
  /// The most operations that are kept in words.
  static let kept = 64

  private struct Entry {
    let number: Int
    let process: Int32
    let call: Call
    let path: FilePath
    let first: UInt64
    let second: UInt64
    var outcome: DiskError?
  }

  private(set) var digest = TraceDigest()
  private var ring: [Entry] = []
  private var next = 0

  /// Enters an operation as it begins, with its two most telling numbers.
  mutating func begin(
    _ number: Int, _ process: Int32, _ call: Call, _ path: FilePath, _ first: UInt64,
    _ second: UInt64, nanoseconds: Int64
  ) {
    digest.fold(UInt64(process) << 8 | UInt64(call.rawValue))
    digest.fold(path.bytes.span)
    digest.fold(first)
    digest.fold(second)
    digest.fold(UInt64(bitPattern: nanoseconds))
    let entry = Entry(
      number: number, process: process, call: call, path: path, first: first, second: second)
    if ring.count < Self.kept {
      ring.append(entry)
    } else {
      ring[next] = entry
    }
    next = (next + 1) % Self.kept
  }

  /// Enters what came of the operation that began last.
  mutating func end(_ error: DiskError?) {
    digest.fold(error.map { UInt64($0.description.utf8.count) << 8 | 1 } ?? 0)
    if let error {
      digest.fold(Array(error.description.utf8).span)
      let last = (next + ring.count - 1) % ring.count
      ring[last].outcome = error
    }
  }

  /// Folds in what an operation carried or found.
  mutating func fold(_ bytes: Span<UInt8>) {
    digest.fold(bytes)
  }

  /// Folds in a number that an operation found.
  mutating func fold(_ number: some BinaryInteger) {
    digest.fold(UInt64(truncatingIfNeeded: number))
  }

  /// The last operations, oldest first: `17 process 1 write a/b 4096 256: the device failed on a/b`.
  var words: [String] {
    let oldest = ring.count < Self.kept ? 0 : next
    return (oldest..<oldest + ring.count).map { index in
      let entry = ring[index % ring.count]
      let outcome = entry.outcome.map { ": \($0)" } ?? ""
      return "\(entry.number) process \(entry.process) \(entry.call) \(entry.path)"
        + " \(entry.first) \(entry.second)\(outcome)"
    }
  }
}
