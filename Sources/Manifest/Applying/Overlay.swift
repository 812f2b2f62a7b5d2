// What is accepted and not yet applied: for each file the newest row, and what the tables have of
// it. The sum of the differences between the two is kept as well, so that counts are of the newest
// rows without looking at any.
//
//   accept ──▶ entry at its sequence ──applied up to there──▶ dropped
//                        └──applied, but not so far──▶ stays, over the tables' newer row

internal import Ambient
internal import DurableFiles

struct Overlay {
  private struct Entry {
    /// The newest row; nil when the file is absent.
    var row: FileRow?
    /// The place of the last event that was accepted.
    var sequence: UInt64
    /// The row that the tables have.
    var kept: FileRow?
  }
  private var entries: [FilePath: Entry] = [:]
  /// What the newest rows add to the tables' counts.
  private(set) var difference = Counts()

  var filesCount: Int { entries.count }
  /// The files that are here, in an order that stays while they do.
  var paths: [FilePath] { Array(entries.keys) }

  /// The newest row of a file that is here.
  enum Answer {
    case row(FileRow?)
    case unknown
  }

  func row(at path: FilePath) -> Answer {
    entries[path].map { .row($0.row) } ?? .unknown
  }

  /// The newest rows of the files that are here, in no order, and what the tables have of each.
  var rows: some Sequence<(row: FileRow?, kept: FileRow?)> {
    entries.values.lazy.map { (row: $0.row, kept: $0.kept) }
  }

  /// Takes an event of a file that is here; nil when it is not.
  mutating func take(_ event: FileEvent, at place: EventPlace) -> Applied? {
    guard let entry = entries[event.path] else { return nil }
    // Accepting an event twice is accepting it once.
    guard place.sequence > entry.sequence else { return Applied(row: entry.row) }
    let applied = FileRow.applying(event, at: place, to: entry.row)
    difference.remove(Share(entry.row))
    difference.add(Share(applied.row))
    entries[event.path]?.row = applied.row
    entries[event.path]?.sequence = place.sequence
    return applied
  }

  /// Puts the newest row of a file over what the tables have of it.
  mutating func put(
    _ row: FileRow?, of path: FilePath, at sequence: UInt64, over kept: FileRow?
  ) {
    entries[path] = Entry(row: row, sequence: sequence, kept: kept)
    difference.remove(Share(kept))
    difference.add(Share(row))
  }

  /// Notes what the tables have of a file now that everything up to the watermark is in them.
  mutating func settle(_ path: FilePath, kept: FileRow?, watermark: UInt64) {
    guard let entry = entries[path] else { return }
    difference.add(Share(entry.kept))
    if entry.sequence <= watermark {
      difference.remove(Share(entry.row))
      entries[path] = nil
    } else {
      difference.remove(Share(kept))
      entries[path]?.kept = kept
    }
  }
}
