// The files of a large depot, by number: what each is called and what is known of it. Nothing of them is
// on any disk; they are rows.

import Ambient
import Digests
import DurableFiles
import EventStore
import Manifest

/// Files that are made up.
enum BenchDepot {
  /// The path of a file: a hundred files a directory, a hundred directories one above.
  static func path(_ number: Int) -> FilePath {
    let bytes = "depot/d\(number / 10_000)/e\(number / 100 % 100)/file-\(number).psd"
    do throws(DiskError) { return try FilePath(bytes) } catch {
      preconditionFailure("the bench's paths are valid: \(error)")
    }
  }

  static func details(_ number: Int) -> FileDetails {
    FileDetails(
      // Sizes that look drawn, and are the same whenever somebody asks.
      size: UInt64(truncatingIfNeeded: number &* 2_654_435_761) % (1 << 20), mode: 0o644,
      owner: 1_000, group: 1_000,
      modifiedNanoseconds: 1_700_000_000_000_000_000 + Int64(number))
  }

  static func hot(_ number: Int) -> HotCopy {
    let details = details(number)
    return HotCopy(
      details: details, inode: UInt64(number), changedNanoseconds: details.modifiedNanoseconds)
  }

  static func stored(_ number: Int) -> StoredCopy {
    StoredCopy(
      digest: Blake3.digest(of: Array("\(number)".utf8).span), details: details(number),
      key: Array("files/\(path(number))".utf8), backend: "primary", sealing: nil,
      verified: WallTime(seconds: 1_700_000_000))
  }

  /// An event store for them.
  static func open(on disk: PosixDisk) throws(BenchFailure) -> EventStore {
    try storing { () throws(StoreError) in
      var options = StoreOptions()
      FileEvent.register(in: &options.payloads)
      return try EventStore.open(on: disk, options)
    }
  }

  /// Appends so many events, in batches as large as may be.
  static func append(
    _ count: Int, to store: EventStore, _ event: (Int) -> FileEvent
  ) throws(BenchFailure) {
    let batch = EventStoreLimits.batchEventsMax
    for start in stride(from: 0, to: count, by: batch) {
      let events = (start..<min(count, start + batch)).map { event($0).event(judged: nil) }
      try storing { () throws(StoreError) in _ = try store.append(batch: events) }
    }
  }
}

/// Runs the body with the manifest's word as a failure of the bench.
func manifesting<Result>(
  _ body: () throws(ManifestError) -> Result
) throws(BenchFailure) -> Result {
  do throws(ManifestError) { return try body() } catch { throw BenchFailure("\(error)") }
}
