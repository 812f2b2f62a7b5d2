// One event of the log as lists show it: its header, and of a file's own events what happened.

public import Ambient
package import Bytes

/// An event.
public struct EventView: Hashable, Sendable {
  /// Its place in the log.
  public var sequence: UInt64
  /// Its id, which is its receipt's too, in hexadecimal.
  public var id: String
  public var time: WallTime
  /// What kind it is, as `C.TTT`.
  public var kind: String
  /// The stream that it belongs to, as text that is safe to show.
  public var entity: String
  public var scope: String
  /// Its place in its stream.
  public var streamSequence: UInt64
  /// What happened to the file, in a word; nil for an event that is not about one.
  public var transition: String?
  /// What is known of it besides, as the rest of a sentence.
  public var detail: String?

  public init(
    sequence: UInt64, id: String, time: WallTime, kind: String, entity: String, scope: String,
    streamSequence: UInt64, transition: String? = nil, detail: String? = nil
  ) {
    self.sequence = sequence
    self.id = id
    self.time = time
    self.kind = kind
    self.entity = entity
    self.scope = scope
    self.streamSequence = streamSequence
    self.transition = transition
    self.detail = detail
  }
}

extension EventView {
  /// The event as a JSON value; its header's members are called as in pages of events.
  package var json: JSONValue {
    var object: JSONObject = [
      "sequence": JSONValue(sequence), "event": .string(id), "time": .string("\(time)"),
      "kind": .string(kind), "entity": .string(entity), "scope": .string(scope),
      "streamSequence": JSONValue(streamSequence),
    ]
    object["transition"] = transition.map { .string($0) }
    object["detail"] = detail.map { .string($0) }
    return .object(object)
  }

  /// Reads an event that `json` wrote, or the header of one as pages of events have it; nil for
  /// anything else.
  package init?(json: JSONValue) {
    guard let sequence = json.count("sequence"), let id = json["event"]?.string,
      let time = json.time("time"), let kind = json["kind"]?.string,
      let entity = json["entity"]?.string, let scope = json["scope"]?.string,
      let streamSequence = json.count("streamSequence")
    else { return nil }
    self.init(
      sequence: sequence, id: id, time: time, kind: kind, entity: entity, scope: scope,
      streamSequence: streamSequence, transition: json["transition"]?.string,
      detail: json["detail"]?.string)
  }
}
