// How a transition changes a row: the one place where the state of a file is decided.
//
//              written                   stored, of these bytes
//   (absent) ───────────▶ dirty ─────────────────────────────────▶ clean·hot
//                         ▲ │ ▲ deferred: deadline set           evicted │ ▲ restored,
//                 retried │ │ └─────┘                            vanished▼ │ confirmed
//                       failed ◀── budget spent                  clean·cold
//
//   any ── deleted ──▶ (absent)     clean ── shredded ──▶ shredded     dirty ── vanished ──▶ (absent),
//                                                 or clean·cold with the older bytes that are stored
//
// Applying never fails, because a manifest that stops serves nobody. A transition that makes no
// sense on a row leaves it as it is and says so; where a hot copy is in doubt the row is dirty,
// which costs an upload and never a file.

public import Ambient
public import EventStore

/// Where and when an event stands.
public struct EventPlace: Hashable, Sendable {
  /// Its sequence in the log.
  public let sequence: UInt64
  /// Its sequence in the stream of its file.
  public let generation: UInt64
  public let time: WallTime

  public init(sequence: UInt64, generation: UInt64, time: WallTime) {
    self.sequence = sequence
    self.generation = generation
    self.time = time
  }
}

extension EventPlace {
  /// Where an event with this header stands.
  public init(_ header: EventHeader) {
    self.init(
      sequence: header.sequence, generation: header.streamSequence, time: header.time)
  }
}

/// What an event has made of a file.
public struct Applied: Hashable, Sendable {
  /// The row as it is now; nil when the file is absent.
  public var row: FileRow?
  /// A stored copy that the row no longer needs; its object may be removed.
  public var orphan: StoredCopy?
  /// Why the event made no sense on the row as it was; nil when it did.
  public var oddity: String?
}

extension FileRow {
  /// The row of a file after an event, from the row before it.
  public static func applying(_ event: FileEvent, at place: EventPlace, to before: FileRow?)
    -> Applied
  {
    guard var row = before else { return beginning(event, at: place) }
    switch row.apply(event.transition, at: place) {
    case .odd(let oddity, let orphan):
      row.generation = place.generation
      row.sequence = place.sequence
      return Applied(row: row, orphan: orphan, oddity: oddity)
    case .gone(let orphan): return Applied(row: nil, orphan: orphan)
    case .changed(let orphan):
      if row.state != before?.state || row.isHot != before?.isHot { row.changed = place.time }
      if event.transition.bringsHotCopy { row.accessed = max(row.accessed, place.time) }
      row.generation = place.generation
      row.sequence = place.sequence
      return Applied(row: row, orphan: orphan)
    }
  }

  /// The row of a file that was absent.
  private static func beginning(_ event: FileEvent, at place: EventPlace) -> Applied {
    var row = FileRow(
      path: event.path, state: .dirty, hot: nil, stored: nil, attempts: 0, retryAt: nil,
      lastFault: nil, isPinned: false, created: place.time, changed: place.time,
      accessed: place.time, generation: place.generation, writtenGeneration: place.generation,
      sequence: place.sequence)
    switch event.transition {
    case .written(let hot, _): row.hot = hot
    case .adopted(let stored, let hot):
      row.state = .clean
      row.stored = stored
      row.hot = hot
    case .stored(let stored, _):
      // The file was deleted while it was uploaded: nobody needs the object.
      return Applied(row: nil, orphan: stored)
    case .objectRemoved, .deleted, .vanished, .deferred, .failed, .found:
      return Applied(row: nil)
    case .restored(let hot):
      return Applied(row: doubtful(&row, hot), oddity: "restored, and nothing was stored")
    case .confirmed(let hot):
      return Applied(row: doubtful(&row, hot), oddity: "confirmed, and nothing was stored")
    case .retried, .evicted, .verified, .pinned, .unpinned, .shredded:
      return Applied(row: nil, oddity: "'\(event.transition.name)' of a file that is absent")
    }
    return Applied(row: row)
  }

  private static func doubtful(_ row: inout FileRow, _ hot: HotCopy) -> FileRow {
    row.hot = hot
    return row
  }

  private enum Outcome {
    case changed(orphan: StoredCopy?)
    case gone(orphan: StoredCopy?)
    case odd(String, orphan: StoredCopy? = nil)
  }

  private mutating func apply(_ transition: Transition, at place: EventPlace) -> Outcome {
    switch transition {
    case .written(let copy, _):
      hot = copy
      settle(.dirty)
      writtenGeneration = place.generation
    case .stored(let copy, let of):
      return take(copy, of: of)
    case .deferred(let attempts, let until, let fault):
      guard state == .dirty else { return odd(transition) }
      self.attempts = attempts
      retryAt = until
      lastFault = fault
    case .failed(let attempts, let fault):
      guard isAtRisk else { return odd(transition) }
      state = .failed
      self.attempts = attempts
      retryAt = nil
      lastFault = fault
    case .retried:
      guard isAtRisk else { return odd(transition) }
      settle(.dirty)
    case .evicted:
      guard state == .clean, isHot else { return odd(transition) }
      hot = nil
    case .restored(let copy), .confirmed(let copy):
      guard state == .clean, stored != nil else {
        if isAtRisk || state == .shredded { return odd(transition) }
        hot = copy
        settle(.dirty)
        return .odd("'\(transition.name)' of a file of which nothing is stored")
      }
      hot = copy
    case .vanished:
      guard isHot else { return odd(transition) }
      hot = nil
      // Dirty bytes that somebody removed are gone; what was stored before them is not.
      if stored == nil { return .gone(orphan: nil) }
      settle(.clean)
    case .deleted: return .gone(orphan: stored)
    case .adopted(let copy, let found):
      if isAtRisk, found == nil { return odd(transition) }
      let orphan = stored.flatMap { $0.isSameObject(as: copy) ? nil : $0 }
      stored = copy
      hot = found ?? hot
      settle(.clean)
      return .changed(orphan: orphan)
    case .verified(let time):
      guard stored != nil else { return odd(transition) }
      stored?.verified = time
    case .pinned: isPinned = true
    case .unpinned: isPinned = false
    case .shredded:
      let orphan = stored
      hot = nil
      stored = nil
      settle(.shredded)
      return .changed(orphan: orphan)
    case .found(_, let detail): lastFault = detail
    case .objectRemoved: break
    }
    return .changed(orphan: nil)
  }

  /// Takes what was uploaded. Bytes that were written meanwhile stay dirty: the copy is of older ones.
  private mutating func take(_ copy: StoredCopy, of generation: UInt64) -> Outcome {
    let orphan = stored.flatMap { $0.isSameObject(as: copy) ? nil : $0 }
    guard isAtRisk else {
      if state == .clean, stored?.digest == copy.digest {
        stored = copy
        return .changed(orphan: orphan)
      }
      return .odd("'stored' of a file that is \(state)", orphan: copy)
    }
    stored = copy
    if generation == writtenGeneration { settle(.clean) }
    return .changed(orphan: orphan)
  }

  private mutating func settle(_ new: FileState) {
    state = new
    attempts = 0
    retryAt = nil
    lastFault = nil
  }

  private func odd(_ transition: Transition) -> Outcome {
    .odd("'\(transition.name)' of a file that is \(state)\(isHot ? ", hot" : "")")
  }
}

extension Transition {
  /// Whether the file has a hot copy by it that was not there, or not with these bytes.
  fileprivate var bringsHotCopy: Bool {
    switch self {
    case .written, .restored: true
    case .adopted(_, let hot): hot != nil
    default: false
    }
  }
}

extension StoredCopy {
  /// Whether both name one object.
  public func isSameObject(as other: StoredCopy) -> Bool {
    key == other.key && backend == other.backend
  }
}
