// What changed below a directory, told as it happens. Three watchers stand behind one door, each
// for where the better one is refused:
//
//   fanotify   one mark on the file system, any number of directories, the writer known
//   inotify    one watch a directory, the writer not known
//   scan       the whole tree compared now and then; any disk at all
//
// Events are a hint to look, at least once each: what is told may be gone by then, and a file that
// appears in a new directory may be told twice. None is lost without saying so: `overflow` means
// that the tree must be looked through. Telling begins when the watcher has been made.

package import Ambient

/// Something that happened to a name below the watched directory.
package enum Change: Hashable, Sendable {
  /// The name appeared. If it is a file that someone writes, `written` follows.
  case created(FilePath)
  /// A file was closed by one who had it open for writing, or arrived from elsewhere as it is.
  case written(FilePath)
  /// The name moved, with everything below it. A directory must be looked through: what was told
  /// of it just before may have been looked for in vain.
  case moved(from: FilePath, to: FilePath)
  /// The name is gone, with everything below it, or moved to where nobody watches.
  case removed(FilePath)
  /// Events were lost; the tree must be looked through.
  case overflow
}

/// A change, and what is known of it.
package struct ChangeEvent: Hashable, Sendable {
  package let change: Change
  package let isDirectory: Bool
  /// Who did it, where the kernel says so.
  package let process: Int32?
  /// The user that process had when the event was read; nil when it had ended by then.
  package let user: UInt32?

  package init(
    _ change: Change, isDirectory: Bool = false, process: Int32? = nil, user: UInt32? = nil
  ) {
    self.change = change
    self.isDirectory = isDirectory
    self.process = process
    self.user = user
  }
}

/// How a watcher learns of changes.
package enum WatchMechanism: String, Sendable {
  case fanotify, inotify, scan
}

/// Tells what changed below a directory.
package protocol ChangeWatcher: AnyObject, Sendable {
  /// How it learns of changes.
  var mechanism: WatchMechanism { get }
  /// What happened since the last call, oldest first; waits for something at most for `timeout`.
  ///
  /// Empty when nothing happened; nil once stopped. One thread asks.
  func next(timeout: Duration) throws(DiskError) -> [ChangeEvent]?
  /// Ends the wait of whoever asks, and all telling.
  func stop()
}

extension ChangeWatcher {
  /// Passes on everything until the watcher is stopped or the box is closed; a full box slows this
  /// thread and, in the end, makes the kernel's queue overflow, which is told like anything else.
  package func run(into box: Mailbox<ChangeEvent>) throws(DiskError) {
    while let events = try next(timeout: .seconds(60)) {
      for event in events where box.send(event) == .closed { return }
    }
  }
}

extension PosixDisk {
  /// The best watcher that the kernel grants for this disk, for all of it but what is below
  /// `excluded`; a scan looks every `interval`.
  package func watch(
    excluding excluded: [FilePath] = [], scanningEvery interval: Duration, clock: MonotonicClock,
    pause: Pause
  ) throws(DiskError) -> any ChangeWatcher {
    do throws(DiskError) {
      return try FanotifyWatcher(on: self, excluding: excluded)
    } catch {
      guard error.isRefusalToWatch else { throw error }
    }
    do throws(DiskError) {
      return try InotifyWatcher(on: self, excluding: excluded)
    } catch {
      guard error.isRefusalToWatch else { throw error }
    }
    return try ScanWatcher(
      on: self, excluding: excluded, every: interval, clock: clock, pause: pause)
  }
}

extension DiskError {
  /// Whether what was looked for is gone, or something else stands there by now.
  var isOfSomethingGone: Bool {
    switch self {
    case .absent, .notADirectory, .escapes: true
    default: false
    }
  }

  /// Whether the kernel or the file system will not watch, rather than the directory being at fault.
  fileprivate var isRefusalToWatch: Bool {
    switch self {
    case .denied, .unsupported, .crossesFileSystems, .watchesExhausted, .tooManyOpenFiles,
      .system:
      true
    default: false
    }
  }
}
