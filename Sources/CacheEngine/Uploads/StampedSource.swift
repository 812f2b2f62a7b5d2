// The file that is uploaded, as one opening: what is read is what was looked at, whatever happens to
// its name meanwhile.

internal import ColdStorage
internal import DurableFiles
internal import Manifest

/// An open file that can be looked at again after it was read.
final class StampedSource: ObjectSource {
  private let file: OpenFile
  /// What it was when it was opened.
  let before: HotCopy

  /// Opens a regular file.
  init(_ path: FilePath, on disk: any Disk) throws(DiskError) {
    file = try OpenFile(path, .reading, on: disk)
    before = HotCopy(try file.status)
  }

  var size: UInt64 { before.details.size }

  /// What it is now.
  var now: HotCopy {
    get throws(DiskError) { HotCopy(try file.status) }
  }

  func read(at offset: UInt64, into bytes: inout [UInt8], count: Int) throws(StorageError) {
    do throws(DiskError) {
      let got = try file.read(at: offset, into: &bytes, count: count)
      if got < count { throw .endsEarly(file.path, offset: offset + UInt64(got)) }
    } catch {
      throw .sourceFailed(error)
    }
  }
}
