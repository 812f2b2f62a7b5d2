// Files, copies and places that the suites of the manifest share; nothing about them is special.

import Ambient
import Digests
import DurableFiles

@testable import Manifest

enum Sample {
  static let path: FilePath = "art/hero.psd"

  static func hot(size: UInt64 = 10, inode: UInt64 = 7, changed: Int64 = 100) -> HotCopy {
    HotCopy(
      details: FileDetails(
        size: size, mode: 0o640, owner: 1_000, group: 1_001, modifiedNanoseconds: -5),
      inode: inode, changedNanoseconds: changed)
  }

  static func stored(key: String = "files/art/hero.psd~1", digest: UInt8 = 1) throws -> StoredCopy {
    StoredCopy(
      digest: try Blake3Digest(bytes: [UInt8](repeating: digest, count: 32)),
      details: hot().details, key: Array(key.utf8), backend: "primary", sealing: nil,
      verified: WallTime(microseconds: 50))
  }

  static func place(_ number: UInt64) -> EventPlace {
    EventPlace(
      sequence: 100 + number, generation: number,
      time: WallTime(microseconds: Int64(1_000 * number)))
  }

  /// What the transitions make of a file that was absent, one after the other.
  static func history(_ transitions: [Transition]) -> Applied {
    var applied = Applied()
    for (index, transition) in transitions.enumerated() {
      applied = FileRow.applying(
        FileEvent(path, transition), at: place(UInt64(index + 1)), to: applied.row)
    }
    return applied
  }

  /// One of every transition, with every optional part there and not there.
  static func everyTransition() throws -> [Transition] {
    var sealed = try stored()
    sealed.sealing = SealingKey(scope: "file:é", version: 3)
    return [
      .written(hot(), .closed), .stored(try stored(), of: 300), .stored(sealed, of: 1),
      .deferred(attempts: 3, until: WallTime(microseconds: -9), fault: "no route to 'cold'"),
      .failed(attempts: 200, fault: ""), .retried, .evicted, .restored(hot()), .vanished, .deleted,
      .adopted(sealed, hot: nil), .adopted(try stored(), hot: hot()), .confirmed(hot()),
      .verified(WallTime(microseconds: 77)), .pinned, .unpinned, .shredded(reason: "asked for"),
      .found(.storedDiffers, detail: "other bytes"),
      .objectRemoved(key: [1, 2, 255], backend: "primary"),
    ]
  }
}
