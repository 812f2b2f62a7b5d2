// A setting that is in force, as a row of JSON: its value, where it came from, and when a change of it takes
// effect. Secrets were redacted before.

import Bytes
import Flags

extension EffectiveSetting {
  /// The setting as a JSON value; `derived` stands for one that nobody gave and that has no default.
  func json(derived: String?) -> JSONValue {
    var place: JSONObject =
      switch origin {
      case .standard where text == nil && derived != nil: ["kind": "derived"]
      case .standard: ["kind": "default"]
      case .file(let place):
        ["kind": "file", "line": JSONValue(place.line), "column": JSONValue(place.column)]
      case .variable(let name): ["kind": "environment", "name": .string(name)]
      case .flag(let title): ["kind": "flag", "name": .string(title)]
      }
    let declaration = EngineConfiguration.settings.declarations.first { $0.key == key }
    if declaration?.options.isUnused == true { place["unused"] = true }
    return [
      "key": .string(key), "value": value(of: text ?? derived), "origin": .object(place),
      "changes": declaration?.options.needsRestart == true ? "restart" : "live",
    ]
  }
}

/// The value that a text stands for in a file; what is no such text, as a word that was typed, is
/// itself.
private func value(of text: String?) -> JSONValue {
  guard let text else { return .null }
  do throws(BytesError) {
    return try JSONValue(parsing: Array(text.utf8))
  } catch {
    return .string(text)
  }
}
