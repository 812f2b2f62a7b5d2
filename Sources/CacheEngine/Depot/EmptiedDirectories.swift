// Directories that files have left. They are removed some time later, if they hold nothing then: whoever
// works in a directory would else find it gone between two of its own calls. The list is in memory; what
// it forgets at its bound, or with the process, stays as an empty directory.

internal import Ambient
internal import DurableFiles

/// Directories that may be empty.
struct EmptiedDirectories: Sendable {
  /// The most directories that wait.
  static let directoriesMax = 65_536
  /// How long a directory must have been left alone.
  static let restingTime = Duration.seconds(60)
  /// The most that are looked at in one sweep.
  static let sweepMax = 1_024

  /// When each is looked at; nil for the next time.
  private var waiting: [FilePath: WallTime?] = [:]

  var count: Int { waiting.count }

  /// Notes a directory, to be looked at from then on.
  mutating func note(_ directory: FilePath, until time: WallTime? = nil) {
    guard directory != .root, waiting.count < Self.directoriesMax || waiting[directory] != nil
    else {
      return
    }
    waiting[directory] = .some(time)
  }

  /// Takes out those whose time has come.
  mutating func take(at now: WallTime) -> [FilePath] {
    // A time that lies further ahead than any that was noted is from before the clock was set back.
    let due = waiting.filter { _, time in
      time.map { $0 <= now || $0 - now > Self.restingTime } ?? true
    }
    let taken = due.keys.sorted().prefix(Self.sweepMax)
    for directory in taken { waiting[directory] = nil }
    return Array(taken)
  }
}
