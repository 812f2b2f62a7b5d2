// The restores that ended lately, for whoever asks what was brought back and how long it took. What is
// older than the last some is in the log.

import Ambient
import Synchronization
import Views

/// The last restores that ended.
final class RecentRestores: Sendable {
  /// How many are remembered.
  static let restoresMax = 64

  private let ended = Mutex<[RestoredView]>([])

  /// Takes one in; it may cost the oldest.
  func add(_ restore: RestoredView) {
    ended.withLock { $0 = [restore] + $0.prefix(Self.restoresMax - 1) }
  }

  /// The newest first.
  var newest: [RestoredView] { ended.withLock { $0 } }
}
