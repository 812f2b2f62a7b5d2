// One event as a line of an export: everything that its commitment binds, so that whoever reads the
// line can compute the commitment again and knows that nothing was changed on the way. The line is
// canonical JSON, so the same event is the same bytes wherever it is exported.

internal import Ambient
internal import Bytes
internal import Digests

/// An event on its way between stores.
struct ExportedEvent {
  let header: EventHeader
  /// The digest of the payload as its store has it.
  let digest: PayloadDigest
  let commitment: Commitment
  let payload: Payload

  /// What keeps the payload from being imported; nil when it is there.
  var isReadable: Bool { if case .bytes = payload { true } else { false } }

  /// Whether the commitment follows from the header and the digest, and the digest from the payload
  /// where that is stored as it is.
  var holds: Bool {
    guard ChainHash.commitment(header: header, digest: digest) == commitment else { return false }
    guard header.sealing == nil, case .bytes(let bytes) = payload else { return true }
    return PayloadDigest(of: bytes.span) == digest && bytes.count == Int(header.payloadCount)
  }
}

extension ExportedEvent {
  /// The line's value.
  var value: JSONValue {
    var object: JSONObject = [
      "line": "event", "sequence": JSONValue(header.sequence), "id": .string("\(header.id)"),
      "time": JSONValue(header.time.microseconds), "kind": .string(header.kind.digits),
      "version": JSONValue(header.payloadVersion),
      "entity": .string(header.coordinate.entity), "scope": .string(header.coordinate.scope),
      "lane": JSONValue(header.lane.number), "stream": JSONValue(header.streamSequence),
      "bytes": JSONValue(header.payloadCount), "digest": .string("\(digest)"),
      "commitment": .string("\(commitment)"),
    ]
    if let before = header.ancestry.predecessor {
      object["before"] = .object([
        "sequence": JSONValue(before.sequence), "commitment": .string("\(before.commitment)"),
      ])
    }
    if case .fork = header.ancestry { object["fork"] = .bool(true) }
    if let batch = header.batch {
      object["batch"] = .object([
        "id": JSONValue(batch.id), "index": JSONValue(batch.index),
        "count": JSONValue(batch.count),
      ])
    }
    if let fence = header.fence { object["fence"] = JSONValue(fence) }
    if let key = header.key { object["key"] = .string(base64(key.bytes)) }
    if let correlation = header.correlation {
      object["correlation"] = .string("\(correlation.id)")
    }
    if let causation = header.causation { object["causation"] = .string("\(causation.id)") }
    if !header.extensions.isEmpty {
      object["extensions"] = .array(
        header.extensions.map { .array([.string($0.name), .string(base64($0.value))]) })
    }
    if let sealing = header.sealing {
      object["sealed"] = .object([
        "scope": .string("\(EventID(high: sealing.scopeHigh, low: sealing.scopeLow))"),
        "generation": JSONValue(sealing.generation), "nonce": .string(base64(sealing.nonce)),
      ])
    }
    switch payload {
    case .bytes(let bytes):
      if let text = String(validating: bytes, as: UTF8.self) {
        object["payload"] = .string(text)
      } else {
        object["base64"] = .string(base64(bytes))
      }
    case .shredded: object["unreadable"] = "shredded"
    case .sealed: object["unreadable"] = "sealed"
    }
    return .object(object)
  }

  /// Reads a line's value; nil when it is no event's.
  init?(_ value: JSONValue) {
    let line = LineMembers(value)
    guard let sequence = line.count("sequence"), sequence > 0, let id = line.id("id"),
      let time = value["time"]?.integer, let kind = line.kind, let stream = line.count("stream"),
      let version = line.count("version").flatMap({ UInt16(exactly: $0) }),
      let entity = value["entity"]?.string, let scope = value["scope"]?.string,
      let lane = line.count("lane").flatMap({ UInt32(exactly: $0) }),
      let bytes = line.count("bytes").flatMap({ UInt32(exactly: $0) }),
      let digest = line.digest("digest"), let commitment = line.digest("commitment"),
      let ancestry = line.ancestry, let extensions = line.extensions, let payload = line.payload,
      Coordinate.fault(in: Array(entity.utf8)) == nil,
      Coordinate.fault(in: Array(scope.utf8)) == nil
    else { return nil }
    let key = line.base64("key")
    guard
      value["key"] == nil || key.map({ (1...IdempotencyKey.bytesMax).contains($0.count) }) == true
    else { return nil }
    header = EventHeader(
      sequence: sequence, id: id, time: WallTime(microseconds: time), kind: kind,
      payloadVersion: version,
      coordinate: Coordinate(trustedEntity: Array(entity.utf8), scope: Array(scope.utf8)),
      lane: Lane(lane), streamSequence: stream, ancestry: ancestry, payloadCount: bytes,
      batch: line.batch, fence: line.count("fence"), key: key.map(IdempotencyKey.init(trusted:)),
      correlation: line.id("correlation").map(CorrelationID.init),
      causation: line.id("causation").map(CausationID.init), extensions: extensions,
      sealing: line.sealing)
    self.digest = PayloadDigest(digest)
    self.commitment = Commitment(commitment)
    self.payload = payload
    // The encoder counts back from the sequence to what these name.
    guard header.batch.map({ $0.id <= sequence && $0.index < $0.count }) ?? true,
      header.fence.map({ $0 <= sequence }) ?? true
    else { return nil }
  }
}

/// The members of a line, read one by one.
private struct LineMembers {
  let value: JSONValue

  init(_ value: JSONValue) {
    self.value = value
  }

  func count(_ key: String) -> UInt64? { Self.count(value[key]) }

  static func count(_ value: JSONValue?) -> UInt64? {
    value?.integer.flatMap { UInt64(exactly: $0) }
  }

  func id(_ key: String) -> EventID? { value[key]?.string.flatMap { EventID(parsing: $0) } }

  func digest(_ key: String) -> Blake3Digest? { Self.digest(value[key]) }

  static func digest(_ value: JSONValue?) -> Blake3Digest? {
    value?.string.flatMap(Blake3Digest.init(storedText:))
  }

  func base64(_ key: String) -> [UInt8]? { Self.base64(value[key]) }

  static func base64(_ value: JSONValue?) -> [UInt8]? {
    guard let text = value?.string else { return nil }
    do throws(BytesError) {
      return try bytes(fromBase64: text)
    } catch {
      // Text that is no base64 has no bytes, which is the answer.
      return nil
    }
  }

  var kind: EventKind? { value["kind"]?.string.flatMap { EventKind(parsing: $0) } }

  var ancestry: Ancestry? {
    guard let before = value["before"] else { return .genesis }
    guard let sequence = Self.count(before["sequence"]),
      let commitment = Self.digest(before["commitment"])
    else { return nil }
    let predecessor = Predecessor(sequence: sequence, commitment: Commitment(commitment))
    return value["fork"]?.bool == true ? .fork(predecessor) : .follows(predecessor)
  }

  var batch: BatchMembership? {
    guard let batch = value["batch"], let id = Self.count(batch["id"]),
      let index = Self.count(batch["index"]).flatMap({ UInt32(exactly: $0) }),
      let count = Self.count(batch["count"]).flatMap({ UInt32(exactly: $0) })
    else { return nil }
    return BatchMembership(id: id, index: index, count: count)
  }

  var extensions: [EventExtension]? {
    var extensions: [EventExtension] = []
    for entry in value["extensions"]?.array ?? [] {
      guard let pair = entry.array, pair.count == 2, let name = pair[0].string,
        let bytes = Self.base64(pair[1]), name.utf8.count <= EventExtension.nameBytesMax,
        bytes.count <= EventExtension.valueBytesMax
      else { return nil }
      extensions.append(EventExtension(trusted: name, bytes))
    }
    return extensions.count <= EventExtension.storedCountMax ? extensions : nil
  }

  var sealing: Sealing? {
    guard let sealed = value["sealed"],
      let scope = sealed["scope"]?.string.flatMap({ EventID(parsing: $0) }),
      let generation = Self.count(sealed["generation"]).flatMap({ UInt32(exactly: $0) }),
      let nonce = Self.base64(sealed["nonce"]), nonce.count == 24
    else { return nil }
    return Sealing(
      scopeHigh: scope.high, scopeLow: scope.low, generation: generation, nonce: nonce)
  }

  var payload: Payload? {
    if let text = value["payload"]?.string { return .bytes(Array(text.utf8)) }
    if let bytes = base64("base64") { return .bytes(bytes) }
    switch value["unreadable"]?.string {
    case "shredded": return .shredded
    case "sealed": return .sealed
    default: return nil
    }
  }
}

extension EventKind {
  /// `C.TTT`, for the store's own kinds too.
  var digits: String {
    let type = String(type, radix: 16)
    return String(category, radix: 16) + "." + String(repeating: "0", count: 3 - type.utf8.count)
      + type
  }
}
