// What a line that is slow still gets. The time that the terminal takes to acknowledge a frame says
// both how far away it is and how much of the line a frame fills. Getting worse takes a few slow
// answers in a row, getting better more of fast ones, so a single stall changes nothing and nothing
// swings to and fro.

/// How much is drawn, best first.
package enum DetailLevel: Int, Comparable, CaseIterable, Sendable {
  case all
  /// What is new within a second is drawn together.
  case coalesced
  /// New data is drawn every two seconds.
  case slow
  /// And without charts.
  case withoutCharts
  /// And nothing but numbers.
  case numbersOnly

  package static func < (one: DetailLevel, other: DetailLevel) -> Bool {
    one.rawValue < other.rawValue
  }

  /// How far frames that are driven by data are apart at least.
  package var interval: Duration {
    switch self {
    case .all: .milliseconds(100)
    case .coalesced: .seconds(1)
    case .slow, .withoutCharts, .numbersOnly: .seconds(2)
    }
  }

  /// How long an answer takes at this level before it counts as slow.
  var slowAfter: Duration {
    switch self {
    case .all: .milliseconds(250)
    case .coalesced: .milliseconds(500)
    case .slow: .milliseconds(1_000)
    case .withoutCharts: .milliseconds(1_500)
    case .numbersOnly: .seconds(60)
    }
  }
}

/// The level that a line deserves, from how long its answers take.
package struct LineQuality: Sendable {
  /// How many slow answers in a row make it worse, how many fast ones better.
  package static let slowAnswers = 3
  package static let fastAnswers = 8

  package private(set) var level: DetailLevel = .all
  private var slow = 0
  private var fast = 0

  package init() {}

  /// Takes in how long an answer took; whether the level changed.
  package mutating func note(_ took: Duration) -> Bool {
    if took > level.slowAfter {
      (slow, fast) = (slow + 1, 0)
    } else if let better = DetailLevel(rawValue: level.rawValue - 1),
      took < better.slowAfter / 2
    {
      (slow, fast) = (0, fast + 1)
    } else {
      (slow, fast) = (0, 0)
    }
    if slow >= Self.slowAnswers { return change(by: 1) }
    if fast >= Self.fastAnswers { return change(by: -1) }
    return false
  }

  private mutating func change(by step: Int) -> Bool {
    (slow, fast) = (0, 0)
    guard let next = DetailLevel(rawValue: level.rawValue + step) else { return false }
    level = next
    return true
  }
}
