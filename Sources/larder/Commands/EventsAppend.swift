// `larder events append DIR`: lines of JSON in, receipts out. A receipt is printed only after its
// event is durable, and a line that cannot be appended ends the command with its number, so that
// what was printed is exactly what is stored.

import Bytes
import DurableFiles
import EventStore
import Flags

/// Appends events from standard input.
let eventsAppendCommand: Command<Action> = Command(
  "append", "Append events from lines of JSON on standard input.",
  details: """
    Each line is an object with entity, scope, kind (C.TTT in hexadecimal) and payload (text) or base64; \
    optional are key (idempotency), expect ("any", "none", "exists" or a position), lane and batch. \
    Lines that follow one another with the same batch are one transaction. A line with one receipt is \
    printed for each event, after it is durable.
    """,
  takes: [storeDirectory, eventsJSON], action: Action(append))

/// The longest line: the largest payload as base64, and its names.
private let lineBytesMax = NewEvent.payloadBytesMax / 3 * 4 + 65_536

/// One line, understood.
private struct AppendLine {
  let event: NewEvent
  let batch: String?
}

private func append(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  let disk = try storeDisk(making: invocation)
  let store = try storing { () throws(StoreError) in try EventStore.open(on: disk) }
  var failure: Failure?
  do throws(Failure) {
    try appendLines(to: store, invocation, &output)
  } catch {
    failure = error
  }
  try storing { () throws(StoreError) in try store.close() }
  if let failure { throw failure }
  return .done
}

private func appendLines(
  to store: EventStore, _ invocation: Invocation, _ output: inout Output
) throws(Failure) {
  var lines: LineReader
  do throws(DiskError) {
    lines = LineReader(try .standardInput(), bytesMax: lineBytesMax)
  } catch {
    throw .ended(.failed, "\(error)")
  }
  var batch: [NewEvent] = []
  var batchName: String?
  var number = 0
  while true {
    number += 1
    switch lines.next() {
    case .line(let bytes):
      if bytes.isEmpty { continue }
      let line = try understand(bytes, number)
      if line.batch != batchName || line.batch == nil {
        try commit(&batch, store, number - 1, &output)
      }
      batchName = line.batch
      batch.append(line.event)
      if line.batch == nil { try commit(&batch, store, number, &output) }
    case .tooLong:
      throw .ended(.misused, "line \(number) is longer than \(lineBytesMax) bytes")
    case .unreadable(let error): throw .ended(.failed, "\(error)")
    case .end: return try commit(&batch, store, number - 1, &output)
    }
  }
}

/// Appends what was collected, as one transaction when it is more than one event.
private func commit(
  _ batch: inout [NewEvent], _ store: EventStore, _ number: Int, _ output: inout Output
) throws(Failure) {
  guard let first = batch.first else { return }
  let events = batch
  batch = []
  let receipts: [Receipt]
  do throws(StoreError) {
    receipts = events.count == 1 ? [try store.append(first)] : try store.append(batch: events)
  } catch {
    guard case .ended(let code, let sentence) = Failure(error) else { return }
    throw .ended(code, "line \(number): \(sentence)")
  }
  for receipt in receipts { try output.print(json: receipt.object) }
  try output.flush()
}

extension Receipt {
  fileprivate var object: JSONValue {
    .object([
      "id": .string("\(id)"), "sequence": JSONValue(sequence),
      "stream": JSONValue(header.streamSequence), "entity": .string(header.coordinate.entity),
      "commitment": .string("\(commitment)"), "digest": .string("\(digest)"),
      "receipt": .string(base64(encoded)),
    ])
  }
}

private func understand(_ bytes: [UInt8], _ number: Int) throws(Failure) -> AppendLine {
  let value: JSONValue
  do throws(BytesError) {
    value = try JSONValue(parsing: bytes)
  } catch {
    throw .ended(.misused, "line \(number) is not JSON: \(error)")
  }
  guard case .object(let object) = value else {
    throw .ended(.misused, "line \(number) is not an object")
  }
  let known = ["entity", "scope", "kind", "payload", "base64", "key", "expect", "lane", "batch"]
  for member in object.members where !known.contains(member.key) {
    let hint = nearest(to: member.key, among: known).map { "; did you mean '\($0)'?" } ?? ""
    throw .ended(.misused, "line \(number) has the unknown member '\(escaped(member.key))'\(hint)")
  }
  do throws(StoreError) {
    return AppendLine(event: try event(value, number), batch: value["batch"]?.string)
  } catch {
    throw .ended(.misused, "line \(number): \(error)")
  }
}

private func event(_ value: JSONValue, _ number: Int) throws(StoreError) -> NewEvent {
  guard let entity = value["entity"]?.string, let scope = value["scope"]?.string else {
    throw .badName("line", "has no entity or no scope")
  }
  guard let kind = value["kind"]?.string.flatMap({ EventKind(parsing: $0) }) else {
    throw .badName("kind", "must be C.TTT in hexadecimal, like 1.02a")
  }
  var event = NewEvent(
    try Coordinate(entity: entity, scope: scope), kind: kind, payload: try payload(value))
  if let key = value["key"]?.string { event.key = try IdempotencyKey(key) }
  if let lane = value["lane"]?.integer {
    guard let number = UInt32(exactly: lane) else { throw .badName("lane", "is out of range") }
    event.lane = Lane(number)
  }
  switch value["expect"] {
  case nil: break
  case .string("any")?: event.expected = .any
  case .string("none")?: event.expected = .noStream
  case .string("exists")?: event.expected = .exists
  case .integer(let position)? where position > 0: event.expected = .exactly(UInt64(position))
  default: throw .badName("expect", "must be \"any\", \"none\", \"exists\" or a position from 1")
  }
  return event
}

private func payload(_ value: JSONValue) throws(StoreError) -> [UInt8] {
  switch (value["payload"]?.string, value["base64"]?.string) {
  case (let text?, nil): return Array(text.utf8)
  case (nil, let text?):
    do throws(BytesError) {
      return try bytes(fromBase64: text)
    } catch {
      throw .badName("base64", "cannot be read: \(error)")
    }
  case (nil, nil): throw .badName("line", "has neither payload nor base64")
  default: throw .badName("line", "has both payload and base64")
  }
}
