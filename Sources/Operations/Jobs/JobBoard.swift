// What is to be done next, for all jobs that are not closed: a value, told what happened and asked for
// the next step. It hands out items in order, takes turns between jobs, gathers outcomes, and says
// when they are to be recorded. It knows no clock, thread or store.
//
//   waiting to begin ──work──▶ in hand ──outcome──▶ unrecorded ──record──▶ settled
//          ▲                      │
//          └──── given back ◀─────┘
//
// An item is settled when its outcome is in the log and not before, so a crash anywhere gives items
// back that were in hand or unrecorded, and never loses one.

internal import Ambient
internal import Digests

/// What is to be done next, for all open jobs.
struct JobBoard: Sendable {
  /// One thing to do.
  enum Step: Equatable, Sendable {
    case work(JobID, index: Int)
    /// Record these outcomes; and, with `closes`, that the job has ended.
    case record(JobID, SettledRuns, bytesDone: UInt64, closes: Bool)
  }

  /// How often outcomes are recorded.
  struct Pace: Sendable {
    var items = OperationsLimits.recordItemsMax
    var interval = OperationsLimits.recordInterval
  }

  /// One open job.
  struct Entry: Sendable {
    /// As the log has it.
    var record: JobRecord
    /// How many items may be in hand; 0 when nobody knows how to do them.
    let itemsAtOnceMax: Int
    var inHand: Set<Int> = []
    /// Outcomes that are not in the log yet.
    var unrecorded = SettledRuns()
    var unrecordedBytes: UInt64 = 0
    var unrecordedSince: MonotonicTime?
    /// Settled, unrecorded or in hand.
    var begun: IndexRanges
    /// Everything below it is begun.
    var next = 0
    /// Items that were given back.
    var returned: [Int] = []
    var isRecording = false
    /// Why it goes no further until it is told to resume.
    var stall: String?

    init(_ record: JobRecord, itemsAtOnceMax: Int) {
      self.record = record
      self.itemsAtOnceMax = itemsAtOnceMax
      begun = record.settled
    }
  }

  private(set) var entries: [Entry] = []
  private var turn = 0
  private let pace: Pace
  /// Nothing more is begun.
  var isStopping = false

  init(pace: Pace = Pace()) {
    self.pace = pace
  }

  // MARK: - Being told

  mutating func add(_ entry: Entry) {
    entries.append(entry)
  }

  /// An item came to something, or to nothing when it was given back undone.
  mutating func noteOutcome(
    _ outcome: ItemOutcome?, of index: Int, bytes: UInt64, in job: JobID, at now: MonotonicTime
  ) {
    change(job) { entry in
      entry.inHand.remove(index)
      guard let outcome else {
        entry.returned.append(index)
        return
      }
      entry.unrecorded.append(index..<index + 1, outcome)
      if outcome.isDone { entry.unrecordedBytes += bytes }
      if entry.unrecordedSince == nil { entry.unrecordedSince = now }
    }
  }

  /// Outcomes are in the log: what the log says of the job now. A closed one is forgotten.
  mutating func noteRecorded(_ record: JobRecord) {
    change(record.job) { entry in
      entry.isRecording = false
      let phase = entry.record.phase
      entry.record = record
      // What was asked of the job meanwhile is known here before it is known from the log.
      if !record.phase.isClosed { entry.record.phase = phase }
    }
    if record.phase.isClosed { entries.removeAll { $0.record.job == record.job } }
  }

  /// Outcomes could not be recorded, and are kept for when the job is resumed.
  mutating func noteUnrecorded(
    _ runs: SettledRuns, bytesDone: UInt64, in job: JobID, because reason: String,
    at now: MonotonicTime
  ) {
    change(job) { entry in
      entry.isRecording = false
      entry.unrecorded.append(runs)
      entry.unrecordedBytes += bytesDone
      if entry.unrecordedSince == nil { entry.unrecordedSince = now }
      entry.stall = reason
    }
  }

  /// A job cannot go on.
  mutating func stall(_ job: JobID, because reason: String) {
    change(job) { $0.stall = reason }
  }

  /// Somebody's wish, which is in the log already.
  mutating func obey(_ wish: JobMark.Wish, _ job: JobID) {
    change(job) { entry in
      if let phase = entry.record.phase.after(wish) { entry.record.phase = phase }
      if wish != .pause { entry.stall = nil }
    }
  }

  private mutating func change(_ job: JobID, _ body: (inout Entry) -> Void) {
    guard let index = entries.firstIndex(where: { $0.record.job == job }) else { return }
    body(&entries[index])
  }

  // MARK: - Being asked

  func entry(_ job: JobID) -> Entry? { entries.first { $0.record.job == job } }

  /// The next step, if there is one now; it counts as begun.
  mutating func next(at now: MonotonicTime) -> Step? {
    for offset in 0..<entries.count {
      let index = (turn + offset) % entries.count
      if let step = entries[index].next(at: now, pace, isStopping: isStopping) {
        turn = index + 1
        return step
      }
    }
    return nil
  }

  /// Whether outcomes wait for their time to be recorded.
  var isWaitingForTime: Bool {
    entries.contains { $0.unrecordedSince != nil && !$0.isRecording && $0.stall == nil }
  }

  /// Whether everything that was begun has come to its end, as far as it can.
  var isQuiet: Bool {
    entries.allSatisfy { entry in
      entry.inHand.isEmpty && !entry.isRecording
        && (entry.stall != nil || entry.unrecorded.itemCount == 0)
    }
  }
}

extension JobBoard.Entry {
  /// How many items are dealt with, recorded or not.
  private var dealtWith: Int { record.settledCount + unrecorded.itemCount }

  fileprivate mutating func next(
    at now: MonotonicTime, _ pace: JobBoard.Pace, isStopping: Bool
  ) -> JobBoard.Step? {
    guard stall == nil else { return nil }
    if let step = recording(at: now, pace, isStopping: isStopping) { return step }
    guard !isStopping, record.phase == .running, inHand.count < itemsAtOnceMax,
      unrecorded.itemCount < OperationsLimits.unrecordedMax, let index = take()
    else { return nil }
    return .work(record.job, index: index)
  }

  /// Takes an item in hand; nil when all are begun.
  private mutating func take() -> Int? {
    if let index = returned.popLast() {
      inHand.insert(index)
      return index
    }
    next = begun.firstMissing(from: next)
    guard next < record.items else { return nil }
    begun.insert(next..<next + 1)
    inHand.insert(next)
    return next
  }

  /// The outcomes that are to be recorded now.
  private mutating func recording(
    at now: MonotonicTime, _ pace: JobBoard.Pace, isStopping: Bool
  ) -> JobBoard.Step? {
    guard !isRecording else { return nil }
    let isEnded = inHand.isEmpty && (record.phase == .cancelling || dealtWith == record.items)
    let isDue =
      unrecorded.itemCount >= pace.items
      || unrecordedSince.map { now - $0 >= pace.interval } ?? false
    // Nothing more is coming for now, so waiting for more would be in vain.
    let isLast = inHand.isEmpty && (isStopping || record.phase != .running)
    guard isEnded || unrecorded.itemCount > 0 && (isDue || isLast) else { return nil }
    if isEnded {
      var begun = record.settled
      for run in unrecorded.runs { begun.insert(run.range) }
      for gap in begun.gaps(below: record.items) {
        unrecorded.append(gap, .untouched("the job was cancelled first"))
      }
    }
    defer {
      unrecorded = SettledRuns()
      unrecordedBytes = 0
      unrecordedSince = nil
      isRecording = true
    }
    return .record(record.job, unrecorded, bytesDone: unrecordedBytes, closes: isEnded)
  }
}
