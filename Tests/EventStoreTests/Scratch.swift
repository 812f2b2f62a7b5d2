// A directory of a test's own, and short spellings of events.

import Ambient
import DurableFiles
import EventStore

/// A fresh directory with a disk rooted in it, removed at the end.
final class Scratch {
  let path: String
  let disk: PosixDisk
  private let parent: PosixDisk
  private let name: FilePath

  init() throws {
    parent = try PosixDisk(root: "/tmp")
    name = FilePath.root.appending("larder-events-\(Entropy.live.word())")
    try parent.makeDirectory(name, mode: 0o700)
    path = "/tmp/\(name)"
    disk = try PosixDisk(root: path)
  }

  deinit {
    do { try parent.removeTree(name) } catch { preconditionFailure("\(error)") }
  }
}

extension NewEvent {
  static func of(
    _ entity: String, _ text: String, scope: String = "test",
    kind: EventKind = EventKind(category: 1, type: 1)!
  ) -> NewEvent {
    do throws(StoreError) {
      return NewEvent(
        try Coordinate(entity: entity, scope: scope), kind: kind, payload: Array(text.utf8))
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
