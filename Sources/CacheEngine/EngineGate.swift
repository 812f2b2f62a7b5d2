// The gate over one depot: the dispatcher through which the console, the command line and later the wire
// ask and change everything. Its registry is put together here from what the parts of this room
// register; each of them is a list of operations with the doors that those go through.
//
//   living     over the event store of an open engine: receipts, plans and jobs are events there, and
//              jobs that were not done go on
//   read-only  over what an engine left behind: everything can be looked at, nobody may act, and not
//              one byte is written
//
// A living gate is opened between an engine's opening and its start, so that what an operator holds is
// held before anything begins, and is shut down before its engine is stopped, for jobs work with it.

package import Ambient
package import Bytes
package import DurableFiles
package import EventStore
package import Manifest
package import Operations
package import Views

/// What the operations of a depot look at and act on.
package struct GateGround: Sendable {
  package let manifest: Manifest
  /// Nil where no engine runs.
  package let engine: Engine?
  fileprivate let given: EngineSettings
  /// The depot as it is now.
  fileprivate let snapshot: @Sendable () -> EngineSnapshot
  package let clock: WallClock
  package let options: GateOptions

  /// What the engine is told at the moment, or what it would be told.
  package var settings: EngineSettings { engine?.settings ?? given }

  /// What operations that look are given to look at.
  var subject: InspectSubject {
    if let engine {
      return engine.inspectSubject(configuration: options.configuration, log: options.log)
    }
    return InspectSubject(
      snapshot: snapshot, manifest: manifest, clock: clock, configuration: options.configuration,
      log: options.log)
  }
}

/// What a gate is told.
package struct GateOptions: Sendable {
  /// The value of the setting `operators`; nil when it was left out.
  package var operators: JSONNode?
  /// Has the configuration's file read again; nil where there is none.
  package var reload: (@Sendable () -> ReloadOutcome)?
  /// What is in force, one row a setting, with secrets redacted.
  package var configuration: @Sendable () -> [JSONValue] = { [] }
  /// At most so many lines of the log after the one of this number, oldest first.
  package var log: @Sendable (_ after: UInt64, _ max: Int) -> [LogLineView] = { _, _ in [] }
  /// Clocks, randomness and log are the engine's where there is one.
  package var dispatch = DispatchOptions()
  /// What else is registered.
  package var modules: [OperationModule] = []

  package init() {}
}

/// Why a gate does not open.
package enum GateError: Error, Equatable, Sendable {
  /// The setting `operators` is wrong.
  case operators(GrantsFault)
  /// Who owns the depot cannot be told.
  case depot(DiskError)
  case journal(StoreError)
}

extension GateError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .operators(let fault): "'operators' is wrong: \(fault)"
    case .depot(let error): "\(error)"
    case .journal(let error): "\(error)"
    }
  }
}

/// The gate over one depot.
package enum EngineGate {
  /// The most threads that work on jobs of one depot.
  static let jobWorkers = 8

  /// Everything that is registered for a depot, each part with its own doors.
  static func modules(_ ground: GateGround) -> [OperationModule] {
    [.acting(ground), .inspecting(ground.subject)] + ground.options.modules
  }

  /// Opens the gate of an engine, whose event store keeps its receipts. Without `operators` the owner
  /// of the depot may do everything.
  package static func living(
    _ engine: Engine, _ options: GateOptions = GateOptions()
  ) throws(GateError) -> Dispatcher {
    let grants = try grants(options.operators, engine.depot)
    var dispatch = options.dispatch
    dispatch.wallClock = engine.parts.wallClock
    dispatch.monotonicClock = engine.parts.monotonicClock
    dispatch.entropy = engine.parts.entropy
    dispatch.log = engine.parts.log
    dispatch.jobs.workers = engine.parts.hasThreads ? jobWorkers : 0
    let ground = GateGround(
      manifest: engine.manifest, engine: engine, given: engine.settings,
      snapshot: { engine.snapshot() },
      clock: engine.parts.wallClock, options: options)
    do throws(StoreError) {
      return try Dispatcher.live(engine.store, registry(ground), grants: grants, dispatch)
    } catch {
      throw .journal(error)
    }
  }

  /// Grants what a changed configuration says; what it grants stays as it was when that is wrong.
  package static func regrant(
    _ gate: Dispatcher, _ operators: JSONNode?, on engine: Engine
  ) throws(GateError) {
    gate.grant(try grants(operators, engine.depot))
  }

  /// Opens a gate over what an engine left behind, where nobody may act and nothing is written.
  package static func readOnly(
    _ manifest: Manifest, _ reader: EventReader, _ settings: EngineSettings,
    _ options: GateOptions = GateOptions()
  ) throws(GateError) -> Dispatcher {
    let clock = options.dispatch.wallClock
    let ground = GateGround(
      manifest: manifest, engine: nil, given: settings,
      snapshot: { .evaluation(manifest, reader, settings, at: clock.now()) },
      clock: options.dispatch.wallClock, options: options)
    do throws(StoreError) {
      return try Dispatcher.readOnly(registry(ground), reader: reader, options.dispatch)
    } catch {
      throw .journal(error)
    }
  }

  private static func registry(_ ground: GateGround) -> OperationRegistry {
    do throws(RegistrationFault) {
      return try OperationRegistry(modules(ground))
    } catch {
      preconditionFailure("the program registers what cannot be: \(error)")
    }
  }

  private static func grants(
    _ operators: JSONNode?, _ depot: Depot
  ) throws(GateError) -> Grants {
    let owner: UInt32?
    do throws(DiskError) {
      owner = try depot.disk.status(at: .root)?.owner
    } catch {
      throw .depot(error)
    }
    guard let operators else { return Grants(owner: owner) }
    do throws(GrantsFault) {
      return try Grants(owner: owner, operators: operators)
    } catch {
      throw .operators(error)
    }
  }
}
