// A download that becomes a file at once: written beside its name, and given the name when all of it
// is there and right. Until then nobody sees any of it, and a sink that is let go leaves nothing.

import Ambient
package import DurableFiles
import Synchronization

/// A file that takes its name when it is complete.
package final class ReplacingSink: ObjectSink {
  private let replacement: Mutex<AtomicReplace?>

  /// Takes the unfinished file over.
  package init(_ replacement: consuming AtomicReplace) {
    self.replacement = Mutex(replacement)
  }

  package var isOrdered: Bool { false }

  /// Reserves the space, so that a full disk is found before the bytes travel.
  package func begin(size: UInt64) throws(StorageError) {
    try onFile { (file) throws(DiskError) in
      try file.truncate(to: 0)
      do throws(DiskError) {
        try file.allocate(to: size)
      } catch .unsupported {
        // Then a full disk is found on the way.
      }
    }
  }

  package func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {
    try onFile { (file) throws(DiskError) in try file.write(bytes, at: offset) }
  }

  /// Gives the file its name, durably; `.exists` when there is one and it may not be replaced.
  package func commit(replacing: Bool) throws(DiskError) {
    let ready = replacement.withLock { $0.take() }
    _ = try ready!.commit(replacing: replacing)
  }

  private func onFile(
    _ body: (borrowing OpenFile) throws(DiskError) -> Void
  ) throws(StorageError) {
    do throws(DiskError) {
      try replacement.withLock { (replacement) throws(DiskError) in
        switch replacement {
        case .some(let replacement): try body(replacement.file)
        case .none: preconditionFailure("nothing comes for a file that is in place")
        }
      }
    } catch {
      throw .sinkFailed(error)
    }
  }
}
