// The wall clock of a sandbox: the machine's, or as far behind it as a fault wants.

import Ambient
import Synchronization

/// A wall clock that may run behind.
final class SandboxClock: Sendable {
  private let lag = Mutex(Duration.zero)

  /// Sets how far it is behind.
  func run(behind duration: Duration) { lag.withLock { $0 = duration } }

  /// Its face.
  var wall: WallClock {
    WallClock { [self] in WallClock.live.now() + (.zero - lag.withLock { $0 }) }
  }
}
