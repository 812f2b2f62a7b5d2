// Verifying on demand: hot copies against their digest, stored ones by a look or by reading all of them.
// What is found is an event of the file and its outcome in the job; a file that cannot be read now has
// failed, which is another thing than damage.

internal import Ambient
internal import Bytes
internal import Manifest
internal import Operations

extension Operation {
  static var verify: Operation {
    Operation(
      "cache.verify", "Compare files with their digests, and look at what is stored", .persist,
      input: .object([
        Selection.field,
        SchemaField(
          "hot", .flag, required: false, "Read the copies in the depot; true unless given."),
        SchemaField(
          "stored", .choice(FileVerifier.StoredDepth.allCases.map(\.rawValue)), required: false,
          "How stored copies are looked at: not at all, by a look at the object, which is usual, or "
            + "by reading it."),
      ]),
      output: Operation.jobOutput, receipt: .intent, effects: FileDeed.verify.row(.cacheWrite),
      work: .job(kind: FileDeed.verify.name) { (input, handle, draft) throws(OperationFault) in
        let isNamed = input["selection"]?["paths"] != nil
        var (hotBytes, others) = (UInt64(0), 0)
        try handle.eachSelected(input) { (file) throws(OperationFault) in
          guard let known = file.known else {
            return try draft.refuse(file, "nothing is known of it")
          }
          guard known.state == .clean, known.isStored else {
            others += 1
            if isNamed { try draft.refuse(file, "it is \(known.state), so nothing is recorded") }
            return
          }
          if known.isHot { hotBytes += known.size }
          try draft.add(file)
        }
        let order = VerifyOrder(input)
        draft.after["bytesToRead"] = JSONValue(
          (order.hot ? hotBytes : 0) + (order.stored == .read ? draft.itemBytes : 0))
        draft.after["others"] = JSONValue(others)
      })
  }
}

/// What an input asks to be verified.
private struct VerifyOrder {
  let hot: Bool
  let stored: FileVerifier.StoredDepth

  init(_ input: JSONValue) {
    hot = input["hot"]?.bool ?? true
    stored = input["stored"]?.string.flatMap(FileVerifier.StoredDepth.init(rawValue:)) ?? .head
  }
}

extension ItemOutcome {
  /// What the reason of a file begins with whose copy is damaged.
  package static let damage = "damaged: "
}

extension FileDeed {
  static let verify = FileDeed(
    "file.verify", filesAtOnce: 4, appends: [.fileVerified, .fileFound, .fileWritten]
  ) { (engine, order) throws(OperationFault) in
    let wanted = VerifyOrder(order.input)
    let outcome: ItemOutcome
    do throws(EngineError) {
      guard let row = try engine.ledger.row(at: order.path) else {
        return .changed("it is not there any more")
      }
      outcome =
        switch try engine.verifier.verify(
          row, hot: wanted.hot, stored: wanted.stored, order.cancellation)
        {
        case .right: .done
        case .damaged(let detail): .failed(ItemOutcome.damage + detail)
        case .changed: .changed("it changed meanwhile")
        }
    } catch {
      outcome = ItemOutcome(error)
    }
    guard outcome.isDone || !order.cancellation.isCancelled else {
      throw .cancelled("the job was stopped before the file was read")
    }
    return outcome
  }
}
