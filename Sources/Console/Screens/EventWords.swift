// What kinds of events are called. The numbers are the log's for ever; a kind that is not here is shown by
// its number.

internal import Bytes
internal import Terminal
internal import Views

/// The name of a kind of events.
enum EventWords {
  private static let names: [String: String] = [
    "0.001": "store opened", "0.002": "store closed", "0.003": "denied", "0.004": "fence committed",
    "0.005": "fence cancelled", "0.006": "events removed", "0.007": "checkpoint",
    "0.008": "key shredded",
    "1.001": "written", "1.002": "stored", "1.003": "deferred", "1.004": "failed",
    "1.005": "retried", "1.006": "evicted", "1.007": "restored", "1.008": "vanished",
    "1.009": "deleted", "1.00a": "adopted", "1.00b": "confirmed", "1.00c": "verified",
    "1.00d": "pinned", "1.00e": "unpinned", "1.00f": "shredded", "1.010": "found",
    "1.011": "object-removed",
    "d.001": "receipt", "d.002": "job begun", "d.003": "plan", "d.004": "job progress",
    "d.005": "mark", "d.006": "job ended", "d.007": "standing",
  ]

  /// The name of a kind, or its number.
  static func name(of kind: String) -> String { names[kind.lowercased()] ?? kind }

  /// Whether it says what happened to a file.
  static func isOfAFile(_ kind: String) -> Bool { kind.hasPrefix("1.") }

  /// How it looks.
  static func role(of event: EventView) -> Role {
    let name = event.transition ?? name(of: event.kind)
    let role = EventSign.role(of: name)
    if role != .text { return role }
    return event.kind.lowercased().hasPrefix("d.") ? .accent : .label
  }

  /// The path that the payload of a file's event begins with; nil when it does not.
  static func path(in payload: [UInt8]) -> [UInt8]? {
    var reader = ByteReader(payload)
    do throws(BytesError) {
      return try reader.prefixed(lengthMax: 4_095)
    } catch {
      // It is no file's event, or of a version that is not known here; then nothing is claimed.
      return nil
    }
  }
}
