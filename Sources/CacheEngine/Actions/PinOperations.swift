// Pinning: a pinned file is never evicted, by nobody. A pin is an event of the file and nothing else, so
// it costs one append a file, and those of many files share commits.

internal import Bytes
internal import EventStore
internal import Manifest
internal import Operations

extension Operation {
  static var pin: Operation {
    pinning("cache.pin", "Keep files from being evicted", .pin, wanted: true)
  }

  static var unpin: Operation {
    pinning("cache.unpin", "Let pinned files be evicted again", .unpin, wanted: false)
  }

  private static func pinning(
    _ name: String, _ title: String, _ deed: FileDeed, wanted: Bool
  ) -> Operation {
    Operation(
      name, title, .persist, input: .object([Selection.field]), output: Operation.jobOutput,
      receipt: .intent, effects: deed.row(.cacheWrite),
      work: .job(kind: deed.name) { (input, handle, draft) throws(OperationFault) in
        var already = 0
        try handle.eachSelected(input) { (file) throws(OperationFault) in
          guard let known = file.known else {
            return try draft.refuse(file, "nothing is known of it")
          }
          if known.isPinned == wanted { already += 1 } else { try draft.add(file) }
        }
        draft.after["already"] = JSONValue(already)
      })
  }
}

extension FileDeed {
  static let pin = pinning("file.pin", .pinned, wanted: true, appends: .filePinned)
  static let unpin = pinning("file.unpin", .unpinned, wanted: false, appends: .fileUnpinned)

  private static func pinning(
    _ name: String, _ transition: Transition, wanted: Bool, appends kind: EventKind
  ) -> FileDeed {
    FileDeed(name, filesAtOnce: 8, appends: [kind]) { (engine, order) throws(OperationFault) in
      do throws(EngineError) {
        var turn = try engine.ledger.turn(of: order.path)
        guard let row = turn.row else { return .changed("it is not there any more") }
        if row.isPinned == wanted { return .alreadyDone }
        guard row.generation == order.generation else {
          return .changed("it is not what the plan saw")
        }
        try turn.append(transition)
        return .done
      } catch {
        return ItemOutcome(error)
      }
    }
  }
}
