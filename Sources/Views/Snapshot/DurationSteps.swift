// The steps by which durations are sorted where a person looks at how they lie: three and ten of each
// unit from 10 us to 30 s, and one step for whatever took longer.

/// Sorts durations into steps.
package enum DurationSteps {
  /// What the durations of each step stay below; those of the last step stay below nothing.
  package static let bounds: [Duration] = [
    .microseconds(10), .microseconds(30), .microseconds(100), .microseconds(300),
    .milliseconds(1), .milliseconds(3), .milliseconds(10), .milliseconds(30), .milliseconds(100),
    .milliseconds(300), .seconds(1), .seconds(3), .seconds(10), .seconds(30),
  ]

  /// How many steps there are.
  package static var count: Int { bounds.count + 1 }

  /// Which step a duration belongs to.
  package static func step(of duration: Duration) -> Int {
    bounds.firstIndex { duration < $0 } ?? bounds.count
  }

  /// How many of these durations lie in each step.
  package static func counts(of durations: [Duration]) -> [Int] {
    var counts = [Int](repeating: 0, count: count)
    for duration in durations { counts[step(of: duration)] += 1 }
    return counts
  }
}
