// All jobs, and the controls that are set for good, folded from the log: the projection `operations`.
// Open jobs are all there, closed ones as many as history keeps. What cannot be read, because its key
// was destroyed or retention took it, is passed over: a job without its intent is no job.

internal import Ambient
internal import Bytes
internal import EventStore

/// What the log says of jobs and controls.
package struct JobTable: Sendable {
  /// Open and closed ones, by name.
  package private(set) var jobs: [JobID: JobRecord] = [:]
  /// The closed ones, in the order in which they ended.
  private var history: [JobID] = []
  /// The newest input of each control that is set for good.
  private(set) var standing: [String: JSONValue] = [:]

  package init() {}

  /// The jobs that are not closed, the oldest first.
  package var open: [JobRecord] {
    jobs.values.filter { !$0.phase.isClosed }.sorted { $0.job < $1.job }
  }

  /// All jobs that are known, the newest first.
  package var newestFirst: [JobRecord] {
    jobs.values.sorted { $0.intent > $1.intent }
  }

  // MARK: - Folding

  mutating func take(_ event: Event, _ payload: [UInt8]) {
    let header = event.header
    switch header.kind {
    case EffectKind.intent:
      guard let intent = JobIntent(decoding: payload), jobs[intent.job] == nil,
        header.coordinate == intent.job.coordinate
      else { return }
      jobs[intent.job] = JobRecord(intent, at: header.sequence, header.time)
    case EffectKind.progress:
      guard let progress = JobProgress(decoding: payload) else { return }
      change(progress.job, header) { $0.take(progress, payload) }
    case EffectKind.mark:
      guard let mark = JobMark(decoding: payload) else { return }
      change(mark.job, header) { record in
        guard let phase = record.phase.after(mark.wish) else { return false }
        record.phase = phase
        return true
      }
    case EffectKind.closing:
      guard let closing = JobClosing(decoding: payload) else { return }
      close(closing, header)
    case EffectKind.standing:
      guard let order = StandingOrder(decoding: payload) else { return }
      standing[order.control] = order.input
    default: break
    }
  }

  private mutating func change(
    _ job: JobID, _ header: EventHeader, _ body: (inout JobRecord) -> Bool
  ) {
    // An event in another stream than the job's is not one of the job's.
    guard var record = jobs[job], header.coordinate == job.coordinate, body(&record) else { return }
    record.revision = header.sequence
    record.changed = header.time
    jobs[job] = record
  }

  private mutating func close(_ closing: JobClosing, _ header: EventHeader) {
    guard jobs[closing.job]?.phase.isClosed == false else { return }
    change(closing.job, header) { record in
      record.close(closing)
      return true
    }
    history.append(closing.job)
    while history.count > OperationsLimits.historyMax {
      jobs[history.removeFirst()] = nil
    }
  }

  // MARK: - As a projection

  private static let version: UInt32 = 1

  /// The fold over the log.
  static var projection: Projection<JobTable> {
    Projection(
      "operations", version: version,
      in: Region(scope: EffectKind.scope, kind: .category(EventKind.effectCategory)),
      initial: JobTable(), encode: { $0.bytes },
      decode: { bytes throws(ProjectionFault) in
        guard let table = JobTable(decoding: bytes) else {
          throw ProjectionFault("it is no table of jobs")
        }
        return table
      },
      apply: { (table, occurrence) throws(ProjectionFault) in
        guard case .event(let event) = occurrence, let payload = event.bytes else { return }
        table.take(event, payload)
      })
  }

  private var bytes: [UInt8] {
    var orders = JSONObject()
    for (name, input) in standing.sorted(by: { $0.key < $1.key }) { orders[name] = input }
    return canonicalBytes(
      .object([
        "history": .array(history.map { .string("\($0)") }),
        "jobs": .array(jobs.values.sorted { $0.job < $1.job }.map(\.stored)),
        "standing": .object(orders),
      ]))
  }

  private init?(decoding bytes: [UInt8]) {
    let value: JSONValue
    do throws(BytesError) {
      value = try JSONValue(parsing: bytes, depthMax: jsonDepthMax + 4)
    } catch {
      // What is no JSON is no table; the projector begins at the first event then.
      return nil
    }
    guard let history = value["history"]?.array, let jobs = value["jobs"]?.array,
      case .object(let standing)? = value["standing"]
    else { return nil }
    for entry in history {
      guard let job = entry.string.flatMap({ JobID(parsing: $0) }) else { return nil }
      self.history.append(job)
    }
    for entry in jobs {
      guard let record = JobRecord(stored: entry) else { return nil }
      self.jobs[record.job] = record
    }
    for member in standing.members { self.standing[member.key] = member.value }
  }
}
