// A watcher that loses what it was told while a fault is staged, and says so as the kernel does: by an
// overflow and nothing else.

import DurableFiles
import Synchronization

/// A watcher that may lose events.
final class StagedWatcher: ChangeWatcher {
  private let inner: any ChangeWatcher
  private let stage: Stage

  init(_ inner: any ChangeWatcher, _ stage: Stage) {
    self.inner = inner
    self.stage = stage
  }

  var mechanism: WatchMechanism { inner.mechanism }

  func next(timeout: Duration) throws(DiskError) -> [ChangeEvent]? {
    guard let events = try inner.next(timeout: timeout) else { return nil }
    guard !events.isEmpty, stage.losesEvents() else { return events }
    return [ChangeEvent(.overflow)]
  }

  func stop() { inner.stop() }
}
