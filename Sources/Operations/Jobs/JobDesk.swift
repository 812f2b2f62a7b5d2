// Where jobs are asked about: the table that is folded from the log, and what the runner knows beyond
// it, which is why a job goes no further. Progress is shown from the log alone.

internal import Bytes
internal import EventStore
internal import Synchronization

/// What is known of jobs.
final class JobDesk: Sendable {
  private let projector: Projector?
  private let view: ProjectionView<JobTable>?
  /// Nil where nothing is carried out, and once it has ended.
  private let runner = Mutex<JobRunner?>(nil)

  /// The desk of a store, or an empty one where there is none.
  init(_ projector: Projector?) throws(StoreError) {
    self.projector = projector
    view = try projector?.add(JobTable.projection)
    projector?.start()
  }

  func follow(_ runner: JobRunner) {
    self.runner.withLock { $0 = runner }
  }

  /// Ends following the log.
  func stop() {
    runner.withLock { $0 = nil }
    projector?.stop()
  }

  /// The table, with everything that is in the log by now.
  var table: JobTable {
    projector?.catchUp()
    return view?.state ?? JobTable()
  }

  func obey(_ wish: JobMark.Wish, _ job: JobID) {
    runner.withLock { $0 }?.obey(wish, job)
  }

  private func json(_ record: JobRecord) -> JSONValue {
    guard case .object(var object) = record.json else {
      preconditionFailure("a job is shown as an object")
    }
    object["stalled"] = JSONValue(runner.withLock { $0 }?.stall(of: record.job))
    return .object(object)
  }

  /// The answer of the projection `jobs`: one job, or a page of them.
  func answer(_ question: JSONValue) throws(OperationFault) -> JSONValue {
    let table = table
    if let name = question["job"]?.string {
      guard let job = JobID(parsing: name), let record = table.jobs[job] else {
        throw .notFound("there is no job '\(escaped(name))', or it ended long ago")
      }
      return json(record)
    }
    let phases = question["phases"]?.array?.compactMap(\.string)
    let matching = table.newestFirst.filter { record in
      phases?.contains(record.phase.rawValue) ?? true
    }
    let after = question["after"]?.string
    let begin = after.flatMap { after in matching.firstIndex { "\($0.job)" == after } }
    if after != nil, begin == nil { throw .notFound("the page's first job is not there any more") }
    let rest = matching[(begin.map { $0 + 1 } ?? 0)...]
    let limit = question["limit"]?.integer.flatMap(Int.init(exactly:)) ?? 100
    return .object([
      "jobs": .array(rest.prefix(limit).map(json)), "isEnd": .bool(rest.count <= limit),
    ])
  }
}
