// All that may be done to a depot, as one module of the gate: the list of operations, and the doors that
// they go through. An operation reaches nothing but by those doors, which its effect row names; so
// this list is the list of all that can happen.

internal import EventStore
internal import Operations

extension OperationModule {
  /// What acts on an engine. Without one the operations are there, and can be planned.
  static func acting(_ ground: GateGround) -> OperationModule {
    OperationModule(
      "engine.acting",
      operations: [
        .evict, .rehydrate, .pin, .unpin, .verify, .shred, .retryUploads, .acknowledgeFailures,
        .prioritiseUploads,
        .pauseUploads,
        .resumeUploads, .startScan, .probeBackend, .reloadConfiguration,
        .rebuildManifest,
      ],
      projections: [.selectedFiles(ground), .cache(ground), .uploads(ground), .sealing(ground)],
      controls: FileDeed.all.map { $0.control(ground) } + [
        .holdUploads(ground), .urgentUploads(ground), .scan(ground), .probe(ground),
        .reload(ground),
        .rebuildManifest(ground),
      ],
      jobs: FileDeed.all.map(\.kind) + [.rebuildManifest])
  }
}

extension GateGround {
  /// The engine, for a control that needs one.
  func living() throws(OperationFault) -> Engine {
    guard let engine else { throw .failed("no engine runs here") }
    return engine
  }

  /// The engine, for a control that needs one which stores files.
  func storing() throws(OperationFault) -> Engine {
    let engine = try living()
    guard !engine.settings.depot.isReadOnly else {
      throw .failed("the engine is read-only and stores nothing")
    }
    return engine
  }
}

extension EffectRow {
  /// The row of an operation that works as a job through one control.
  static func job(
    _ control: String, needs capability: Capability, looksAt projections: Set<String> = [],
    appends kinds: Set<EventKind> = []
  ) -> EffectRow {
    EffectRow(
      eventsAppended: EffectKind.job.union(kinds), projectionsQueried: projections,
      receiptsEmitted: [.intent, .closing], hostControlsUsed: [control],
      capabilitiesRequired: [capability])
  }

  /// The row of an operation that turns one control within its call.
  static func control(
    _ control: String, needs capability: Capability, looksAt projections: Set<String> = []
  ) -> EffectRow {
    EffectRow(
      projectionsQueried: projections, receiptsEmitted: [.act], hostControlsUsed: [control],
      capabilitiesRequired: [capability])
  }
}
