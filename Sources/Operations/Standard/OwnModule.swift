// The operations that need no engine: about jobs, plans, events and receipts. They are registered with
// every registry, under the module name `operations`.

internal import EventStore

extension OperationModule {
  /// What this room registers itself.
  static var own: OperationModule {
    OperationModule(
      "operations",
      operations: [
        .jobsPage, .jobOutcomes, .planPage, .pauseJob, .resumeJob, .cancelJob, .eventsPage,
        .eventGet,
        .eventAncestors, .chainVerify, .eventsCheckpoint, .receiptVerify,
      ],
      projections: [.promised(OwnDoor.jobs), .promised(OwnDoor.plans)],
      controls: [
        HostControl(OwnDoor.obey, .staged) { (_) throws(OperationFault) in throw .failed(unopened) }
      ],
      jobs: [], isOwn: true)
  }
}

extension ProjectionDoor {
  /// A door that a dispatcher puts another in the place of.
  fileprivate static func promised(_ name: String) -> ProjectionDoor {
    ProjectionDoor(name) { (_) throws(OperationFault) in throw .failed(unopened) }
  }
}

private let unopened = "no dispatcher stands behind this door"
