// Whether everything is where it should be. The hands rest, the fault is lifted, the engine gets the time that
// it needs; then its manifest is compared with the book row by row, and every file is read back through
// the socket. A difference is told and never explained away.

import Ambient
import CacheEngine
import Digests
import DurableFiles
package import Manifest
import Synchronization
import Telemetry

extension DemoDepot {
  /// How long the engine has to store what is dirty once nothing hinders it.
  private static let settlingMax = Duration.seconds(120)
  private static let lookPause = Duration.milliseconds(100)
  /// Files that are read back side by side.
  private static let readers = 8
  /// The most files that are read back at the end; of more, every so many.
  private static let readBackMax = 20_000
  /// How long a refusal is tried again: a circuit that opened during a fault closes within this.
  private static let refusalMax = Duration.seconds(30)

  /// What the workload has done so far.
  package var chores: ChoreCounts { crew.chores }

  /// What the manifest counts; nil while there is no engine.
  package func counts() -> Counts? { engine?.fileCounts }

  /// Brings the workload to its end, and compares. The demo does nothing more then but end.
  package func reckon() -> Reckoning {
    rest()
    ground.stage.calm()
    if options.fault?.needsRestart == true { restart() }
    var reckoning = Reckoning(fault: options.fault, isStaged: isStaged)
    let differences = settle()
    let books = crew.books
    reckoning.chores = crew.chores
    reckoning.standing = books.reduce(0) { $0 + $1.standing.count }
    reckoning.damaged = books.reduce(0) { $0 + $1.damagedEver }
    reckoning.differences = books.flatMap(\.differences) + differences
    readBack(books, into: &reckoning)
    reckoning.counts = counts() ?? Counts()
    reckoning.engine = figures()
    return reckoning
  }

  /// Waits until the manifest agrees with the books and nothing is dirty; what still differs then.
  private func settle() -> [String] {
    let deadline = MonotonicClock.live.now() + Self.settlingMax
    var differences: [String] = []
    repeat {
      crew.settle()
      let books = crew.books
      let standing = books.reduce(0) { $0 + $1.standing.count }
      let counts = counts() ?? Counts()
      // The whole comparison is worth its while once the sums agree.
      if counts.total.files == Int64(standing), counts[.dirty].files == 0 {
        differences = compare(books)
        if differences.isEmpty { return [] }
      } else {
        differences = [
          "the manifest has \(counts.total.files) files, \(counts[.dirty].files) of them dirty, "
            + "and \(standing) should be there, all of them stored"
        ]
      }
      _ = Pause.live.wait(Self.lookPause, nil)
    } while MonotonicClock.live.now() < deadline
    return differences
  }

  /// What differs between the books and the manifest.
  private func compare(_ books: [Book]) -> [String] {
    guard let engine else { return ["the engine is not open"] }
    var differences: [String] = []
    do throws(EngineError) {
      for book in books {
        for (path, edition) in book.standing where differences.count < Book.differencesMax {
          if let fault = fault(of: try engine.row(at: path), edition, path) {
            differences.append(fault)
          }
        }
        differences += book.owed.map { "\($0) was deleted, and that was never confirmed" }
      }
      let (kept, counted) = try engine.recount()
      if kept != counted { differences.append("the manifest's counts are not those of its rows") }
    } catch {
      differences.append("\(error)")
    }
    return differences
  }

  /// What is wrong with a row; nil when nothing is.
  private func fault(of row: FileRow?, _ edition: Edition, _ path: FilePath) -> String? {
    guard let row else { return "\(path) is not in the manifest" }
    guard row.size == UInt64(edition.size) else {
      return "\(path) has \(row.size) bytes in the manifest and not \(edition.size)"
    }
    switch row.state {
    case .clean:
      return row.stored?.digest == Blake3.digest(of: edition.bytes)
        ? nil : "\(path) is stored with other bytes than were written"
    case .dirty, .failed: return row.isHot ? nil : "\(path) is \(row.state) and nowhere"
    case .shredded: return "\(path) is shredded, and nobody shredded it"
    }
  }

  // MARK: - Reading back

  private func readBack(_ books: [Book], into reckoning: inout Reckoning) {
    let all = books.flatMap { book in
      book.standing.map {
        (path: $0.key, edition: $0.value, isDamaged: book.damaged.contains($0.key))
      }
    }
    let step = max(1, (all.count + Self.readBackMax - 1) / Self.readBackMax)
    let next = Mutex(0)
    let told = Mutex(ReadBack())
    Worker.each(Self.readers, named: "read-back") { [self] _ in
      while true {
        let index = next.withLock { index in
          defer { index += step }
          return index
        }
        guard index < all.count else { return }
        let file = all[index]
        let upshot = read(file.path, file.edition, isDamaged: file.isDamaged)
        told.withLock { $0.note(upshot, file.path, isDamaged: file.isDamaged) }
      }
    }
    reckoning.readBack = told.withLock { $0 }
    reckoning.differences += reckoning.readBack.differences
  }

  /// Reads one file, again while that is refused for a reason that passes.
  private func read(_ path: FilePath, _ edition: Edition, isDamaged: Bool) -> Upshot {
    let deadline = MonotonicClock.live.now() + Self.refusalMax
    while true {
      let upshot = crew.readBack(path, edition)
      guard case .refused = upshot, !isDamaged, MonotonicClock.live.now() < deadline else {
        return upshot
      }
      _ = Pause.live.wait(Self.lookPause, nil)
    }
  }

  // MARK: - Figures

  /// What the engine counted, by the short names of the report.
  private func figures() -> [(name: String, value: UInt64)] {
    let snapshot = ground.metrics.snapshot()
    return Self.figures.map { name, metric in
      let series = snapshot.first { $0.name == metric }?.series ?? []
      let sum = series.reduce(UInt64(0)) { sum, series in
        if case .count(let count) = series.value { sum + count } else { sum }
      }
      return (name, sum)
    }
  }

  private static let figures = [
    ("uploads", "p4cache_uploads_total"), ("uploadFailures", "p4cache_upload_failures_total"),
    ("evictions", "p4cache_evictions_total"), ("restores", "p4cache_restores_total"),
    ("hits", "p4cache_fetch_hits_total"), ("deletes", "p4cache_deletes_total"),
    ("objectsRemoved", "p4cache_objects_removed_total"), ("changes", "p4cache_changes_total"),
    ("overflows", "p4cache_watcher_overflows_total"), ("rescans", "p4cache_rescans_total"),
  ]
}
