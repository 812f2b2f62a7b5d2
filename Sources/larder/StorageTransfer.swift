// A transfer to or from a cold store as a command sees it: the work on a thread of its own, and this
// thread drawing how far it has come.

import Ambient
import Bytes
import ColdStorage
import DurableFiles
import Flags

/// Runs a transfer and shows its progress where a person is looking.
func transferring<Result: Sendable>(
  _ label: String, total: UInt64?, _ output: Output,
  _ body: @escaping @Sendable (@escaping Progress) throws(StorageError) -> Result
) throws(Failure) -> Result {
  let transfer = Monitor(RunningTransfer<Result>())
  let worker = Worker("transfer") {
    let outcome: Swift.Result<Result, StorageError>
    do throws(StorageError) {
      outcome = .success(try body { done in transfer.withLock { $0.bytesDone = done } })
    } catch {
      outcome = .failure(error)
    }
    transfer.change { $0.outcome = outcome }
  }
  var line = output.progress(label, .bytes, total: total.map { Int64(clamping: $0) })
  while true {
    if let outcome = transfer.wait(timeout: ProgressLine.interval, until: \.outcome) {
      line.end()
      worker.join()
      return try reporting { () throws(StorageError) in try outcome.get() }
    }
    line.update(done: Int64(clamping: transfer.withLock(\.bytesDone)))
  }
}

private struct RunningTransfer<Value: Sendable>: Sendable {
  var bytesDone: UInt64 = 0
  var outcome: Result<Value, StorageError>?
}

/// A file that a person named, as the source of an upload.
final class UserFileSource: ObjectSource {
  private let file: UserFile
  private let name: FilePath
  let size: UInt64

  /// Opens the file; a pipe is refused, for its size is not known before its end.
  init(_ path: [UInt8]) throws(Failure) {
    do throws(DiskError) {
      file = try UserFile(bytes: path)
      name = try FilePath(bytes: Array(path.split(separator: UInt8(ascii: "/")).last ?? []))
      guard let size = try file.size else {
        throw .notRegular(name)
      }
      self.size = size
    } catch {
      throw .ended(.failed, "'\(escaped(path))' cannot be stored: \(error)")
    }
  }

  func read(
    at offset: UInt64, into bytes: inout [UInt8], count: Int
  ) throws(StorageError) {
    do throws(DiskError) {
      let got = try file.read(at: offset, into: &bytes, count: count)
      if got < count { throw .endsEarly(name, offset: offset + UInt64(got)) }
    } catch {
      throw .sourceFailed(error)
    }
  }
}
