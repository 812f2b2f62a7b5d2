// What is done next, as a value: no clock, no thread, no store.

import Ambient
import Bytes
import Digests
import EventStore
import Testing

@testable import Operations

@Suite struct JobBoardTests {
  private static let start = MonotonicTime(nanoseconds: 0)

  private func board(_ items: [Int], atOnce: Int = 2, pace: Int = 3) throws -> (JobBoard, [JobID]) {
    var board = JobBoard(pace: JobBoard.Pace(items: pace, interval: .seconds(1)))
    var jobs: [JobID] = []
    for (number, count) in items.enumerated() {
      var draft = PlanDraft()
      for index in 0..<count {
        try draft.add(PlanItem(identity: Array("\(index)".utf8), generation: 1, bytes: 1))
      }
      let job = JobID(EventID(high: 7, low: UInt64(number)))
      let intent = JobIntent(
        job: job, operation: Sample.count, caller: Sample.anna, kind: "k",
        plan: draft.finished("x", [:]))
      let record = JobRecord(intent, at: 1, WallTime(seconds: 0))
      board.add(JobBoard.Entry(record, itemsAtOnceMax: atOnce))
      jobs.append(job)
    }
    return (board, jobs)
  }

  @Test func `jobs take turns, and each has only so many items in hand`() throws {
    var (board, jobs) = try board([9, 9])
    let steps = (0..<6).map { _ in board.next(at: Self.start) }
    #expect(
      steps == [
        .work(jobs[0], index: 0), .work(jobs[1], index: 0), .work(jobs[0], index: 1),
        .work(jobs[1], index: 1), nil, nil,
      ])
  }

  @Test func `outcomes are recorded when there are enough, or after their time, or at the end`()
    throws
  {
    var (board, jobs) = try board([9], atOnce: 1)
    func work() {
      guard case .work(_, let index)? = board.next(at: Self.start) else {
        Issue.record("there was no work")
        return
      }
      board.noteOutcome(.done, of: index, bytes: 1, in: jobs[0], at: Self.start)
    }
    work()
    #expect(board.isWaitingForTime)
    let later = Self.start + .seconds(1)
    var early = SettledRuns()
    early.append(0..<1, .done)
    var copy = board
    #expect(copy.next(at: later) == .record(jobs[0], early, bytesDone: 1, closes: false))
    work()
    work()
    early.append(1..<3, .done)
    #expect(board.next(at: Self.start) == .record(jobs[0], early, bytesDone: 3, closes: false))
    // Work goes on while a record is on its way, and no second record is.
    #expect(board.next(at: later) == .work(jobs[0], index: 3))
  }

  @Test func `an item that was given back is handed out again`() throws {
    var (board, jobs) = try board([2], atOnce: 1)
    #expect(board.next(at: Self.start) == .work(jobs[0], index: 0))
    board.noteOutcome(nil, of: 0, bytes: 0, in: jobs[0], at: Self.start)
    #expect(board.next(at: Self.start) == .work(jobs[0], index: 0))
  }

  @Test func `a cancelled job waits for what is in hand, then closes with the rest untouched`()
    throws
  {
    var (board, jobs) = try board([5], atOnce: 1)
    _ = board.next(at: Self.start)
    board.obey(.cancel, jobs[0])
    #expect(board.next(at: Self.start) == nil)
    board.noteOutcome(.done, of: 0, bytes: 1, in: jobs[0], at: Self.start)
    var runs = SettledRuns()
    runs.append(0..<1, .done)
    runs.append(1..<5, .untouched("the job was cancelled first"))
    #expect(board.next(at: Self.start) == .record(jobs[0], runs, bytesDone: 1, closes: true))
  }

  @Test func `a board that stops begins nothing and records what it has`() throws {
    var (board, jobs) = try board([5], atOnce: 2)
    _ = board.next(at: Self.start)
    board.isStopping = true
    #expect(!board.isQuiet)
    #expect(board.next(at: Self.start) == nil)
    board.noteOutcome(.done, of: 0, bytes: 1, in: jobs[0], at: Self.start)
    var runs = SettledRuns()
    runs.append(0..<1, .done)
    #expect(board.next(at: Self.start) == .record(jobs[0], runs, bytesDone: 1, closes: false))
    board.noteUnrecorded(runs, bytesDone: 1, in: jobs[0], because: "full", at: Self.start)
    #expect(board.isQuiet)
  }

  @Test func `ranges know what is in them, whatever the order`() {
    for seed in 1...20 as ClosedRange<UInt64> {
      var generator = SeededGenerator(seed: seed)
      var ranges = IndexRanges()
      var model: Set<Int> = []
      for _ in 0..<200 {
        let low = generator.below(300)
        let added = low..<low + generator.below(12)
        let fresh = ranges.insert(added)
        #expect(fresh == added.filter { !model.contains($0) }.count, "seed \(seed)")
        model.formUnion(added)
      }
      #expect(ranges.count == model.count, "seed \(seed)")
      #expect((0..<320).allSatisfy { ranges.contains($0) == model.contains($0) }, "seed \(seed)")
      #expect(
        ranges.gaps(below: 320).flatMap { Array($0) } == (0..<320).filter { !model.contains($0) },
        "seed \(seed)")
      #expect(
        (0..<320).allSatisfy { start in
          ranges.firstMissing(from: start) == (start...).first { !model.contains($0) }
        }, "seed \(seed)")
      #expect(
        zip(ranges.ranges, ranges.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
    }
  }

  @Test func `a record of progress is read as it was written, and nothing else is one`() throws {
    var runs = SettledRuns()
    runs.append(10..<20, .done)
    runs.append(0..<1, .failed("broken"))
    runs.append(1..<2, .failed("broken"))
    runs.append(5..<6, .changed("other"))
    runs.append(20..<21, .done)
    let progress = JobProgress(
      job: JobID(EventID(high: 1, low: 2)), ordinal: 3, bytesDone: 4, runs: runs.runs)
    #expect(runs.runs.map(\.range) == [0..<2, 5..<6, 10..<21])
    #expect(JobProgress(decoding: progress.bytes) == progress)
    for end in 0..<progress.bytes.count {
      #expect(JobProgress(decoding: Array(progress.bytes[..<end])) == nil)
    }
    #expect(JobProgress(decoding: progress.bytes + [0]) == nil)
  }
}
