// What triage says: a condition, with all that somebody needs at two in the morning to act on it.

public import Ambient

/// How much it matters.
public enum Severity: UInt8, CaseIterable, Hashable, Comparable, Sendable {
  /// Worth knowing; nothing is at risk and nothing stands still.
  case notice = 1
  /// Something does not go on, or is about to.
  case warning = 2
  /// Files are at risk, or cannot be read.
  case critical = 3

  public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
}

/// What helps.
public struct Remedy: Hashable, Sendable {
  /// The name of the console's command that leads there; which key that is, the console knows.
  public let command: String
  /// What to do, as a sentence.
  public let advice: String

  public init(command: String, _ advice: String) {
    self.command = command
    self.advice = advice
  }
}

/// What a rule found: a condition without its history.
public struct Diagnosis: Hashable, Sendable {
  /// What it is about where a rule can find several, such as a backend's name; empty otherwise.
  public let subject: String
  /// What is wrong, in a few words.
  public let title: String
  /// Why, as far as that is known.
  public let cause: String
  /// The figures behind it, each a few words.
  public let evidence: [String]
  /// Since when, where the snapshot says so; else it counts from when it was first seen.
  public let since: WallTime?
  public let remedy: Remedy

  public init(
    _ title: String, about subject: String = "", cause: String, evidence: [String],
    since: WallTime? = nil, remedy: Remedy
  ) {
    self.subject = subject
    self.title = title
    self.cause = cause
    self.evidence = evidence
    self.since = since
    self.remedy = remedy
  }
}

/// Something that is wrong now.
public struct Condition: Hashable, Sendable {
  /// The rule that found it.
  public let rule: String
  public let severity: Severity
  public let diagnosis: Diagnosis
  public let since: WallTime
}
