// Pausing and resuming uploads. The hold is a standing control: its newest setting is an event, so that
// uploads which an operator has paused stay so when the engine starts again.

internal import Bytes
internal import Operations

private let hold = "uploads.hold"
private let uploadsDoor = "uploads"
private let reason = SchemaField(
  "reason", .text(bytesMax: 256), required: false, isRemark: true, "Why, for whoever comes next.")
private let isPaused = SchemaField("paused", .flag, "Whether uploads are paused from now on.")

extension Operation {
  static var pauseUploads: Operation {
    Operation(
      "upload.pause", "Begin no more uploads; reads go on", .control, input: .object([reason]),
      output: .object([isPaused]), receipt: .act,
      effects: .control(hold, needs: .uploadControl, looksAt: [uploadsDoor]),
      work: .act(
        plan: { (input, handle, draft) throws(OperationFault) in
          try plan(pausing: true, handle, &draft)
        },
        act: { (input, handle) throws(OperationFault) in
          let why = input["reason"]?.string ?? "\(handle.caller) paused them"
          try handle.use(hold, ["reason": .string(why)])
          return ["paused": true]
        }))
  }

  static var resumeUploads: Operation {
    Operation(
      "upload.resume", "Let uploads that an operator paused go on", .control, input: .nothing,
      output: .object([isPaused]), receipt: .act,
      effects: .control(hold, needs: .uploadControl, looksAt: [uploadsDoor]),
      work: .act(
        plan: { (_, handle, draft) throws(OperationFault) in
          try plan(pausing: false, handle, &draft)
        },
        act: { (_, handle) throws(OperationFault) in
          guard try handle.query(uploadsDoor, [:])["paused"]?.string != nil else {
            throw .conflict("uploads are not paused, so there is nothing to resume")
          }
          try handle.use(hold, ["reason": .null])
          return ["paused": false]
        }))
  }
}

/// The plan of a hold: uploads as they are held now.
private func plan(
  pausing: Bool, _ handle: OperationHandle, _ draft: inout PlanDraft
) throws(OperationFault) {
  let state = try handle.query(uploadsDoor, [:])
  let why = state["paused"]?.string
  let identity = Array("uploads".utf8)
  if !pausing, why == nil {
    return try draft.refuse(
      PlanRefusal(identity: identity, bytes: 0, reason: "uploads are not paused"))
  }
  draft.after["paused"] = .bool(pausing)
  try draft.add(PlanItem(identity: identity, generation: why == nil ? 0 : 1, bytes: 0))
}

extension ProjectionDoor {
  /// How uploads are held: `paused` is why an operator holds them, or null.
  static func uploads(_ ground: GateGround) -> ProjectionDoor {
    ProjectionDoor(uploadsDoor) { (_) throws(OperationFault) in
      ["paused": JSONValue(ground.engine?.uploads.pauseReason)]
    }
  }
}

extension HostControl {
  /// Holds uploads for a reason, or for none any more.
  static func holdUploads(_ ground: GateGround) -> HostControl {
    HostControl(hold, .standing) { (input) throws(OperationFault) in
      try ground.storing().uploads.setPause(because: input["reason"]?.string)
      return .null
    }
  }
}
