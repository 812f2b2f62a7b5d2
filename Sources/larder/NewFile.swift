// A file that a command makes from what comes: written beside its name, and given the name when all
// of it is there and right. Until then nobody sees any of it, and a failure leaves nothing.

import Ambient
import Bytes
import ColdStorage
import DurableFiles
import Flags
import Synchronization

/// The target of a download.
final class NewFile: ObjectSink {
  private let path: [UInt8]
  private let replacement: Mutex<AtomicReplace?>

  let isOrdered = false

  /// Makes the temporary file in the directory of the path.
  init(_ path: [UInt8]) throws(Failure) {
    self.path = path
    let slash = path.lastIndex(of: UInt8(ascii: "/"))
    let directory = slash.map { $0 == 0 ? [UInt8(ascii: "/")] : Array(path[..<$0]) } ?? [0x2E]
    do throws(DiskError) {
      let name = try FilePath(bytes: Array(path[(slash.map { $0 + 1 } ?? 0)...]))
      if name == .root { throw .isADirectory(name) }
      let disk = try PosixDisk(root: directory)
      replacement = Mutex(try AtomicReplace(name, mode: 0o644, on: disk, entropy: .live))
    } catch {
      throw Self.failure(path, error)
    }
  }

  func begin(size: UInt64) throws(StorageError) {
    try onFile { (file) throws(DiskError) in
      try file.truncate(to: 0)
      do throws(DiskError) {
        try file.allocate(to: size)
      } catch .unsupported {
        // Then a full disk is found on the way.
      }
    }
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {
    try onFile { (file) throws(DiskError) in try file.write(bytes, at: offset) }
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

  /// Gives the file its name.
  func commit(replacing: Bool) throws(Failure) {
    do throws(DiskError) {
      let ready = replacement.withLock { $0.take() }
      _ = try ready!.commit(replacing: replacing)
    } catch .exists {
      throw .ended(
        .failed, "'\(escaped(path))' exists already; give --replace to replace it")
    } catch {
      throw Self.failure(path, error)
    }
  }

  private static func failure(_ path: [UInt8], _ error: DiskError) -> Failure {
    .ended(.failed, "'\(escaped(path))' was not written: \(error)")
  }
}
