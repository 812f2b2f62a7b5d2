// One line of `larder events append`, from JSON to an event, with every way it can be wrong said in a
// sentence that names the line.

import Bytes
import EventStore
import Flags

/// One line, understood.
struct AppendLine {
  let event: NewEvent
  /// Lines that follow one another with the same name here are one transaction.
  let batch: String?

  init(_ bytes: [UInt8], _ number: Int) throws(Failure) {
    self = try understand(bytes, number)
  }

  fileprivate init(event: NewEvent, batch: String?) {
    self.event = event
    self.batch = batch
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
