// The depot that the console is measured on: a log of so many files that are all cold, the tables made of
// it, a local cold store and a configuration, all in a directory of the bench's. The load plays the
// depot's server: it writes small files over and over, at a steady pace, and the engine stores them.

import Ambient
import DurableFiles
import EventStore
import Manifest

/// A depot of many files.
final class ConsoleBenchDepot {
  /// What the load writes: so many names, so large, so often.
  static let loadNames = 500
  static let loadBytes = 8_192
  static let loadPause = Duration.milliseconds(20)

  let files: Int
  /// Where the configuration lies.
  let configuration: String
  private let depot: PosixDisk

  /// Makes the log and the tables; takes some minutes where there are millions of files.
  init(_ files: Int, in directory: BenchDirectory) throws(BenchFailure) {
    self.files = files
    let (disk, path) = try directory.freshDisk()
    configuration = "\(path)/larder.json5"
    let text = """
      { depot_path: '\(path)/depot', primary: { type: 'local', path: '\(path)/cold' } }

      """
    do throws(DiskError) {
      try disk.makeDirectory("depot", mode: 0o700)
      try disk.makeDirectory("cold", mode: 0o700)
      try disk.makeDirectories("depot/.p4cache/events", mode: 0o700)
      try OpenFile("larder.json5", .creating(mode: 0o600), on: disk)
        .write(Array(text.utf8), at: 0)
    } catch {
      throw BenchFailure("the depot to measure on was not made: \(error)")
    }
    depot = try directory.disk(at: "\(path)/depot")
    let home = "\(path)/depot/.p4cache"
    let store = try BenchDepot.open(on: directory.disk(at: "\(home)/events"))
    try BenchDepot.append(files, to: store) { number in
      FileEvent(BenchDepot.path(number), .adopted(BenchDepot.stored(number), hot: nil))
    }
    let state = try directory.disk(at: home)
    try manifesting { () throws(ManifestError) in
      let manifest = try Manifest.open(
        .directory(state, path: Array(home.utf8)), log: store.reader,
        ManifestOptions(applying: .inline))
      while try manifest.applyPending() {}
      try manifest.close()
    }
    try storing { () throws(StoreError) in try store.close() }
  }

  /// Writes until it is cancelled.
  func load(until end: Cancellation) -> Worker {
    Worker("load") { [depot] in
      var number = 0
      while !end.wait(timeout: Self.loadPause) {
        number += 1
        let name = FilePath.root.appending("written-\(number % Self.loadNames).psd")
        do throws(DiskError) {
          let file =
            try depot.status(at: name) == nil
            ? try OpenFile(name, .creating(mode: 0o644), on: depot)
            : try OpenFile(name, .writing, on: depot)
          try file.write(
            [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: Self.loadBytes), at: 0)
        } catch {
          // The engine may have the file in its hands; the next one is written instead.
          continue
        }
      }
    }
  }
}
