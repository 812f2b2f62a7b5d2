// The three kinds of metric. Whoever counts holds one of these and changes it by an atomic
// operation, without a lock and without a look at its name; the registry reads them when it is
// asked. Reading several is not one moment: a sum and its count may be one observation apart.

import Ambient
import Synchronization

/// What only grows, and begins at zero when the process does.
package final class Counter: Sendable {
  private let count = Atomic<UInt64>(0)

  /// Counts one more.
  package func add() { add(1) }

  /// Counts so many more.
  package func add(_ number: some BinaryInteger) {
    count.wrappingAdd(UInt64(number), ordering: .relaxed)
  }

  /// What has been counted.
  package var value: UInt64 { count.load(ordering: .relaxed) }
}

/// What goes up and down.
package final class Gauge: Sendable {
  private let bits = Atomic<UInt64>(0)

  /// Says how much it is now.
  package func set(_ number: Double) {
    bits.store(number.bitPattern, ordering: .relaxed)
  }

  /// Says how much it is now.
  package func set(_ number: some BinaryInteger) { set(Double(number)) }

  /// Makes it so much more; less, when negative.
  package func add(_ number: Double) { addAtomically(number, to: bits) }

  /// How much it is.
  package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// How often something was how large, in buckets.
package final class Histogram: Sendable {
  /// The upper bounds of the buckets, rising; one more bucket takes what is above the last.
  package let bounds: [Double]
  private let buckets: [Counter]
  private let sum = Atomic<UInt64>(0)

  init(bounds: [Double]) {
    self.bounds = bounds
    buckets = (0...bounds.count).map { _ in Counter() }
  }

  /// Takes one value in.
  package func observe(_ number: Double) {
    buckets[bounds.firstIndex { number <= $0 } ?? bounds.count].add()
    addAtomically(number, to: sum)
  }

  /// Takes one duration in, in seconds.
  package func observe(_ duration: Duration) { observe(duration.inSeconds) }

  /// What it has taken in.
  package var snapshot: HistogramSnapshot {
    HistogramSnapshot(
      bounds: bounds, counts: buckets.map(\.value),
      sum: Double(bitPattern: sum.load(ordering: .relaxed)))
  }

  /// Bounds for how long something takes, from a millisecond to a minute.
  package static let durations = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
  ]

  /// Bounds for how many bytes something has, from 1 KiB to 16 GiB in steps of four.
  package static let sizes = (5...17).map { Double(1 << (2 * $0)) }
}

/// A histogram at one time.
package struct HistogramSnapshot: Equatable, Sendable {
  /// The upper bounds of the buckets, rising.
  package let bounds: [Double]
  /// How many values fell into each bucket, and last those above every bound.
  package let counts: [UInt64]
  package let sum: Double

  package init(bounds: [Double], counts: [UInt64], sum: Double) {
    precondition(counts.count == bounds.count + 1, "there is a bucket above the last bound")
    self.bounds = bounds
    self.counts = counts
    self.sum = sum
  }

  /// How many values there are.
  package var count: UInt64 { counts.reduce(0, +) }

  /// The value that this part of all values does not exceed, as far as the buckets tell; nil when
  /// there are none, and the last bound when it lies above that.
  package func quantile(_ part: Double) -> Double? {
    let total = count
    guard total > 0 else { return nil }
    let rank = min(max(part, 0), 1) * Double(total)
    var below = 0.0
    for (index, count) in counts.dropLast().enumerated() {
      let reached = below + Double(count)
      if reached >= rank && count > 0 {
        // Values are taken to lie evenly between the bounds of their bucket.
        let low = index == 0 ? min(0, bounds[0]) : bounds[index - 1]
        return low + (bounds[index] - low) * (rank - below) / Double(count)
      }
      below = reached
    }
    return bounds.last
  }
}

private func addAtomically(_ number: Double, to bits: borrowing Atomic<UInt64>) {
  var old = bits.load(ordering: .relaxed)
  while true {
    let new = (Double(bitPattern: old) + number).bitPattern
    let (exchanged, found) = bits.weakCompareExchange(
      expected: old, desired: new, ordering: .relaxed)
    if exchanged { return }
    old = found
  }
}
