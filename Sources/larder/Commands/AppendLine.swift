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
    return AppendLine(event: try event(value), batch: try text(value, "batch"))
  } catch {
    throw .ended(.misused, "line \(number): \(error)")
  }
}

private func event(_ value: JSONValue) throws(StoreError) -> NewEvent {
  guard let entity = try text(value, "entity"), let scope = try text(value, "scope") else {
    throw .badName("line", "has no entity or no scope")
  }
  guard let kind = try text(value, "kind").flatMap({ EventKind(parsing: $0) }) else {
    throw .badName("kind", "must be C.TTT in hexadecimal, like 1.02a")
  }
  var event = NewEvent(
    try Coordinate(entity: entity, scope: scope), kind: kind, payload: try payload(value))
  if let key = try text(value, "key") { event.key = try IdempotencyKey(key) }
  switch member("lane", of: value) {
  case nil: break
  case .integer(let lane)?:
    guard let number = UInt32(exactly: lane) else { throw .badName("lane", "is out of range") }
    event.lane = Lane(number)
  default: throw .badName("lane", "must be a whole number")
  }
  switch member("expect", of: value) {
  case nil: break
  case .string("any")?: event.expected = .any
  case .string("none")?: event.expected = .noStream
  case .string("exists")?: event.expected = .exists
  case .integer(let position)? where position > 0: event.expected = .exactly(UInt64(position))
  default: throw .badName("expect", "must be \"any\", \"none\", \"exists\" or a position from 1")
  }
  return event
}

/// A member, nil where there is none; null says that there is none.
private func member(_ name: String, of value: JSONValue) -> JSONValue? {
  if case .null? = value[name] { return nil }
  return value[name]
}

/// The text of a member, nil where there is none. What is of another kind is refused: a key that is
/// passed over would make a retry append twice.
private func text(_ value: JSONValue, _ name: String) throws(StoreError) -> String? {
  guard let found = member(name, of: value) else { return nil }
  guard let text = found.string else { throw .badName(name, "must be text") }
  return text
}

private func payload(_ value: JSONValue) throws(StoreError) -> [UInt8] {
  switch (try text(value, "payload"), try text(value, "base64")) {
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
