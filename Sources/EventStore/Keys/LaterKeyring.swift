// The keys of a reader that began before its store had any. A writer may turn keys on at any time;
// before the first payload is sealed the store says so, and the log grows. So whenever it has grown
// the reader looks again, and from the moment it finds the keys on it has them.

internal import DurableFiles
internal import Synchronization

final class LaterKeyring: Sendable {
  private struct State {
    var keyring: Keyring?
    /// How far the log could be seen when there were no keys yet.
    var lookedAt: UInt64?
  }

  private let disk: any Disk
  private let source: KeySource
  private let state = Mutex(State())

  init(_ disk: any Disk, _ source: KeySource) {
    self.disk = disk
    self.source = source
  }

  /// The keys, once they were found.
  var found: Keyring? { state.withLock(\.keyring) }

  /// Looks for keys in a store whose log has grown.
  func look(_ box: CatalogBox) throws(StoreError) {
    let visible = box.current.visible
    let isSettled = state.withLock { $0.keyring != nil || $0.lookedAt == visible }
    if isSettled { return }
    let keyring = try Keyring.reading(on: disk, source, EventReader(box: box))
    state.withLock { state in
      state.lookedAt = visible
      if state.keyring == nil { state.keyring = keyring }
    }
  }
}
