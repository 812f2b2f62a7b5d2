// What the system itself is told: to look through the depot, to try its backend, to read its
// configuration again, to make its manifest anew. The first three are over within the call; making
// the manifest takes as long as there are files, and is a job of one item.

internal import Ambient
internal import Bytes
internal import ColdStorage
internal import EventStore
internal import Flags
internal import Manifest
internal import Operations

private enum Control {
  static let scan = "depot.scan"
  static let probe = "backend.probe"
  static let reload = "config.reload"
  static let rebuild = "manifest.rebuild"
}

/// The most settings that a reload names.
private let changesMax = 256
/// The most steps that a probe has.
private let stepsMax = 16

// MARK: - Looking through the depot

extension Operation {
  static var startScan: Operation {
    Operation(
      "scan.start", "Look through the whole depot for what was missed", .control, input: .nothing,
      output: .object([SchemaField("owed", .flag, "Whether a look is owed from now on.")]),
      receipt: .act, effects: .control(Control.scan, needs: .systemControl),
      work: .act(
        plan: { (_, _, draft) throws(OperationFault) in draft.after["owed"] = true },
        act: { (_, handle) throws(OperationFault) in
          try handle.use(Control.scan, [:])
          return ["owed": true]
        }))
  }
}

extension HostControl {
  /// Owes a look through the depot, which begins when the last one is some time ago.
  static func scan(_ ground: GateGround) -> HostControl {
    HostControl(Control.scan, .staged) { (_) throws(OperationFault) in
      let engine = try ground.storing()
      engine.ledger.oweRescan()
      engine.wake()
      return .null
    }
  }
}

// MARK: - Trying the backend

extension Operation {
  static var probeBackend: Operation {
    Operation(
      "backend.probe", "Try the backend with an object of its own, and let held uploads go on",
      .control, input: .nothing,
      output: .object([
        SchemaField("backend", .text(bytesMax: 256), "Its name."),
        SchemaField("well", .flag, "Whether everything went well."),
        SchemaField(
          "steps", .list(.anything(bytesMax: 8_192), countMax: stepsMax),
          "What was tried: name, seconds, and the error if there was one."),
      ]),
      receipt: .act, effects: .control(Control.probe, needs: .systemControl),
      work: .act(
        plan: { (_, _, draft) throws(OperationFault) in
          draft.after["objectsMade"] = 1
          draft.after["objectsLeft"] = 0
        },
        act: { (_, handle) throws(OperationFault) in try handle.use(Control.probe, [:]) }))
  }
}

extension HostControl {
  /// Puts, reads and removes an object of its own.
  static func probe(_ ground: GateGround) -> HostControl {
    HostControl(Control.probe, .atOnce) { (_, cancellation) throws(OperationFault) in
      let engine = try ground.living()
      // Whatever it says, the backend stands differently from now on, and whoever shows it is told.
      defer { engine.changes.note() }
      let probe: StorageProbe
      do throws(StorageError) {
        probe = try StorageProbe.run(
          engine.parts.cold, clock: engine.parts.monotonicClock, entropy: engine.parts.entropy,
          cancellation: cancellation)
      } catch {
        throw .failed("\(error)")
      }
      if probe.isWell, !engine.settings.depot.isReadOnly { engine.uploads.releaseBackend() }
      return .object([
        "backend": .string(engine.parts.cold.name), "well": .bool(probe.isWell),
        "steps": .array(
          probe.steps.prefix(stepsMax).map { step in
            .object([
              "name": .string(step.name), "seconds": .number(step.latency.inSeconds),
              "error": JSONValue(step.failure?.description),
            ])
          }),
      ])
    }
  }
}

// MARK: - Reading the configuration

extension Operation {
  static var reloadConfiguration: Operation {
    let keys = Schema.list(.text(bytesMax: 128), countMax: changesMax)
    return Operation(
      "config.reload", "Read the configuration again", .control, input: .nothing,
      output: .object([
        SchemaField("changed", keys, "Settings that have another value from now on."),
        SchemaField("afterRestart", keys, "Settings that have one after a restart."),
      ]),
      receipt: .act, effects: .control(Control.reload, needs: .systemControl),
      work: .act(
        plan: { (_, _, _) throws(OperationFault) in },
        act: { (_, handle) throws(OperationFault) in try handle.use(Control.reload, [:]) }))
  }
}

extension HostControl {
  /// Has the file read; a file that cannot be used changes nothing and fails with its first mistake.
  /// It acts at once, for whoever polls the file would do the same a moment later.
  static func reload(_ ground: GateGround) -> HostControl {
    HostControl(Control.reload, .atOnce) { (_) throws(OperationFault) in
      guard let reload = ground.options.reload else {
        throw .failed("there is no configuration file here that could be read again")
      }
      let changes: ConfigurationChanges
      switch reload() {
      case .unchanged: changes = ConfigurationChanges(live: [], afterRestart: [])
      case .changed(let found): changes = found
      case .refused(let sentence): throw .failed("the configuration stays as it is: \(sentence)")
      }
      func keys(_ changes: [ConfigurationChanges.Change]) -> JSONValue {
        .array(changes.prefix(changesMax).map { .string($0.key) })
      }
      return .object([
        "changed": keys(changes.live), "afterRestart": keys(changes.afterRestart),
      ])
    }
  }
}

// MARK: - Making the manifest anew

extension Operation {
  static var rebuildManifest: Operation {
    Operation(
      "manifest.rebuild", "Make the manifest again from the log", .control, input: .nothing,
      output: Operation.jobOutput, receipt: .intent,
      effects: .job(Control.rebuild, needs: .systemControl),
      work: .job(kind: Control.rebuild) { (_, _, draft) throws(OperationFault) in
        try draft.add(PlanItem(identity: Array("manifest".utf8), generation: 0, bytes: 0))
      })
  }
}

extension JobKind {
  static var rebuildManifest: JobKind {
    JobKind(Control.rebuild) { (work) throws(OperationFault) in
      try work.handle.use(Control.rebuild, [:])
      return .done
    }
  }
}

extension HostControl {
  /// Makes the manifest again; asked a second time it does so again, which harms nobody.
  static func rebuildManifest(_ ground: GateGround) -> HostControl {
    HostControl(Control.rebuild, .atOnce) { (_) throws(OperationFault) in
      let manifest = try ground.living().manifest
      do throws(ManifestError) {
        try manifest.rebuild()
        return .null
      } catch {
        throw .failed("\(error)")
      }
    }
  }
}
