// Shredding: a file's key is destroyed, and with it every copy of its bytes that ever left this machine,
// wherever that lies. Names and digests stay. It cannot be done back, so whoever asks has been shown the
// plan; what is not stored under a key of its own is refused, for nothing would be destroyed.
//
//   clean ──taken aside, leased──▶ `shredded` is durable ──▶ key destroyed ──▶ hot copy gone ──▶ object gone
//     ▲          │ any doubt: put back
//     └──────────┘
//
// The event comes before the key: after a crash between the two the file is shredded, what lies aside
// is removed by the next start, and the job, which goes on, destroys the key. The other way round a file
// could be put back and stored anew whose shred was promised.

internal import Ambient
internal import Bytes
internal import ColdStorage
internal import DurableFiles
internal import EventStore
internal import Manifest
internal import Operations

private let sealingDoor = "sealing"

extension Operation {
  static var shred: Operation {
    let force = SchemaField("force", .flag, required: false, "Pinned files too.")
    let reason = SchemaField(
      "reason", .text(bytesMax: 2_048), required: false, isRemark: true,
      "Why, for whoever finds them gone.")
    return Operation(
      "data.shred", "Destroy files so that no copy anywhere can be read again", .persist,
      input: .object([Selection.field, force, reason]), output: Operation.jobOutput,
      receipt: .intent, effects: FileDeed.shred.row(.dataShred, looksAt: [sealingDoor]),
      isReversible: false, guards: [.sealed],
      work: .job(kind: FileDeed.shred.name) { (input, handle, draft) throws(OperationFault) in
        let takesPinned = input["force"]?.bool == true
        try handle.eachSelected(input) { (file) throws(OperationFault) in
          guard let known = file.known else {
            return try draft.refuse(file, "nothing is known of it")
          }
          if let objection = known.objectionToShredding(takesPinned: takesPinned) {
            try draft.refuse(file, objection)
          } else {
            try draft.add(file)
          }
        }
        let state = try handle.query(sealingDoor, [:])
        draft.after["olderCopiesReadable"] = .bool(state["reachesCopies"]?.bool != true)
      })
  }
}

extension Guard {
  /// Objects that anybody can read are not made unreadable by destroying a key.
  fileprivate static var sealed: Guard {
    Guard("sealed objects") { (question) throws(OperationFault) in
      try question.handle.query(sealingDoor, [:])["objection"]?.string
    }
  }
}

extension ProjectionDoor {
  /// Whether files have keys of their own: `objection` says why not, and `reachesCopies` whether a
  /// shred makes older copies of the keyset worthless.
  static func sealing(_ ground: GateGround) -> ProjectionDoor {
    ProjectionDoor(sealingDoor) { (_) throws(OperationFault) in
      let settings = ground.settings.sealing
      var objection: String?
      if ground.settings.depot.isReadOnly {
        objection = "the engine is read-only, and destroys nothing"
      } else if !settings.isOn {
        objection =
          "'encrypt' is off, so stored objects can be read by whoever has them, and destroying a "
          + "key would destroy nothing"
      } else if settings.scope != .file {
        objection =
          "'key_scope' is \(settings.scope.rawValue), so files share keys, and single ones cannot be "
          + "shredded"
      }
      return [
        "objection": JSONValue(objection),
        "reachesCopies": .bool(ground.engine?.store.shredReachesCopies ?? true),
      ]
    }
  }
}

extension SelectedFile.Known {
  /// Why it may not be shredded; nil when nothing is known against it.
  fileprivate func objectionToShredding(takesPinned: Bool) -> String? {
    switch state {
    case .dirty, .failed: "it is \(state); what is not stored is not destroyed by destroying a key"
    case .shredded: "it was shredded"
    case .clean where !isSealed: "it was stored unsealed, so destroying a key would destroy nothing"
    case .clean: isPinned && !takesPinned ? "it is pinned" : nil
    }
  }
}

extension FileDeed {
  /// Destroys a file that is what it was.
  static let shred = FileDeed(
    "file.shred", filesAtOnce: 8,
    appends: [.fileShredded, .fileObjectRemoved, .fileWritten, .fileVanished]
  ) { (engine, order) throws(OperationFault) in
    guard let shredding = engine.shredding else { return .refused("there are no keys here") }
    do throws(EngineError) {
      return try shredding.run(
        order.path, judged: order.generation, takesPinned: order.input["force"]?.bool == true,
        reason: order.input["reason"]?.string ?? "")
    } catch {
      return ItemOutcome(error)
    }
  }
}
