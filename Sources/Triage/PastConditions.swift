// What was wrong and is over: who looks at three in the morning wants to know what it was at two.
// One that comes and goes is told once, with how often it came.

public import Ambient

/// A condition whose cause went.
public struct PastCondition: Hashable, Sendable {
  /// As it was when it was last seen.
  public let condition: Condition
  /// When it was first looked for and not found.
  public let ended: WallTime
  /// How often it came and went, this time included.
  public let times: Int
}

/// The conditions that somebody who looks at all snapshots has seen go.
public struct PastConditions: Hashable, Sendable {
  /// How many are kept.
  public static let keptMax = 32

  /// The newest first.
  public private(set) var list: [PastCondition] = []
  private var present: [Condition] = []

  public init() {}

  /// Takes in what is wrong at a moment.
  public mutating func take(_ conditions: [Condition], at moment: WallTime) {
    let gone = present.filter { old in !conditions.contains { $0.isSameTrouble(as: old) } }
    for condition in gone.reversed() {
      let before = list.firstIndex { $0.condition.isSameTrouble(as: condition) }
      let times = before.map { list.remove(at: $0).times } ?? 0
      list.insert(PastCondition(condition: condition, ended: moment, times: times + 1), at: 0)
    }
    list = Array(list.prefix(Self.keptMax))
    present = conditions
  }

  /// Those that are not there again.
  public func over(besides conditions: [Condition]) -> [PastCondition] {
    list.filter { past in !conditions.contains { $0.isSameTrouble(as: past.condition) } }
  }
}

extension Condition {
  /// Whether both are of one rule about one thing, whenever they began.
  public func isSameTrouble(as other: Condition) -> Bool {
    rule == other.rule && diagnosis.subject == other.diagnosis.subject
  }
}
