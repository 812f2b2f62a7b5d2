// Evicting what an operator names. It goes the way of every eviction (`EvictionWork`), so the last word
// is the file's; what an operator adds is that age does not matter, and that each file must be what the
// plan saw.

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import Manifest
internal import Operations

extension Operation {
  static var evict: Operation {
    Operation(
      "cache.evict", "Drop hot copies of stored files", .persist,
      input: .object([Selection.field]), output: Operation.jobOutput, receipt: .intent,
      effects: FileDeed.evict.row(.cacheWrite, looksAt: [CacheDoor.name]),
      work: .job(kind: FileDeed.evict.name) { (input, handle, draft) throws(OperationFault) in
        var already = 0
        try handle.eachSelected(input) { (file) throws(OperationFault) in
          guard let known = file.known else {
            return try draft.refuse(file, "nothing is known of it")
          }
          guard known.isHot || known.state == .shredded else {
            already += 1
            return
          }
          if let objection = known.objectionToEvicting {
            try draft.refuse(file, objection)
          } else {
            try draft.add(file)
          }
        }
        let cache = try CacheDoor.ask(handle)
        draft.after["hotBytes"] = JSONValue(cache.hotBytes - min(cache.hotBytes, draft.itemBytes))
        draft.after["alreadyCold"] = JSONValue(already)
        draft.estimate = cache.evictions?.estimate(files: draft.itemCount, bytes: 0)
      })
  }
}

extension SelectedFile.Known {
  /// Why it may not be evicted, as a sentence; nil when nothing is known against it.
  fileprivate var objectionToEvicting: String? {
    switch state {
    case .dirty: "it is not stored yet"
    case .failed: "it could not be stored; see its failure, and retry"
    case .shredded: "it was shredded"
    case .clean: isPinned ? "it is pinned" : nil
    }
  }
}

extension PlanDraft {
  /// Adds a file that something would be done to.
  mutating func add(_ file: SelectedFile) throws(OperationFault) {
    try add(
      PlanItem(
        identity: file.path.bytes, generation: file.known?.generation ?? 0,
        bytes: file.known?.size ?? 0))
  }

  /// Adds a file that would be left alone.
  mutating func refuse(_ file: SelectedFile, _ reason: String) throws(OperationFault) {
    try refuse(
      PlanRefusal(identity: file.path.bytes, bytes: file.known?.size ?? 0, reason: reason))
  }
}

extension FileDeed {
  /// Evicts a file that is what it was.
  static let evict = FileDeed(
    "file.evict", filesAtOnce: 8,
    appends: [.fileEvicted, .fileWritten, .fileVanished, .fileVerified, .fileFound]
  ) { (engine, order) throws(OperationFault) in
    switch engine.evictions.evict(order.path, judged: order.generation, isAsked: true) {
    case .evicted: return .done
    case .stays(let reason): return try reason.outcome(engine, order)
    }
  }
}

extension StayReason {
  /// What it means for one item of a job that the file stays.
  fileprivate func outcome(
    _ engine: Engine, _ order: FileDeed.Order
  ) throws(OperationFault) -> ItemOutcome {
    switch self {
    case .failed(.changed), .notEvictable:
      let row = try order.row(in: engine)
      if row?.state == .clean, row?.isHot == false { return .alreadyDone }
      return .changed("it is not what the plan saw")
    case .pinned: return .refused("it is pinned")
    case .recent: return .refused("it was read a moment ago")
    case .beingWorkedOn: return .refused("it is being worked on")
    case .notStored: return .changed("its stored copy is missing or wrong, so it is stored again")
    case .refused(.inUse): return .refused("a program has it open")
    case .refused(.differs), .refused(.gone): return .changed("it is not what was stored")
    case .refused(.linked): return .refused("it has another name, where its bytes would stay")
    case .refused(.unsupported):
      return .refused("its file system cannot tell whether a program has it open")
    case .refused(.inTheWay): return .failed("one of its name lies aside already")
    case .refused(.disturbed): return .refused("a program opened it while it was moved")
    case .refused(.disk(let error)): return .failed("\(error)")
    case .failed(let error): return ItemOutcome(error)
    }
  }
}

extension FileDeed.Order {
  /// The file's row as it is now.
  func row(in engine: Engine) throws(OperationFault) -> FileRow? {
    do throws(EngineError) {
      return try engine.ledger.row(at: path)
    } catch {
      throw .failed("\(error)")
    }
  }
}
