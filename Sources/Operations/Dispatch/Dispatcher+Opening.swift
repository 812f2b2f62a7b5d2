// The two dispatchers behind one type: a live one over an event store, and one without an engine, where
// looking works and nobody may act.

internal import Ambient
internal import Bytes
package import EventStore

extension Dispatcher {
  /// Opens the gate over a store: folds the log, sets the standing controls to what it says, and takes
  /// up the jobs that are not done.
  ///
  /// A `sink` of the caller's own stands between the gate and the store.
  package static func live(
    _ store: EventStore, _ registry: OperationRegistry, grants: Grants,
    _ options: DispatchOptions = DispatchOptions(), sink: ReceiptSink? = nil
  ) throws(StoreError) -> Dispatcher {
    let (plans, jobs) = (PlanShelf(), try JobDesk(store.projector()))
    let surroundings = surroundings(registry, store.reader, plans, jobs, options)
    let sink = sink ?? .store(store)
    let log = Log(room: "Operations", to: options.log)
    let runner = JobRunner(
      registry, store.reader, sink, surroundings, options.monotonicClock, log, options.jobs)
    jobs.follow(runner)
    let table = jobs.table
    for (name, input) in table.standing.sorted(by: { $0.key < $1.key }) {
      guard let control = surroundings.controls[name], control.timing == .standing else { continue }
      do throws(OperationFault) {
        _ = try control.turn(input, Cancellation())
      } catch {
        log.write(
          .error, "a control could not be set to what the log says",
          [LogField("control", name), LogField("why", "\(error)")])
      }
    }
    do throws(StoreError) {
      try runner.start(table.open)
    } catch {
      jobs.stop()
      throw error
    }
    return Dispatcher(
      registry, grants, Engine(sink: sink, runner: runner), surroundings, plans, jobs, options)
  }

  /// A dispatcher where nobody may act and nothing is written, over a store that is open for reading,
  /// or over none.
  package static func readOnly(
    _ registry: OperationRegistry, reader: EventReader? = nil,
    _ options: DispatchOptions = DispatchOptions()
  ) throws(StoreError) -> Dispatcher {
    let (plans, jobs) = (PlanShelf(), try JobDesk(reader?.projector()))
    return Dispatcher(
      registry, .none, nil, surroundings(registry, reader, plans, jobs, options), plans, jobs,
      options)
  }

  private static func surroundings(
    _ registry: OperationRegistry, _ reader: EventReader?, _ plans: PlanShelf, _ jobs: JobDesk,
    _ options: DispatchOptions
  ) -> Surroundings {
    var projections = registry.projections
    var controls = registry.controls
    projections[OwnDoor.jobs] = ProjectionDoor(OwnDoor.jobs) {
      (question) throws(OperationFault) in try jobs.answer(question)
    }
    projections[OwnDoor.plans] = ProjectionDoor(OwnDoor.plans) {
      (question) throws(OperationFault) in try plans.answer(question)
    }
    controls[OwnDoor.obey] = HostControl(OwnDoor.obey, .staged) {
      (input) throws(OperationFault) in
      guard let job = input["job"]?.string.flatMap({ JobID(parsing: $0) }),
        let wish = input["wish"]?.string.flatMap(JobMark.Wish.init(rawValue:))
      else { throw .failed("that is no wish for a job") }
      jobs.obey(wish, job)
      return .null
    }
    return Surroundings(
      reader: reader, projections: projections, controls: controls, clock: options.wallClock,
      checkpointKey: options.checkpointKey)
  }

  /// Takes the steps of jobs on the calling thread, for a gate that has no threads of its own.
  package func runJobs() {
    engine?.runner.run()
  }

  /// Sleeps until a job is closed, or can go no further by itself; true when it is closed.
  package func wait(for job: JobID, timeout: Duration? = nil) -> Bool {
    engine?.runner.wait(for: job, timeout: timeout) ?? false
  }

  /// All that is known of jobs, from the log.
  package var jobTable: JobTable { jobs.table }
}

/// The doors that a dispatcher puts in the place of those that its own module promises.
enum OwnDoor {
  static let jobs = "jobs"
  static let plans = "plans"
  static let obey = "jobs.obey"
}

extension PlanShelf {
  /// The answer of the projection `plans`: some items or refusals of a plan that is remembered.
  func answer(_ question: JSONValue) throws(OperationFault) -> JSONValue {
    guard let digest = digest(question["plan"]), let plan = plan(digest) else {
      throw .notFound("the plan is not remembered; make it anew")
    }
    let first = count(question["first"]) ?? 0
    let limit = count(question["limit"]) ?? 100
    let items = plan.items(from: first, limit: limit).map(\.json)
    let refusals = plan.refusals(from: first, limit: limit).map(\.json)
    return .object([
      "items": .array(items), "refusals": .array(refusals),
      "isEnd": .bool(max(plan.itemCount, plan.refusalCount) - first <= limit),
    ])
  }
}
