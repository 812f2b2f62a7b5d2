// That somebody has seen a failure and takes care of it. It changes nothing of the file: the event says who
// saw what, at which generation, and with the next thing that happens to the file it is about the past.

internal import Bytes
internal import DurableFiles
internal import EventStore
internal import Manifest
internal import Operations

/// The most failures that one call acknowledges.
private let failuresMax = 1_000

extension EventKind {
  /// A failure was acknowledged; the payload is canonical JSON of `caller`, `generation`, `note`, `path`
  /// and `v`.
  static let acknowledged = EventKind(rawValue: 0xD010)
}

extension Operation {
  static var acknowledgeFailures: Operation {
    let note = SchemaField(
      "note", .text(bytesMax: 256), required: false, isRemark: true, "What is done about it.")
    return Operation(
      "failure.acknowledge", "Note that failures were seen and are taken care of", .persist,
      input: .object([Selection.field, note]),
      output: .object([
        SchemaField("files", .integer(0...Int64(failuresMax)), "How many were acknowledged.")
      ]),
      receipt: .act,
      effects: EffectRow(
        eventsAppended: [.acknowledged], projectionsQueried: [SelectedFile.door],
        receiptsEmitted: [.act], capabilitiesRequired: [.uploadControl]),
      work: .act(
        plan: { (input, handle, draft) throws(OperationFault) in
          for file in try failures(input, handle) { try draft.add(file) }
        },
        act: { (input, handle) throws(OperationFault) in
          let files = try failures(input, handle)
          guard !files.isEmpty else { throw .conflict("none of these files has failed") }
          for file in files { try handle.append(event(file, input, handle)) }
          return ["files": JSONValue(files.count)]
        }))
  }
}

/// The selected files that have failed.
private func failures(
  _ input: JSONValue, _ handle: OperationHandle
) throws(OperationFault) -> [SelectedFile] {
  var files: [SelectedFile] = []
  try handle.eachSelected(input) { (file) throws(OperationFault) in
    guard file.known?.state == .failed else { return }
    guard files.count < failuresMax else {
      throw .overLimit("more than \(failuresMax) files have failed; acknowledge fewer at once")
    }
    files.append(file)
  }
  return files
}

private func event(
  _ file: SelectedFile, _ input: JSONValue, _ handle: OperationHandle
) throws(OperationFault) -> NewEvent {
  let value: JSONValue = .object([
    "caller": handle.caller.json, "generation": JSONValue(file.known?.generation ?? 0),
    "note": JSONValue(input["note"]?.string), "path": .string(escaped(file.path.bytes)), "v": 1,
  ])
  // Beside the file's own stream, which only what happens to the file moves on.
  let entity =
    "failure:" + FileEvent.coordinate(of: file.path).entity.drop { $0 != ":" }.dropFirst()
  let place: Coordinate
  do throws(StoreError) {
    place = try Coordinate(entity: entity, scope: "operations")
  } catch {
    throw .failed("\(error)")
  }
  do throws(BytesError) {
    return NewEvent(place, kind: .acknowledged, payload: try value.canonical())
  } catch {
    throw .failed("the note cannot be written down: \(error)")
  }
}
