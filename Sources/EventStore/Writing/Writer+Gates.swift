// Asking the gates, and recording what they refuse. Nothing is held meanwhile: a gate may take its
// time, may read the store, and may even append to it.

internal import Bytes
internal import Synchronization

extension Writer {
  /// Asks every gate about every event; returns the receipts when all of it was appended before,
  /// and throws `.denied` once a denial is recorded durably.
  func admit(_ request: PreparationRequest) throws(StoreError) -> [Receipt]? {
    guard !options.gates.isEmpty else { return nil }
    if let known = try settled(request) { return known }
    for (index, event) in request.events.enumerated() {
      let question = GateQuestion(
        event: event, digest: request.digests[index], index: index, count: request.count)
      for gate in options.gates {
        guard let reason = gate.denial(of: question) else { continue }
        let record = SystemRecord.denial(
          by: gate, for: shortened(reason), question,
          isSealed: keyring?.seals(event.kind) ?? false)
        let receipt = try append(PreparationRequest(record), .durable)[0]
        throw .denied(gate: gate.name, reason: shortened(reason), receipt: receipt)
      }
    }
    return nil
  }

  /// The receipts of a retry, waiting for a first try that is on its way.
  private func settled(_ request: PreparationRequest) throws(StoreError) -> [Receipt]? {
    guard request.isKeyed else { return nil }
    while true {
      let step = try state.withLock { (state) throws(StoreError) in
        if let stopped = state.stopped { throw stopped }
        return try recall(request, state.preparation, catalog.current)
      }
      switch step {
      case .known(let receipts): return receipts
      case .after(let sequence): try awaitFirstTry(sequence)
      default: return nil
      }
    }
  }

  /// The beginning of a reason, cut between characters.
  private func shortened(_ reason: String) -> String {
    var kept = reason[...]
    while kept.utf8.count > Gate.reasonBytesMax { kept.removeLast() }
    return String(kept)
  }
}

extension SystemRecord {
  /// A refusal: by which gate and why, and what was refused, but never its payload; nor its
  /// digest when it would have been sealed, for short payloads are guessed by that.
  static func denial(
    by gate: Gate, for reason: String, _ question: GateQuestion, isSealed: Bool
  ) -> NewEvent {
    let event = question.event
    var record = record(
      .denial,
      [
        "count": JSONValue(question.count),
        "digest": isSealed ? .null : .string("\(question.digest.digest)"),
        "entity": .string(event.coordinate.entity), "gate": .string(gate.name),
        "index": JSONValue(question.index), "kind": .string("\(event.kind)"),
        "reason": .string(reason), "scope": .string(event.coordinate.scope),
      ])
    record.correlation = event.correlation
    record.causation = event.causation
    return record
  }
}
