// Judges snapshots, one after the other. All that is kept between two of them is when each condition
// was first seen; when its cause is gone the condition is gone, and coming back it is a new one.

public import Ambient
public import Views

/// What looks for one kind of trouble.
public struct Rule: Sendable {
  /// `room.trouble`, the same in every version: alerts and `--fault` name it.
  public let name: String
  public let severity: Severity
  let judge: @Sendable (EngineSnapshot, TriageBounds) -> [Diagnosis]

  public init(
    _ name: String, _ severity: Severity,
    _ judge: @escaping @Sendable (EngineSnapshot, TriageBounds) -> [Diagnosis]
  ) {
    self.name = name
    self.severity = severity
    self.judge = judge
  }
}

/// From when on something counts as wrong.
public struct TriageBounds: Hashable, Sendable {
  /// A file that is not stored after this long.
  public var queueAgeMax: Duration
  /// A backend whose slowest calls take longer.
  public var backendLatencyMax: Duration
  /// How many calls it takes to judge a backend's latency.
  public var backendCallsMin: Int
  /// What the depot's disk must have left.
  public var diskFreeMin: ByteCount
  /// How long an overflow of the watcher's queue is told of.
  public var overflowTold: Duration
  /// How many events the manifest may be behind.
  public var manifestLagMax: UInt64

  public init(
    queueAgeMax: Duration = .seconds(900), backendLatencyMax: Duration = .seconds(10),
    backendCallsMin: Int = 5, diskFreeMin: ByteCount = ByteCount(1 << 30),
    overflowTold: Duration = .seconds(600), manifestLagMax: UInt64 = 100_000
  ) {
    self.queueAgeMax = queueAgeMax
    self.backendLatencyMax = backendLatencyMax
    self.backendCallsMin = backendCallsMin
    self.diskFreeMin = diskFreeMin
    self.overflowTold = overflowTold
    self.manifestLagMax = manifestLagMax
  }
}

/// The conditions of an engine.
public struct Triage: Sendable {
  private let rules: [Rule]
  private let bounds: TriageBounds
  private var firstSeen: [Key: WallTime] = [:]

  private struct Key: Hashable {
    let rule: String
    let subject: String
  }

  /// Triage by these rules, whose names must differ.
  public init(_ rules: [Rule] = Rule.ofEngine, bounds: TriageBounds = TriageBounds()) {
    precondition(Set(rules.map(\.name)).count == rules.count, "two rules have one name")
    self.rules = rules
    self.bounds = bounds
  }

  /// What is wrong in a snapshot, worst first, and of what is as bad the oldest first.
  public mutating func judge(_ snapshot: EngineSnapshot) -> [Condition] {
    var conditions: [Condition] = []
    var seen: [Key: WallTime] = [:]
    for rule in rules {
      for diagnosis in rule.judge(snapshot, bounds) {
        let key = Key(rule: rule.name, subject: diagnosis.subject)
        let since = diagnosis.since ?? firstSeen[key] ?? snapshot.taken
        seen[key] = since
        conditions.append(
          Condition(rule: rule.name, severity: rule.severity, diagnosis: diagnosis, since: since))
      }
    }
    firstSeen = seen
    return conditions.sorted { left, right in
      if left.severity != right.severity { return left.severity > right.severity }
      if left.since != right.since { return left.since < right.since }
      return (left.rule, left.diagnosis.subject) < (right.rule, right.diagnosis.subject)
    }
  }
}
