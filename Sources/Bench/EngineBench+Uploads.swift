// How fast an engine stores many small files that it finds: each is looked at, written down, sent, compared
// with what the store says, and written down again. Beside it, the calls that a local store cannot do
// without, by as many threads.

import Ambient
import CacheEngine
import DurableFiles
import Synchronization
import Views

extension EngineBench {
  private static let smallBytes = 16 << 10
  private static let patience = Duration.seconds(1_800)

  private func name(_ number: Int) -> FilePath {
    FilePath.root.appending("d\(number / 1_000)").appending("file-\(number)")
  }

  /// A depot of small files that no engine has seen.
  private func filled() throws(BenchFailure) -> (disk: PosixDisk, path: String) {
    let (disk, path) = try directory.freshDisk()
    var bytes = [UInt8](repeating: 0x41, count: Self.smallBytes)
    for number in 0..<options.uploads {
      if number % 1_000 == 0 {
        try filing { () throws(DiskError) in
          try disk.makeDirectory(name(number).parent, mode: 0o755)
        }
      }
      for index in 0..<8 { bytes[index] = UInt8(truncatingIfNeeded: number >> (index * 8)) }
      try ColdReads.write(name(number), bytes, on: disk)
    }
    return (disk, path)
  }

  /// Files a second, from the engine's start until all of them are stored.
  func uploads() throws(BenchFailure) -> Double {
    let (_, path) = try filled()
    let cold = try directory.fresh()
    let engine = try ColdReads.engine(depot: path, cold: cold)
    let begun = clock.now()
    engine.start()
    let count = UInt64(options.uploads)
    try ColdReads.wait(clock, Self.patience, "storing the files") {
      engine.snapshot().uploads.stored >= count
    }
    let seconds = (clock.now() - begun).inSeconds
    try engining { () throws(EngineError) in try engine.stop() }
    for path in [path, cold] { try directory.discard(path) }
    return Double(count) / seconds
  }

  /// Files a second by bare calls.
  func bareUploads() throws(BenchFailure) -> Double {
    let (disk, path) = try filled()
    let (cold, coldPath) = try directory.freshDisk()
    let failed = Mutex<DiskError?>(nil)
    let count = options.uploads
    try filing { () throws(DiskError) in
      for number in stride(from: 0, to: count, by: 1_000) {
        try cold.makeDirectory(name(number).parent, mode: 0o755)
      }
    }
    let begun = clock.now()
    let names = (0..<count).map(name)
    Worker.each(Self.hands, named: "bench") { hand in
      do throws(DiskError) {
        for number in stride(from: hand, to: count, by: Self.hands) {
          try ColdReads.copy(names[number], from: disk, to: names[number], on: cold)
        }
      } catch {
        failed.withLock { $0 = error }
      }
    }
    let seconds = (clock.now() - begun).inSeconds
    if let error = failed.withLock({ $0 }) { throw BenchFailure("\(error)") }
    for path in [path, coldPath] { try directory.discard(path) }
    return Double(count) / seconds
  }
}
