// A transfer as a row of JSON. Its path is text that is safe to show, and stays so.

package import Bytes

extension TransferView {
  /// The transfer as a JSON value.
  package var json: JSONValue {
    [
      "path": .string(path), "bytesDone": JSONValue(bytesDone), "bytes": JSONValue(bytes),
      "since": .string("\(since)"), "attempt": JSONValue(attempt), "waiting": JSONValue(waiting),
    ]
  }

  /// Reads a transfer that `json` wrote; nil for anything else.
  package init?(json: JSONValue) {
    guard let path = json["path"]?.string, let bytesDone = json.count("bytesDone"),
      let bytes = json.count("bytes"), let since = json.time("since"),
      let attempt = json.count("attempt"), let waiting = json.count("waiting")
    else { return nil }
    self.init(
      path: path, bytesDone: bytesDone, bytes: bytes, since: since,
      attempt: Int(clamping: attempt), waiting: Int(clamping: waiting))
  }
}
