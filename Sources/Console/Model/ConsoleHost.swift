// What stands behind a console: an engine that hands over snapshots, and a gate through which things
// are asked and done. The console knows no engine and no manifest; it could be thrown away, or stand
// at the other end of a wire, and this value is all that would change.

package import Ambient
package import Bytes
package import Operations
package import Views

/// What a call of an operation came to, as a wire carries it.
package struct Answer: Sendable {
  package let output: JSONValue
  /// The id of the receipt; nil where nothing was done.
  package let receipt: String?
  /// The job that was begun.
  package let job: String?

  package init(_ output: JSONValue, receipt: String? = nil, job: String? = nil) {
    self.output = output
    self.receipt = receipt
    self.job = job
  }
}

/// What the person at the console may do.
package struct Permissions: Hashable, Sendable {
  /// For each operation that there is, the capabilities that are missing for it.
  package var missing: [String: [String]]
  /// Whether there is no engine, so that nobody may act.
  package var isReadOnly: Bool
  /// Who sits there.
  package var who: String

  package init(missing: [String: [String]], isReadOnly: Bool, who: String) {
    self.missing = missing
    self.isReadOnly = isReadOnly
    self.who = who
  }

  /// Why an operation would be refused; nil when it may be called.
  package func objection(to operation: String) -> String? {
    guard let missing = missing[operation] else { return "there is no engine here that does this" }
    if missing.isEmpty { return nil }
    let names = missing.joined(separator: ", ")
    return isReadOnly ? "read-only; it needs \(names)" : "\(who) lacks \(names)"
  }
}

/// The engine's side of a console.
package struct ConsoleHost: Sendable {
  /// The newest snapshot; nil while there is none yet.
  package let snapshot: @Sendable () -> EngineSnapshot?
  /// Has `wake` called, from any thread, whenever there is a newer snapshot.
  package let onNews: @Sendable (_ wake: @escaping @Sendable () -> Void) -> Void
  /// Calls an operation and waits; called on the console's own threads only.
  package let call:
    @Sendable (_ operation: String, _ input: JSONValue, _ cancellation: Cancellation)
      throws(Refusal) -> Answer
  /// Why more may be at risk than the snapshot counts, as the rest of a sentence; nil when nothing is
  /// hidden. Without this, a depot that is still to be looked through would seem safe.
  package let unseen: @Sendable () -> String?
  /// What the person may do, as it is now.
  package let permissions: @Sendable () -> Permissions
  /// The depot, as text that is safe to show.
  package let depot: String
  package let version: String
  /// Whether the engine ends with the console, so that leaving is a question.
  package let ownsEngine: Bool
  /// Whether newer snapshots come, at rest too; else the one that there is says when it was.
  package let isLive: Bool

  package init(
    snapshot: @escaping @Sendable () -> EngineSnapshot?,
    onNews: @escaping @Sendable (_ wake: @escaping @Sendable () -> Void) -> Void,
    call:
      @escaping @Sendable (
        _ operation: String, _ input: JSONValue, _ cancellation: Cancellation
      ) throws(Refusal) -> Answer,
    unseen: @escaping @Sendable () -> String? = { nil },
    permissions: @escaping @Sendable () -> Permissions, depot: String, version: String,
    ownsEngine: Bool, isLive: Bool = true
  ) {
    self.snapshot = snapshot
    self.onNews = onNews
    self.call = call
    self.unseen = unseen
    self.permissions = permissions
    self.depot = depot
    self.version = version
    self.ownsEngine = ownsEngine
    self.isLive = isLive
  }

  /// A console at a gate of this process.
  package init(
    snapshot: @escaping @Sendable () -> EngineSnapshot?,
    onNews: @escaping @Sendable (_ wake: @escaping @Sendable () -> Void) -> Void,
    unseen: @escaping @Sendable () -> String? = { nil }, dispatcher: Dispatcher, caller: Caller,
    depot: String, version: String, ownsEngine: Bool, isLive: Bool = true
  ) {
    self.init(
      snapshot: snapshot, onNews: onNews,
      call: { (operation, input, cancellation) throws(Refusal) in
        let reply = try dispatcher.call(operation, input, by: caller, cancellation: cancellation)
        return Answer(
          reply.output, receipt: reply.receipt.map { $0.id },
          job: reply.job.map { "\($0)" })
      },
      unseen: unseen,
      permissions: {
        var missing: [String: [String]] = [:]
        for operation in dispatcher.registry.operations {
          missing[operation.name] = dispatcher.missing(for: operation, caller).map(\.name)
        }
        return Permissions(
          missing: missing, isReadOnly: dispatcher.isReadOnly, who: caller.shortName)
      },
      depot: depot, version: version, ownsEngine: ownsEngine, isLive: isLive)
  }
}

extension Caller {
  /// `anna`, or `uid 1000`.
  fileprivate var shortName: String {
    if let name { return escaped(name) }
    return uid.map { "uid \($0)" } ?? "somebody unknown"
  }
}
