// A record of progress: what became of some items of a job, the payload of an event of kind d.004.
// Each item stands in exactly one record of its job, so the records together are the list of what was
// done and what was not, and why. A job's closing names how many there are and a digest over them.
//
//   0   1  version, 1
//   1  16  job
//  17   .  which record of the job this is, from 0 (varint)
//   .   .  bytes of the items that were done (varint)
//   .   .  number of reasons (varint), each prefixed
//   .   .  number of runs (varint); of each, in order of index: the gap since the run before
//          (varint), how many items (varint), outcome (1), and for outcomes from 2 on the
//          reason's place in the list (varint)

internal import Bytes
internal import Digests
internal import EventStore

/// Items side by side with one outcome.
package struct SettledRun: Hashable, Sendable {
  package var range: Range<Int>
  package let outcome: ItemOutcome

  package init(range: Range<Int>, outcome: ItemOutcome) {
    self.range = range
    self.outcome = outcome
  }
}

/// What became of some items of a job.
package struct JobProgress: Hashable, Sendable {
  package let job: JobID
  /// Which record of the job this is, from 0.
  package let ordinal: Int
  /// Bytes of the items that were done.
  package let bytesDone: UInt64
  /// In order of their indexes.
  package let runs: [SettledRun]

  private static let version: UInt8 = 1

  init(job: JobID, ordinal: Int, bytesDone: UInt64, runs: [SettledRun]) {
    self.job = job
    self.ordinal = ordinal
    self.bytesDone = bytesDone
    self.runs = runs
  }

  /// How many items it is about.
  var itemCount: Int { runs.reduce(0) { $0 + $1.range.count } }

  /// The digest over all records up to this one, from that over those before it.
  static func digest(after before: Blake3Digest?, of payload: [UInt8]) -> Blake3Digest {
    var hasher = Blake3(.deriving("larder 1 job outcomes"))
    before?.withBytes { hasher.update($0) }
    Blake3.digest(of: payload).withBytes { hasher.update($0) }
    return hasher.digest()
  }

  package var bytes: [UInt8] {
    var places: [String: Int] = [:]
    var reasons: [String] = []
    var runs = ByteWriter()
    var next = 0
    for run in self.runs {
      runs.append(varint: UInt64(run.range.lowerBound - next))
      runs.append(varint: UInt64(run.range.count))
      runs.append(run.outcome.code)
      next = run.range.upperBound
      guard !run.outcome.isDone else { continue }
      let reason = run.outcome.reason
      let place = places[reason] ?? reasons.count
      if place == reasons.count {
        places[reason] = place
        reasons.append(reason)
      }
      runs.append(varint: UInt64(place))
    }
    var writer = ByteWriter()
    writer.append(Self.version)
    writer.append(id: job.id)
    writer.append(varint: UInt64(ordinal))
    writer.append(varint: bytesDone)
    writer.append(varint: UInt64(reasons.count))
    for reason in reasons { writer.append(prefixed: reason) }
    writer.append(varint: UInt64(self.runs.count))
    writer.append(bytes: runs.bytes)
    return writer.take()
  }

  /// Reads a record; nil when the bytes are none.
  package init?(decoding bytes: [UInt8]) {
    do throws(BytesError) {
      var reader = ByteReader(bytes)
      guard try reader.uint8() == Self.version else { return nil }
      let job = JobID(try reader.id())
      let ordinal = try reader.count(max: Int(UInt32.max))
      let bytesDone = try reader.varint()
      var reasons: [String] = []
      for _ in 0..<(try reader.count(max: OperationsLimits.reasonsMax)) {
        reasons.append(try reader.text(lengthMax: OperationsLimits.reasonBytesMax))
      }
      var runs: [SettledRun] = []
      var next = 0
      for _ in 0..<(try reader.count(max: OperationsLimits.planItemsMax)) {
        let first = next + (try reader.count(max: OperationsLimits.planItemsMax))
        let count = try reader.count(max: OperationsLimits.planItemsMax)
        let code = try reader.uint8()
        var reason = ""
        if code > 1 {
          let place = try reader.count(max: OperationsLimits.reasonsMax)
          guard place < reasons.count else { return nil }
          reason = reasons[place]
        }
        guard let outcome = ItemOutcome(code: code, reason: reason), count > 0,
          first + count <= OperationsLimits.planItemsMax
        else { return nil }
        runs.append(SettledRun(range: first..<first + count, outcome: outcome))
        next = first + count
      }
      try reader.finish()
      self.init(job: job, ordinal: ordinal, bytesDone: bytesDone, runs: runs)
    } catch {
      // Bytes that end early, or too late, are no record: which is what nil says.
      return nil
    }
  }
}

/// Outcomes as they come in, made into few runs.
struct SettledRuns: Hashable, Sendable {
  /// In order of their indexes.
  private(set) var runs: [SettledRun] = []
  private(set) var itemCount = 0
  private(set) var reasonCount = 0

  mutating func append(_ range: Range<Int>, _ outcome: ItemOutcome) {
    itemCount += range.count
    if !outcome.isDone { reasonCount += 1 }
    var place = runs.count
    while place > 0, runs[place - 1].range.lowerBound > range.lowerBound { place -= 1 }
    let joinsLeft =
      place > 0 && runs[place - 1].range.upperBound == range.lowerBound
      && runs[place - 1].outcome == outcome
    let joinsRight =
      place < runs.count && runs[place].range.lowerBound == range.upperBound
      && runs[place].outcome == outcome
    switch (joinsLeft, joinsRight) {
    case (true, true):
      runs[place - 1].range = runs[place - 1].range.lowerBound..<runs[place].range.upperBound
      runs.remove(at: place)
    case (true, false):
      runs[place - 1].range = runs[place - 1].range.lowerBound..<range.upperBound
    case (false, true):
      runs[place].range = range.lowerBound..<runs[place].range.upperBound
    case (false, false): runs.insert(SettledRun(range: range, outcome: outcome), at: place)
    }
  }

  mutating func append(_ more: SettledRuns) {
    for run in more.runs { append(run.range, run.outcome) }
  }
}

extension ByteWriter {
  mutating func append(id: EventID) {
    append(bytes: (0..<8).map { UInt8(truncatingIfNeeded: id.high >> (56 - 8 * UInt64($0))) })
    append(bytes: (0..<8).map { UInt8(truncatingIfNeeded: id.low >> (56 - 8 * UInt64($0))) })
  }
}

extension ByteReader {
  mutating func id() throws(BytesError) -> EventID {
    let high = try bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    return EventID(high: high, low: try bytes(8).reduce(0) { $0 << 8 | UInt64($1) })
  }

  /// A number that counts something, refused beyond a bound.
  mutating func count(max: Int) throws(BytesError) -> Int {
    let at = offset
    let value = try varint()
    guard value <= UInt64(max) else { throw .tooLong(offset: at, length: value, lengthMax: max) }
    return Int(value)
  }
}
