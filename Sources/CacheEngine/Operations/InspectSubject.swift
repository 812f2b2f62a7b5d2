// What inspect operations look at: an engine, or what one has left behind. Each is a projection, asked by
// name with a question and answering with a value, so that an operation touches what it has declared
// and nothing else.

package import Ambient
package import Bytes
internal import DurableFiles
package import Manifest
package import Operations
internal import Synchronization
internal import Triage
package import Views

/// What can be looked at of one depot.
package struct InspectSubject: Sendable {
  /// The newest snapshot.
  package var snapshot: @Sendable () -> EngineSnapshot
  package var manifest: Manifest
  package var clock: WallClock
  /// How much of each file is stored that is being uploaded, by its path as text that is safe to show.
  package var uploading: @Sendable () -> [String: UInt64]
  /// What is in force, one row a setting, with secrets redacted.
  package var configuration: @Sendable () -> [JSONValue]
  /// At most so many lines of the log after the one of this number, oldest first.
  package var log: @Sendable (_ after: UInt64, _ max: Int) -> [LogLineView]

  package init(
    snapshot: @escaping @Sendable () -> EngineSnapshot, manifest: Manifest, clock: WallClock,
    uploading: @escaping @Sendable () -> [String: UInt64] = { [:] },
    configuration: @escaping @Sendable () -> [JSONValue] = { [] },
    log: @escaping @Sendable (_ after: UInt64, _ max: Int) -> [LogLineView] = { _, _ in [] }
  ) {
    self.snapshot = snapshot
    self.manifest = manifest
    self.clock = clock
    self.uploading = uploading
    self.configuration = configuration
    self.log = log
  }
}

/// The projections that inspect operations ask.
enum InspectDoor {
  static let engine = "engine"
  static let triage = "engine.triage"
  static let manifest = "manifest"
  static let configuration = "configuration"
  static let log = "log"
}

extension OperationModule {
  /// The operations that look at a depot.
  package static func inspecting(_ subject: InspectSubject) -> OperationModule {
    let triage = TriageDesk()
    return OperationModule(
      "inspect",
      operations: [
        .engineStatus, .triageList, .backendsStatus, .configShow, .logPage, .manifestPage,
        .manifestUsage, .manifestEntry, .uploadsPage, .restoresPage, .failuresPage,
      ],
      projections: [
        ProjectionDoor(InspectDoor.engine) { _ in subject.snapshot().json },
        ProjectionDoor(InspectDoor.triage) { _ in triage.judge(subject.snapshot()) },
        ProjectionDoor(InspectDoor.manifest) { (question) throws(OperationFault) in
          try ManifestDesk(subject).answer(question)
        },
        ProjectionDoor(InspectDoor.configuration) { _ in .array(subject.configuration()) },
        ProjectionDoor(InspectDoor.log) { (question) throws(OperationFault) in
          try LogDesk(subject).answer(question)
        },
      ])
  }
}

/// Remembers since when each condition holds.
private final class TriageDesk: Sendable {
  private let triage = Mutex(Triage())

  func judge(_ snapshot: EngineSnapshot) -> JSONValue {
    .array(triage.withLock { $0.judge(snapshot) }.map(\.json))
  }
}
