// How many receipts denials may leave. Whoever may do nothing may still ask, as often as it likes, and
// each receipt is an event for ever; so there is a budget that fills slowly, and what is denied while
// it is empty leaves no receipt. It is counted, and the next receipt says how many there were.
//
//   full ──denial, recorded──▶ less ──▶ … ──▶ empty ──denial, counted──▶ empty
//     ▲                                         │
//     └────── one more for each interval ◀──────┘

internal import Ambient

/// The receipts that denials may still leave.
struct DenialBudget: Sendable {
  /// The most that are left at once.
  static let receiptsMax = 256
  /// How long until there is one more: 8,640 a day at most, some five megabytes.
  static let interval = Duration.seconds(10)

  private var left = receiptsMax
  private var since: MonotonicTime?
  private var unrecorded = 0

  /// Takes one receipt; returns how many denials before left none, and nil when this one may leave
  /// none either.
  mutating func take(at now: MonotonicTime) -> Int? {
    let begun = since ?? now
    let gained = max(0, (now - begun) / Self.interval)
    let whole = Int(gained.rounded(.down))
    since = left + whole >= Self.receiptsMax ? now : begun + Self.interval * whole
    left = min(Self.receiptsMax, left + whole)
    guard left > 0 else {
      unrecorded += 1
      return nil
    }
    left -= 1
    defer { unrecorded = 0 }
    return unrecorded
  }
}
