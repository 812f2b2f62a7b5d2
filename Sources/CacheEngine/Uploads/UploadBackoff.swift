// What a failed upload means for the next attempt. Most of what fails is the store's or the network's
// and heals by itself, so it is tried again with growing pauses for many hours; what will never go
// well is given up at once. An operator is needed only when the file has failed.

internal import Ambient
internal import ColdStorage

/// When a failed upload is tried again.
struct UploadBackoff: Equatable, Sendable {
  /// What is decided of a failure.
  enum Decision: Equatable, Sendable {
    case again(in: Duration)
    case giveUp
  }

  /// Attempts before a file has failed.
  var attemptsMax: UInt32
  /// The pause behind the first failure; each later one is twice as long.
  var firstPause: Duration
  var pauseMax: Duration

  init(attemptsMax: UInt32, firstPause: Duration, pauseMax: Duration) {
    self.attemptsMax = attemptsMax
    self.firstPause = firstPause
    self.pauseMax = pauseMax
  }

  init(_ settings: RetrySettings) {
    self.init(
      attemptsMax: UInt32(clamping: settings.attemptsMax), firstPause: settings.firstDelay,
      pauseMax: settings.delayMax)
  }

  /// Decides behind the failure of the attempt with this number, the first being 1; `random` draws
  /// the pause between half of its bound and all of it.
  func decide(after error: StorageError, attempt: UInt32, random: UInt64) -> Decision {
    guard Self.mayHeal(error), attempt < attemptsMax else { return .giveUp }
    let bound = min(pauseMax, firstPause * (1 << Int(min(attempt - 1, 20))))
    let half = bound.wholeNanoseconds / 2
    let drawn = Int64(UInt64(half).multipliedFullWidth(by: random).high)
    return .again(in: .nanoseconds(half + drawn))
  }

  /// Whether the next attempt may go well without anybody's help.
  static func mayHeal(_ error: StorageError) -> Bool {
    switch error.kind {
    case .invalidKey, .badMetadata, .tooLarge, .unsupported, .escapes, .occupied: false
    case .absent, .alreadyExists, .preconditionFailed, .integrity, .denied, .expiredCredentials,
      .clockSkew, .diskFull, .throttled, .unavailable, .circuitOpen, .misconfigured, .source,
      .sink, .cancelled:
      true
    }
  }
}
