// The newest snapshot of an engine: made on a thread that the engine wakes, so that the console's loop
// only ever takes what is there. At rest one is made now and then all the same: a console that gets
// none knows that the engine stands still, and says so.

import Ambient
import Synchronization
import Views

/// The newest snapshot there is.
final class NewestSnapshot: Sendable {
  /// How often one is made of an engine at rest.
  private static let beat = Duration.seconds(5)

  private let snapshot: Mutex<EngineSnapshot?>
  private let make: @Sendable () -> EngineSnapshot?
  private let onNews: @Sendable (@escaping @Sendable () -> Void) -> Void

  /// Snapshots by `make`, which answers nil while there is no engine; `onNews` has a closure called
  /// whenever another would be made.
  init(
    _ make: @escaping @Sendable () -> EngineSnapshot?,
    onNews: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
  ) {
    self.make = make
    self.onNews = onNews
    snapshot = Mutex(make())
  }

  /// The newest; the last that there was while there is no engine.
  var value: EngineSnapshot? { snapshot.withLock { $0 } }

  /// Has `wake` called whenever there is a newer one.
  func wake(by wake: @escaping @Sendable () -> Void) {
    onNews { self.renew(wake) }
    Worker("pulse") { [weak self] in
      let never = Cancellation()
      while !never.wait(timeout: Self.beat) {
        guard let self else { return }
        self.renew(wake)
      }
    }.detach()
  }

  private func renew(_ wake: () -> Void) {
    guard let newer = make() else { return }
    let isNewer = snapshot.withLock { snapshot in
      // Two threads make them: the later one counts.
      if let before = snapshot, before.taken > newer.taken { return false }
      snapshot = newer
      return true
    }
    if isNewer { wake() }
  }
}
