// The way through a tree of any width in bounded memory: a page of names for each level that is
// open. The tree may change meanwhile; what stays is told once, what vanishes first is passed
// over, and links are told and not followed. What cannot be read is told too, and the walk goes on.

/// A walk through everything below a directory, each directory before what it holds.
package struct TreeWalk {
  /// The most names that are held for one level.
  private static let namesPerLevelMax = 256

  /// What the walk came to.
  package enum Step: Equatable {
    case entry(FilePath, FileKind)
    /// A directory that was told before cannot be read, or not to its end.
    case unreadable(FilePath, DiskError)
  }

  private struct Level {
    let path: FilePath
    var entries: ArraySlice<DirectoryEntry> = []
    var next: ListPosition? = .start
  }

  private let disk: any Disk
  /// The directory whose names are told.
  package let start: FilePath
  private var levels: [Level]
  private var entered = false

  /// Starts before the first name below the directory.
  package init(_ path: FilePath, on disk: any Disk) {
    self.disk = disk
    start = path
    levels = [Level(path: path)]
  }

  /// The next step; nil when there is none. Throws when the first directory cannot be read.
  package mutating func next() throws(DiskError) -> Step? {
    entered = false
    while !levels.isEmpty {
      if let entry = levels[levels.count - 1].entries.popFirst() {
        let path = levels[levels.count - 1].path.appending(entry.name)
        if entry.kind == .directory {
          levels.append(Level(path: path))
          entered = true
        }
        return .entry(path, entry.kind)
      }
      if let trouble = try turnPage() { return trouble }
    }
    return nil
  }

  /// Passes over what is below the directory that the last step told.
  package mutating func skipDescendants() {
    if entered { levels.removeLast() }
    entered = false
  }

  /// Reads the next page of the innermost level, or leaves it at its end.
  private mutating func turnPage() throws(DiskError) -> Step? {
    let level = levels[levels.count - 1]
    guard let position = level.next else {
      levels.removeLast()
      return nil
    }
    do throws(DiskError) {
      let page = try disk.list(level.path, from: position, max: Self.namesPerLevelMax)
      levels[levels.count - 1].entries = page.entries[...]
      levels[levels.count - 1].next = page.next
      return nil
    } catch {
      if error == .crashed || level.path == start { throw error }
      levels.removeLast()
      // It was a directory when it was listed, and may be something else or nothing by now.
      switch error {
      case .absent, .notADirectory: return nil
      default: return .unreadable(level.path, error)
      }
    }
  }
}
