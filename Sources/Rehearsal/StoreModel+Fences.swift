// What the model knows of fences: members are seen together or never, a fence that nobody committed is
// never seen, and how far the log may be seen while some are open is decided by nothing else.

import Ambient
import EventStore

/// A fence that was opened.
struct AskedFence {
  enum Fate {
    case open, committed, cancelled
    /// Its commit was asked for, and nobody knows.
    case committing
  }

  let opened: MonotonicTime
  var fate = Fate.open
  /// The requests that are its members.
  var members: [Int] = []
  /// The record that committed it, while the store that wrote it is open.
  var record: UInt64?
}

extension StoreModel.Request {
  /// The receipts of its events that were acknowledged.
  var receipts: [Receipt] {
    fates.compactMap { if case .acknowledged(let receipt) = $0 { receipt } else { nil } }
  }
}

extension StoreModel {
  /// Notes that a fence was opened; returns its number.
  mutating func addFence(at time: MonotonicTime) -> Int {
    fences.append(AskedFence(opened: time))
    return fences.count - 1
  }

  /// Receipts of the members of a fence that were acknowledged.
  func receipts(ofFence number: Int) -> [Receipt] {
    fences[number].members.flatMap { requests[$0].receipts }
  }

  /// Nobody will commit what is open now, and records belong to a store that is gone.
  mutating func endLife() {
    for index in fences.indices {
      fences[index].record = nil
      if fences[index].fate == .open { fences[index].fate = .cancelled }
    }
  }

  /// Settles fences after an open, given the payloads that are there.
  mutating func settleFences(seeing present: Set<String>) throws {
    for index in fences.indices {
      let members = fences[index].members.map { requests[$0] }
      let isSeen = members.contains { $0.payloads.contains(where: present.contains) }
      switch fences[index].fate {
      case .open, .cancelled:
        // Where a bit of a table flipped, verification says so.
        if isSeen, !isForgiving { throw Broken("a fence that was never committed is visible") }
        fences[index].fate = isSeen ? .committed : .cancelled
      case .committing:
        fences[index].fate = isSeen ? .committed : .cancelled
        guard isSeen, !isForgiving else { continue }
        for member in members where !member.receipts.isEmpty {
          guard member.payloads.allSatisfy(present.contains) else {
            throw Broken("a fence is there without its member '\(Self.name(member.payloads[0]))'")
          }
        }
      case .committed: break
      }
    }
  }

  /// Forgets what a disk that lies may have undone.
  mutating func forgiveFences() {
    for index in fences.indices where fences[index].fate == .committed {
      fences[index].fate = .committing
    }
  }

  /// Between which sequences the log's visible end must be when it is durable up to one of them.
  ///
  /// A fence that has been open for as long as one may be is cancelled by the next append, so whether
  /// it still hides anything is nobody's promise.
  func horizon(durable: UInt64, at now: MonotonicTime) -> ClosedRange<UInt64> {
    var (young, all): ([Range<UInt64>], [Range<UInt64>]) = ([], [])
    for (index, fence) in fences.enumerated() {
      guard let first = receipts(ofFence: index).map(\.sequence).min() else { continue }
      if let record = fence.record {
        young.append(first..<record)
        all.append(first..<record)
      } else if fence.fate == .open {
        all.append(first..<UInt64.max)
        if now - fence.opened < EventStoreLimits.fenceDurationMax {
          young.append(first..<UInt64.max)
        }
      }
    }
    return Self.end(durable, outside: all)...Self.end(durable, outside: young)
  }

  /// The last place up to `durable` that lies in none of the ranges.
  private static func end(_ durable: UInt64, outside ranges: [Range<UInt64>]) -> UInt64 {
    var end = durable
    while let range = ranges.first(where: { $0.contains(end) }) { end = range.lowerBound - 1 }
    return end
  }
}
