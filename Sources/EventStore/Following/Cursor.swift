// A durable place in a region: everything up to it was dealt with. What is taken is told again after a
// crash until it is committed, so each event is dealt with at least once.
//
//   next ──▶ events, position moves in memory ──▶ the caller deals with them ──▶ commit, durable
//                    └── crash: the next opening tells them again ──┘
//
// A cursor is authority. It belongs to one store, one region and one history: what does not fit is
// refused by name, and resetting it is the caller's decision, never a repair.

internal import DurableFiles

/// Why a cursor cannot go on.
public enum CursorFault: Hashable, Sendable {
  /// The file is not what was written; where, and what is wrong there.
  case damaged(DamageSite)
  /// It was made for another store.
  case otherStore
  /// It stands behind the end of the log, which was cut or restored from an old copy.
  case ahead(position: UInt64, last: UInt64)
  /// The event that it stands at is another one than it was.
  case rewritten(position: UInt64)
  /// Somebody has it open; the process, or 0 when that is not known.
  case held(by: Int32)
}

extension CursorFault: CustomStringConvertible {
  /// The rest of a sentence that begins with the cursor.
  public var description: String {
    switch self {
    case .damaged(let site):
      "is damaged (\(site.file) \(site.fault)); reset it to begin its region again"
    case .otherStore: "belongs to another store; reset it or choose another name"
    case .ahead(let position, let last):
      "stands at event \(position) and the log ends at \(last), as after restoring an old copy; "
        + "reset it to begin again"
    case .rewritten(let position):
      "stands at event \(position), which is another one than it was; reset it to begin again"
    case .held(let holder):
      holder > 0 ? "is in use by process \(holder)" : "is in use by somebody else"
    }
  }
}

/// A durable place in a region, held by one reader at a time.
public struct Cursor: ~Copyable {
  public let name: String
  public let region: Region
  /// Everything up to this sequence is dealt with, durably.
  public var position: UInt64 { record.slot.position }
  /// Everything up to this sequence was told by `next`.
  public private(set) var toldUpTo: UInt64

  private let reader: EventReader
  private let file: OpenFile
  private var record: CursorRecord

  init(_ record: CursorRecord, _ file: consuming OpenFile, _ reader: EventReader) {
    name = record.name
    region = record.region
    toldUpTo = record.slot.position
    self.record = record
    self.file = file
    self.reader = reader
  }

  /// The next events of the region, without waiting; their work is bounded, so a page may be empty
  /// before the end is reached.
  public mutating func next(limit: Int = 100) throws(StoreError) -> Page {
    let page = try reader.events(in: region, after: toldUpTo, limit: limit)
    toldUpTo = max(toldUpTo, page.position)
    return page
  }

  /// Makes it durable that everything told so far is dealt with.
  ///
  /// After a throw the place is the one before or this one; the next commit settles it.
  public mutating func commit() throws(StoreError) {
    guard toldUpTo != position else { return }
    let next = record.advanced(to: toldUpTo, try reader.commitment(of: toldUpTo))
    do throws(DiskError) {
      try file.write(next.encodedSlot, at: next.slotOffset)
      try file.sync()
    } catch {
      throw StoreError(error)
    }
    record = next
  }

  /// Goes back to the last place that was committed, as a crash would.
  public mutating func rewind() {
    toldUpTo = position
  }
}
