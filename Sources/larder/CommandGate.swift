// The gate as commands have it. What acts embeds an engine for as long as it takes, as there is none
// running that could be asked; where one runs, it has the depot and the command ends with 5. What only
// looks opens what lies on the disk, beside an engine or without one, and writes nothing there.

import Ambient
import Bytes
import CacheEngine
import DurableFiles
import EventStore
import Flags
import Manifest
import Operations

/// The configuration that names the depot.
let depotConfig = Flag("config", required: .path("FILE"), "The configuration of the depot.")

extension Caller {
  /// Whoever started this process, by what the kernel says of it.
  static func own(_ origin: Origin) -> Caller {
    Caller(
      uid: ThisProcess.user, name: ThisProcess.userName,
      groups: ThisProcess.groups.map { Group(gid: $0.id, name: $0.name) }, from: origin)
  }
}

/// The way of a command through the gate of one depot.
struct CommandGate {
  let dispatcher: Dispatcher
  /// Raised when the person wants the command to end.
  let cancellation: Cancellation
  private let caller = Caller.own(.commandLine)

  /// Lends the gate of an engine that runs meanwhile, and ends it in order whatever comes of it.
  static func living<Result>(
    _ invocation: Invocation, _ body: (CommandGate) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // Before any thread is there, so that no thread ever gets them.
    let signals = Signals.hold()
    let host = try EngineHost.open(invocation[depotConfig], invocation, for: .embedded)
    let cancellation = Cancellation()
    Worker("interruption") {
      while signals.wait() == .hangUp {}
      cancellation.cancel()
      while signals.wait() == .hangUp {}
      ThisProcess.exit(ExitCode.failed.rawValue)
    }.detach()
    host.start()
    let result: Swift.Result<Result, Failure>
    do throws(Failure) {
      result = .success(
        try body(CommandGate(dispatcher: host.dispatcher, cancellation: cancellation)))
    } catch {
      result = .failure(error)
    }
    // What is being stored meanwhile stays dirty, and nobody waits for it here.
    try host.stop(grace: .zero)
    return try result.get()
  }

  /// Lends a gate at which everything can be looked at and planned, and nothing be done.
  static func looking<Result>(
    _ invocation: Invocation, _ body: (CommandGate) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let depot = try DepotOnDisk(invocation[depotConfig], invocation)
    let dispatcher: Dispatcher
    do throws(GateError) {
      dispatcher = try EngineGate.readOnly(depot.manifest, depot.events, depot.settings)
    } catch {
      throw .ended(.failed, "\(error)")
    }
    let result: Swift.Result<Result, Failure>
    do throws(Failure) {
      result = .success(try body(CommandGate(dispatcher: dispatcher, cancellation: Cancellation())))
    } catch {
      result = .failure(error)
    }
    dispatcher.shutDown()
    try depot.close()
    return try result.get()
  }

  /// Whether whoever gave the command may call an operation.
  func allows(_ operation: String) -> Bool {
    guard let found = dispatcher.registry.operation(operation) else { return false }
    return dispatcher.missing(for: found, caller).isEmpty
  }

  /// Calls an operation; a refusal ends the command with its code.
  func call(_ operation: String, _ input: JSONValue) throws(Failure) -> Reply {
    do throws(Refusal) {
      return try dispatcher.call(
        operation, input, by: caller, cancellation: cancellation)
    } catch {
      throw Failure(error)
    }
  }
}

extension Failure {
  /// How a command ends that the gate has refused.
  init(_ refusal: Refusal) {
    let code: ExitCode =
      switch refusal.token {
      case .denied, .guarded, .conflict, .notFound: .refused
      case .invalidInput, .unknownOperation: .misused
      default: .failed
      }
    self = .ended(code, "\(refusal)")
  }
}
