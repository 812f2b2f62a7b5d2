// What an operator does for single uploads: try again what failed or waits for its next attempt, and have
// some files stored before all others. The first is an event of each file; the second is a wish that
// lives as long as the engine.

internal import Bytes
internal import DurableFiles
internal import EventStore
internal import Manifest
internal import Operations

private let urgent = "uploads.urgent"
/// The most files that one call puts before others.
private let urgentFilesMax = 1_000

extension Operation {
  static var retryUploads: Operation {
    Operation(
      "upload.retry", "Try failed and waiting uploads again at once", .persist,
      input: .object([Selection.field]), output: Operation.jobOutput, receipt: .intent,
      effects: FileDeed.retry.row(.uploadControl),
      work: .job(kind: FileDeed.retry.name) { (input, handle, draft) throws(OperationFault) in
        let isNamed = input["selection"]?["paths"] != nil
        var others = 0
        try handle.eachSelected(input) { (file) throws(OperationFault) in
          guard let known = file.known else {
            return try draft.refuse(file, "nothing is known of it")
          }
          if known.state == .failed || known.isWaiting {
            try draft.add(file)
          } else if isNamed {
            try draft.refuse(file, "it is \(known.state) and waits for no other attempt")
          } else {
            others += 1
          }
        }
        draft.after["others"] = JSONValue(others)
      })
  }

  static var prioritiseUploads: Operation {
    Operation(
      "upload.prioritise", "Store some files before all others", .control,
      input: .object([Selection.field]),
      output: .object([
        SchemaField("files", .integer(0...Int64(urgentFilesMax)), "How many come first.")
      ]),
      receipt: .act, effects: .control(urgent, needs: .uploadControl, looksAt: [SelectedFile.door]),
      work: .act(
        plan: { (input, handle, draft) throws(OperationFault) in
          for file in try urgentFiles(input, handle) { try draft.add(file) }
        },
        act: { (input, handle) throws(OperationFault) in
          let files = try urgentFiles(input, handle)
          guard !files.isEmpty else { throw .conflict("none of these files waits to be stored") }
          let paths = files.map { JSONValue.string(escaped($0.path.bytes)) }
          try handle.use(urgent, ["paths": .array(paths)])
          return ["files": JSONValue(files.count)]
        }))
  }
}

/// The selected files that wait to be stored.
private func urgentFiles(
  _ input: JSONValue, _ handle: OperationHandle
) throws(OperationFault) -> [SelectedFile] {
  var files: [SelectedFile] = []
  try handle.eachSelected(input) { (file) throws(OperationFault) in
    guard file.known?.state == .dirty else { return }
    guard files.count < urgentFilesMax else {
      throw .overLimit("more than \(urgentFilesMax) files wait; put fewer of them first")
    }
    files.append(file)
  }
  return files
}

extension HostControl {
  /// Puts files before all others.
  static func urgentUploads(_ ground: GateGround) -> HostControl {
    HostControl(urgent, .staged) { (input) throws(OperationFault) in
      let engine = try ground.storing()
      var paths: [FilePath] = []
      for text in input["paths"]?.array ?? [] { paths.append(try Selection.path(text)) }
      engine.uploads.send(.prioritised(paths))
      return .null
    }
  }
}

extension FileDeed {
  /// Has an upload tried again at once, with all its attempts.
  static let retry = FileDeed("file.retry", filesAtOnce: 8, appends: [.fileRetried]) {
    (engine, order) throws(OperationFault) in
    guard !engine.settings.depot.isReadOnly else {
      return .refused("the engine is read-only and stores nothing")
    }
    do throws(EngineError) {
      var turn = try engine.ledger.turn(of: order.path)
      guard let row = turn.row else { return .changed("it is not there any more") }
      guard row.generation == order.generation else {
        return row.isAtRisk && row.attempts > 0
          ? .changed("it is not what the plan saw") : .alreadyDone
      }
      try turn.append(.retried)
    } catch {
      return ItemOutcome(error)
    }
    engine.uploads.notice()
    return .done
  }
}
