// A configuration that was read and checked: a value for every setting, and where it came from.

package import Bytes

/// The value of every setting, with its origin.
package struct Configuration: Sendable {
  struct Entry: Sendable {
    let source: SettingSource
    let origin: SettingOrigin
  }

  let settings: Settings
  let entries: [String: Entry]

  /// The value of a setting.
  package subscript<Value>(setting: Setting<Value>) -> Value {
    let key = setting.declaration.key
    guard let entry = entries[key] else {
      preconditionFailure("\(key) is not among the settings of this configuration")
    }
    do throws(SettingFault) {
      return try setting.resolve(entry.source)
    } catch {
      preconditionFailure("\(key) was checked before: \(error)")
    }
  }

  /// Where the value of a setting came from.
  package func origin<Value>(of setting: Setting<Value>) -> SettingOrigin {
    entries[setting.declaration.key]?.origin ?? .standard
  }

  /// What is in force, setting by setting; secrets are redacted.
  package var effective: [EffectiveSetting] {
    settings.declarations.map { declaration in
      EffectiveSetting(
        key: declaration.key, text: text(of: declaration),
        origin: entries[declaration.key]?.origin ?? .standard)
    }
  }

  /// The value as it was given, or its default, for people.
  func text(of declaration: SettingDeclaration) -> String? {
    let text =
      switch entries[declaration.key]?.source {
      case .node(let node): node.value.text()
      case .typed(let bytes): escaped(bytes)
      case .missing, nil: declaration.defaultText
      }
    return declaration.options.isSecret && text != nil ? redactedText : text
  }
}

/// One setting that is in force.
package struct EffectiveSetting: Equatable, Sendable {
  package let key: String
  /// The value as it was given, or its default; nil when there is none.
  package let text: String?
  package let origin: SettingOrigin

  package init(key: String, text: String?, origin: SettingOrigin) {
    self.key = key
    self.text = text
    self.origin = origin
  }
}

/// Where the value of a setting came from.
package enum SettingOrigin: Equatable, Sendable {
  /// Nobody said anything: the default.
  case standard
  case file(TextPosition)
  case variable(String)
  case flag(String)
}

extension SettingOrigin: CustomStringConvertible {
  package var description: String {
    switch self {
    case .standard: "default"
    case .file(let position): position.description
    case .variable(let name): "environment variable \(name)"
    case .flag(let title): "flag \(title)"
    }
  }
}

extension SettingSource {
  /// What was said, without its place.
  var value: JSONValue? {
    switch self {
    case .missing: nil
    case .node(let node): node.value
    case .typed(let bytes): .string(escaped(bytes))
    }
  }
}
