// Bringing files back because an operator wants them in the depot: some, a directory, or all, which is the
// clean way out of the product. Each goes the way of every restore, so whoever asks for the same file
// meanwhile shares it. What does not fit is left alone and named, unless the operator wants it anyway.

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import Manifest
internal import Operations

extension Operation {
  static var rehydrate: Operation {
    let anyway = SchemaField(
      "anyway", .flag, required: false,
      "Bring also what does not fit; other files are evicted for it then.")
    return Operation(
      "cache.rehydrate", "Bring files back into the depot", .persist,
      input: .object([Selection.field, anyway]), output: Operation.jobOutput, receipt: .intent,
      effects: FileDeed.rehydrate.row(.cacheWrite, looksAt: [CacheDoor.name]),
      work: .job(kind: FileDeed.rehydrate.name) { (input, handle, draft) throws(OperationFault) in
        let cache = try CacheDoor.ask(handle)
        let room = input["anyway"]?.bool == true ? UInt64.max : cache.room
        var (already, left) = (0, 0)
        try handle.eachSelected(input) { (file) throws(OperationFault) in
          guard let known = file.known else {
            return try draft.refuse(file, "nothing is known of it")
          }
          if known.isHot {
            already += 1
          } else if known.state == .shredded {
            try draft.refuse(file, "it was shredded")
          } else if !known.isStored {
            try draft.refuse(file, "nothing is stored of it")
          } else if draft.itemBytes + known.size > room {
            left += 1
            try draft.refuse(file, "there is no room for it below 'max_cache_bytes' or on the disk")
          } else {
            try draft.add(file)
          }
        }
        draft.after["hotBytes"] = JSONValue(cache.hotBytes + draft.itemBytes)
        draft.after["alreadyHot"] = JSONValue(already)
        draft.after["fits"] = .bool(left == 0 && draft.itemBytes <= cache.room)
        draft.estimate = cache.restores?.estimate(files: draft.itemCount, bytes: draft.itemBytes)
      })
  }
}

extension CacheDoor {
  /// How many bytes more fit into the depot.
  fileprivate var room: UInt64 {
    min(bytesMax - min(bytesMax, hotBytes), diskFree ?? .max)
  }
}

extension FileDeed {
  /// Brings a file back unless it is there.
  static let rehydrate = FileDeed(
    "file.rehydrate", filesAtOnce: 8,
    appends: [.fileRestored, .fileWritten, .fileVanished, .fileFound]
  ) { (engine, order) throws(OperationFault) in
    do throws(EngineError) {
      guard let row = try engine.ledger.row(at: order.path) else {
        return .changed("it is not there any more")
      }
      if try engine.depot.copy(at: order.path, order.path) != nil { return .alreadyDone }
      if row.generation != order.generation, !row.isHot {
        return .changed("it is not what the plan saw")
      }
    } catch {
      return ItemOutcome(error)
    }
    guard let result = engine.fetch(order.path, order.cancellation) else {
      throw .cancelled("the job was stopped before the file had come")
    }
    switch result {
    case .success: return .done
    case .failure(let error): return ItemOutcome(error)
    }
  }
}

extension Engine {
  /// Brings a file into the depot unless it is there; nil when nobody wanted to wait any more. The
  /// restore goes on then, for others may wait for it.
  func fetch(
    _ path: FilePath, _ cancellation: Cancellation
  ) -> Result<UInt64, EngineError>? {
    let answer = Monitor<Result<UInt64, EngineError>?>(nil)
    fetch(path) { outcome in answer.change { $0 = outcome } }
    if !parts.hasThreads { restores.step() }
    let ended = cancellation.watched(
      by: { answer.change { _ in } },
      during: {
        answer.wait { (outcome: inout Result<UInt64, EngineError>?) in
          outcome != nil || cancellation.isCancelled ? .some(outcome) : nil
        }
      })
    return ended ?? nil
  }
}
