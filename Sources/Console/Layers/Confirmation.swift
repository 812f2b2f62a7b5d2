// How an action is confirmed, by what it costs. What can be taken back and is small needs no more than
// the Enter that closed the review; what is big wants its count typed; what is for ever wants a name
// and a reason, and then counts down so that any key still stops it.

internal import Ambient
internal import Terminal
internal import Widgets

/// A confirmation under way.
struct Confirmation {
  enum Step {
    /// What has to be typed.
    case word
    case reason
    case countdown(from: MonotonicTime)
  }
  enum Outcome {
    case goesOn
    /// The countdown shows another second then.
    case countsDown(MonotonicTime)
    case wrong(String)
    case stopped
    case confirmed
  }

  private(set) var step = Step.word
  private(set) var field = TextField()
  /// What is to be typed.
  let word: String
  let isForEver: Bool
  /// Whether a reason is asked for, because the receipt keeps it.
  private let takesReason: Bool
  private(set) var reason: String?

  /// The most characters of a reason.
  static let reasonCharactersMax = 400

  /// The confirmation that a plan needs; nil when none does.
  init?(for plan: PlanView, _ action: ActionRequest) {
    let isBig =
      plan.items > ActionFlow.filesSmallMax || ByteCount(plan.bytes) > ActionFlow.bytesSmallMax
    isForEver = !plan.isReversible
    takesReason = plan.takesReason
    if isForEver {
      let names = plan.listed.first?.item.split(separator: "/").last.map(String.init)
      word = plan.items == 1 ? names ?? action.verb : "\(action.verb) \(plan.items)"
    } else if isBig {
      word = "\(plan.items)"
    } else {
      return nil
    }
  }

  mutating func take(_ key: Key, at now: MonotonicTime) -> Outcome {
    if case .countdown = step { return .stopped }
    switch field.take(key) {
    case .cancelled: return .stopped
    case .accepted: return accept(at: now)
    default: return .goesOn
    }
  }

  private mutating func accept(at now: MonotonicTime) -> Outcome {
    switch step {
    case .word:
      guard field.text == word else { return .wrong("that is not it; type \(word), or Esc") }
      guard isForEver else { return .confirmed }
      guard takesReason else { return begin(at: now) }
      step = .reason
      field = TextField()
      return .goesOn
    case .reason:
      let text = field.text.trimmed
      guard !text.isEmpty else { return .wrong("say why; the receipt keeps it") }
      reason = String(text.prefix(Self.reasonCharactersMax))
      return begin(at: now)
    case .countdown: return .stopped
    }
  }

  private mutating func begin(at now: MonotonicTime) -> Outcome {
    step = .countdown(from: now)
    return .countsDown(now + .seconds(1))
  }

  /// How many seconds are left.
  func secondsLeft(at now: MonotonicTime) -> Int? {
    guard case .countdown(let start) = step else { return nil }
    let passed = Int((now - start).wholeNanoseconds / 1_000_000_000)
    return max(0, ActionFlow.countdownSeconds - passed)
  }

  /// When the next second has passed; nil when the last one has.
  func nextSecond(after now: MonotonicTime) -> MonotonicTime? {
    guard case .countdown(let start) = step, let left = secondsLeft(at: now), left > 0 else {
      return nil
    }
    return start + .seconds(ActionFlow.countdownSeconds - left + 1)
  }

  var hints: [KeyHint] {
    switch step {
    case .word, .reason: [KeyHint("Enter", "go on"), KeyHint("Esc", "back to the plan")]
    case .countdown: [KeyHint("any key", "stops it")]
    }
  }
}
