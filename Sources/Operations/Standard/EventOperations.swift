// Operations about events and receipts. All but one look; `events.checkpoint` makes something for a
// witness to keep, and its receipt is the record of that.

internal import Ambient
internal import Bytes
internal import EventStore

private let eventName = SchemaField("event", .text(bytesMax: 64), "The event's id.")
private let position = SchemaField("position", .integer(0...1 << 53), "Where the next page begins.")
private let eventsOut = SchemaField(
  "events", .list(.anything(bytesMax: 1 << 15), countMax: OperationsLimits.pageRowsMax),
  "The events' headers.")

/// The most bytes of a payload that an operation shows; `larder events get` prints any.
private let payloadShownMax = 1 << 16
/// The most bytes of a payload that a page of events shows beside each header.
private let payloadPagedMax = 1_024

extension Operation {
  static var eventsPage: Operation {
    Operation(
      "events.page", "List events of the log", .inspect,
      input: .object([
        SchemaField(
          "entity", .text(bytesMax: Coordinate.nameBytesMax), required: false,
          "Only this entity and its descendants."),
        SchemaField(
          "scope", .text(bytesMax: Coordinate.nameBytesMax), required: false, "Only this scope."),
        SchemaField(
          "kind", .text(bytesMax: 8), required: false, "Only this kind, as C.TTT in hexadecimal."),
        SchemaField(
          "after", .integer(0...1 << 53), required: false,
          "The position that the page before gave."),
        SchemaField("newestFirst", .flag, required: false, "Begin at the end of the log."),
        SchemaField(
          "payloads", .flag, required: false,
          "Show the payloads too, in base64, unless they are large or sealed."),
        SchemaField(
          "limit", .integer(1...Int64(OperationsLimits.pageRowsMax)), required: false,
          "How many rows at most; 100 unless given."),
      ]),
      output: .object([
        eventsOut, position, SchemaField("isEnd", .flag, "Whether there are no more by now."),
      ]),
      effects: EffectRow(eventsRead: [.any]),
      work: .answer { (input, handle) throws(OperationFault) in
        var region = Region(
          entityPrefix: input["entity"]?.string, scope: input["scope"]?.string)
        if let word = input["kind"]?.string {
          guard let kind = EventKind(parsing: word) else {
            throw .notFound("'\(escaped(word))' is no kind of events; write C.TTT in hexadecimal")
          }
          region.kind = .exactly(kind)
        }
        let page = try handle.events(
          in: region, after: UInt64(count(input["after"]) ?? 0),
          limit: count(input["limit"]) ?? 100,
          order: input["newestFirst"]?.bool == true ? .newestFirst : .oldestFirst)
        return .object([
          "events": .array(
            page.events.map { $0.listed(withPayload: input["payloads"]?.bool == true) }),
          "position": JSONValue(page.position), "isEnd": .bool(page.isEnd),
        ])
      })
  }

  static var eventGet: Operation {
    Operation(
      "event.get", "Show one event and its receipt", .inspect, input: .object([eventName]),
      output: .object([
        SchemaField("event", .anything(bytesMax: 1 << 15), "The event's header."),
        SchemaField(
          "payload", .choice(["bytes", "large", "shredded", "sealed"]), "What became of it."),
        SchemaField(
          "bytes", .nullable(.text(bytesMax: payloadShownMax * 2)),
          "The payload in base64, unless it is large."),
        SchemaField("receipt", .text(bytesMax: 1 << 16), "The store's receipt, in base64."),
      ]),
      effects: EffectRow(eventsRead: [.any]),
      work: .answer { (input, handle) throws(OperationFault) in
        let event = try handle.event(try named(input))
        let receipt = try handle.receipt(event.header.sequence)
        let state: String
        switch event.payload {
        case .bytes(let bytes): state = bytes.count <= payloadShownMax ? "bytes" : "large"
        case .shredded: state = "shredded"
        case .sealed: state = "sealed"
        }
        let shown = state == "bytes" ? event.bytes.map { base64($0) } : nil
        return .object([
          "event": event.header.json, "payload": .string(state), "bytes": JSONValue(shown),
          "receipt": .string(base64(receipt.encoded)),
        ])
      })
  }

  static var eventAncestors: Operation {
    Operation(
      "event.ancestors", "List the events before one in its lane", .inspect,
      input: .object([
        eventName,
        SchemaField(
          "limit", .integer(1...Int64(OperationsLimits.pageRowsMax)), required: false,
          "How many rows at most; 100 unless given."),
      ]),
      output: .object([
        eventsOut,
        SchemaField(
          "end", .choice(["genesis", "limit", "removed", "missing", "failed"]),
          "Why there are no more."),
      ]),
      effects: EffectRow(eventsRead: [.any]),
      work: .answer { (input, handle) throws(OperationFault) in
        let found = try handle.ancestors(
          of: try named(input), limit: count(input["limit"]) ?? 100)
        return .object([
          "events": .array(found.events.map { $0.header.json }), "end": .string(found.end.word),
        ])
      })
  }

  static var chainVerify: Operation {
    Operation(
      "chain.verify", "Compute the log's chain again and compare", .inspect,
      input: .object([
        SchemaField(
          "signatures", .flag, required: false, "Check every event's signature too."),
        SchemaField(
          "structureOnly", .flag, required: false, "Look at structure and seals alone."),
      ]),
      output: .object([
        SchemaField("intact", .flag, "Whether nothing at all is wrong."),
        SchemaField("events", .integer(0...1 << 53), "How many were checked."),
        SchemaField("segments", .integer(0...1 << 53), "How many were checked."),
        SchemaField(
          "findings", .list(.anything(bytesMax: 1 << 14), countMax: OperationsLimits.pageRowsMax),
          "What is wrong, and where; the first of them."),
        SchemaField("more", .integer(0...1 << 53), "How many findings are not listed."),
      ]),
      effects: EffectRow(eventsRead: [.any]),
      work: .answer { (input, handle) throws(OperationFault) in
        let report = try handle.verify(
          VerifyOptions(
            recomputes: input["structureOnly"]?.bool != true,
            signatures: input["signatures"]?.bool == true))
        let findings = report.findings
        let listed = findings.prefix(OperationsLimits.pageRowsMax)
        return .object([
          "intact": .bool(report.isIntact), "events": JSONValue(report.eventsChecked),
          "segments": JSONValue(report.segmentsChecked),
          "findings": .array(
            listed.map { finding in
              .object([
                "file": .string("\(finding.file)"), "offset": JSONValue(finding.offset),
                "fault": .string(finding.fault),
              ])
            }),
          "more": JSONValue(findings.count - listed.count + report.findingsDropped),
        ])
      })
  }

  static var eventsCheckpoint: Operation {
    Operation(
      "events.checkpoint", "Give the root over all events, for a witness to keep", .emit,
      input: .nothing,
      output: .object([
        SchemaField("checkpoint", .text(bytesMax: 1 << 12), "What the witness keeps, in base64."),
        SchemaField("count", .integer(0...1 << 53), "How many events it covers."),
        SchemaField("root", .digest, "The root over them."),
        SchemaField("signed", .flag, "Whether it is signed."),
      ]),
      receipt: .act,
      effects: EffectRow(
        eventsRead: [.any], receiptsEmitted: [.act], capabilitiesRequired: [.reportWrite]),
      work: .act(
        plan: { (_, handle, draft) throws(OperationFault) in
          let checkpoint = try handle.checkpoint()
          draft.after["events"] = JSONValue(checkpoint.count)
          draft.after["signed"] = .bool(checkpoint.signature != nil)
        },
        act: { (_, handle) throws(OperationFault) in
          let checkpoint = try handle.checkpoint()
          return .object([
            "checkpoint": .string(base64(checkpoint.encoded)), "count": JSONValue(checkpoint.count),
            "root": .string("\(checkpoint.root)"), "signed": .bool(checkpoint.signature != nil),
          ])
        }))
  }

  static var receiptVerify: Operation {
    Operation(
      "receipt.verify", "Check the receipt of an operation or of an event", .compute,
      input: .object([
        SchemaField(
          "receipt", .anything(bytesMax: 1 << 17),
          "An operation's receipt as an object, or an event's in base64."),
        SchemaField(
          "input", .anything(bytesMax: 1 << 20), required: false, "The input to compare."),
        SchemaField(
          "output", .anything(bytesMax: 1 << 20), required: false, "The output to compare."),
        SchemaField("key", .digest, required: false, "The public key that must have signed it."),
        SchemaField(
          "proof", .text(bytesMax: 1 << 16), required: false,
          "The proof that its event is among those of the checkpoint, in base64."),
        SchemaField(
          "checkpoint", .text(bytesMax: 1 << 12), required: false, "That checkpoint, in base64."),
      ]),
      output: .object([
        SchemaField("valid", .flag, "Whether everything holds that was asked."),
        SchemaField("signed", .flag, "Whether it is signed."),
        SchemaField("included", .nullable(.flag), "Whether it is in the checkpoint."),
        SchemaField("verdict", .text(bytesMax: 1 << 12), "The same in words."),
        SchemaField(
          "operation", .nullable(.text(bytesMax: 128)), "The operation, if it is of one."),
        SchemaField("outcome", .nullable(.text(bytesMax: 64)), "What that came to."),
      ]),
      effects: EffectRow(),
      work: .answer { (input, _) throws(OperationFault) in
        ReceiptCheck(input).answer
      })
  }
}

private func named(_ input: JSONValue) throws(OperationFault) -> EventID {
  let name = input["event"]?.string ?? ""
  guard let id = EventID(parsing: name) else {
    throw .notFound("'\(escaped(name))' is no event's id; those have 32 hexadecimal digits")
  }
  return id
}

extension AncestryEnd {
  fileprivate var word: String {
    switch self {
    case .genesis: "genesis"
    case .limit: "limit"
    case .removed: "removed"
    case .missing: "missing"
    case .failed: "failed"
    }
  }
}

extension Event {
  /// The event as a row of a page.
  fileprivate func listed(withPayload isWanted: Bool) -> JSONValue {
    guard isWanted, case .bytes(let bytes) = payload, bytes.count <= payloadPagedMax,
      case .object(var row) = header.json
    else { return header.json }
    row["payload"] = .string(base64(bytes))
    return .object(row)
  }
}

extension EventHeader {
  /// The header as operators are shown it.
  fileprivate var json: JSONValue {
    .object([
      "causation": JSONValue(causation.map { "\($0.id)" }),
      "correlation": JSONValue(correlation.map { "\($0.id)" }),
      "entity": .string(coordinate.entity), "event": .string("\(id)"), "kind": .string("\(kind)"),
      "lane": JSONValue(lane.number), "payloadBytes": JSONValue(payloadCount),
      "scope": .string(coordinate.scope), "sealed": .bool(sealing != nil),
      "sequence": JSONValue(sequence), "streamSequence": JSONValue(streamSequence),
      "time": .string("\(time)"),
    ])
  }
}
