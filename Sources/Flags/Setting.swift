// Settings: what the configuration holds, one declaration each, as flags are for the command line.
// A value may come from the file, from a variable of the environment, or from a flag of the same
// name; where it came from is kept, so that it can be shown and named in messages.

package import Bytes

/// A setting of the configuration, and the type of its value.
package struct Setting<Value: Sendable>: Sendable {
  package let declaration: SettingDeclaration
  let resolve: @Sendable (SettingSource) throws(SettingFault) -> Value
}

/// What is known of a setting without knowing its type.
package struct SettingDeclaration: Sendable {
  /// The key in the file; dots lead into objects, as in `primary.bucket`.
  package let key: String
  /// One or more sentences for the reference and the example.
  package let summary: String
  /// What is wanted as a value: `a whole number from 1 to 64`.
  package let wanted: String
  let placeholder: String
  let completion: Completion
  /// The value when nothing is said, as it stands in a file; nil when there is none.
  package let defaultText: String?
  /// A value that could stand in a file.
  package let exampleText: String
  package let isRequired: Bool
  package let options: SettingOptions
  /// Checks a source, without keeping its value.
  let check: @Sendable (SettingSource) throws(SettingFault) -> Void
  /// The value at a source in its one spelling, so that `1K` and `1024` are the same; nil where
  /// there is none.
  let spell: @Sendable (SettingSource) throws(SettingFault) -> String?

  /// Whether it stands in the example and is no comment there.
  var isFilledIn: Bool { isRequired || options.isInExample }

  /// The keys on the way: `["primary", "bucket"]`.
  package var path: [String] { key.split(separator: ".").map { String($0) } }

  /// The name of the flag that sets it: `primary-bucket`.
  package var flagName: String {
    String(key.map { $0 == "." || $0 == "_" ? "-" : $0 })
  }
}

/// What else is true of a setting.
package struct SettingOptions: Sendable {
  /// A change takes effect only when the engine starts anew.
  package var needsRestart: Bool
  /// The value is never shown.
  package var isSecret: Bool
  /// The variable of the environment that it may come from.
  package var variable: String?
  /// It is read and checked, and nothing is made of it in this version.
  package var isUnused: Bool
  /// It stands in the example to be filled in, though it may be left out.
  package var isInExample: Bool

  package init(
    needsRestart: Bool = false, isSecret: Bool = false, variable: String? = nil,
    isUnused: Bool = false, isInExample: Bool = false
  ) {
    self.needsRestart = needsRestart
    self.isSecret = isSecret
    self.variable = variable
    self.isUnused = isUnused
    self.isInExample = isInExample
  }
}

/// Where the value of a setting stands.
package enum SettingSource: Sendable {
  /// Nowhere.
  case missing
  case node(JSONNode)
  /// In a variable or on the command line, as it was typed.
  case typed([UInt8])
}

/// Why a setting has no value; texts are safe to show.
package enum SettingFault: Error, Equatable, Sendable {
  case missing
  case badValue(given: String, wanted: String, nearest: String?)
}

extension Setting {
  private init(
    key: String, _ summary: String, wanted: String, placeholder: String = "VALUE",
    completion: Completion = .nothing, defaultText: String?, exampleText: String,
    isRequired: Bool = false, _ options: SettingOptions,
    resolve: @escaping @Sendable (SettingSource) throws(SettingFault) -> Value,
    spell: @escaping @Sendable (Value, SettingSource) -> String?
  ) {
    declaration = SettingDeclaration(
      key: key, summary: summary, wanted: wanted, placeholder: placeholder,
      completion: completion, defaultText: defaultText, exampleText: exampleText,
      isRequired: isRequired, options: options,
      check: { (source) throws(SettingFault) in _ = try resolve(source) },
      spell: { (source) throws(SettingFault) in spell(try resolve(source), source) })
    self.resolve = resolve
  }

  /// A setting with a default.
  package init(
    _ key: String, _ spelling: Spelling<Value>, default: Value, _ summary: String,
    _ options: SettingOptions = SettingOptions()
  ) {
    let text = spelling.json(`default`)
    self.init(
      key: key, summary, wanted: spelling.wanted, placeholder: spelling.placeholder,
      completion: spelling.completion, defaultText: text, exampleText: text,
      options,
      resolve: { (source) throws(SettingFault) in try spelling.value(source) ?? `default` },
      spell: { value, _ in spelling.json(value) })
  }

  /// A setting that must be given; the example shows `example`.
  package init(
    _ key: String, required spelling: Spelling<Value>, example: Value, _ summary: String,
    _ options: SettingOptions = SettingOptions()
  ) {
    self.init(
      key: key, summary, wanted: spelling.wanted, placeholder: spelling.placeholder,
      completion: spelling.completion, defaultText: nil,
      exampleText: spelling.json(example), isRequired: true, options,
      resolve: { (source) throws(SettingFault) in
        guard let value = try spelling.value(source) else { throw .missing }
        return value
      },
      spell: { value, _ in spelling.json(value) })
  }

  /// A setting that may be left out; the example shows `example`.
  package init<Wrapped: Sendable>(
    _ key: String, optional spelling: Spelling<Wrapped>, example: Wrapped, _ summary: String,
    _ options: SettingOptions = SettingOptions()
  ) where Value == Wrapped? {
    self.init(
      key: key, summary, wanted: spelling.wanted, placeholder: spelling.placeholder,
      completion: spelling.completion, defaultText: nil,
      exampleText: spelling.json(example), options,
      resolve: { (source) throws(SettingFault) in try spelling.value(source) },
      spell: { value, _ in value.map(spelling.json) })
  }

  /// A setting that is a list; typed, its elements are parted by commas.
  package init<Element: Sendable>(
    _ key: String, list spelling: Spelling<Element>, default: [Element] = [],
    countMax: Int = listedValuesMax, _ summary: String,
    _ options: SettingOptions = SettingOptions()
  ) where Value == [Element] {
    let wanted = "a list of at most \(countMax), each \(spelling.wanted)"
    let spelled: @Sendable ([Element]) -> String = { values in
      "[" + values.map(spelling.json).joined(separator: ", ") + "]"
    }
    let text = spelled(`default`)
    self.init(
      key: key, summary, wanted: wanted, defaultText: text, exampleText: text, options,
      resolve: { (source) throws(SettingFault) in
        guard let sources = try source.elements(wanted: wanted) else { return `default` }
        guard sources.count <= countMax else {
          throw .badValue(given: "\(sources.count) values", wanted: wanted, nearest: nil)
        }
        var values: [Element] = []
        for source in sources {
          if let value = try spelling.value(source) { values.append(value) }
        }
        return values
      },
      spell: { values, _ in spelled(values) })
  }

  /// A setting whose value is read in a way of its own: a list of objects, for one.
  ///
  /// `read` answers nil for what is no such value; `wanted` says what is.
  package init(
    _ key: String, default: Value, wanted: String, example: JSONValue, _ summary: String,
    _ options: SettingOptions = SettingOptions(),
    read: @escaping @Sendable (JSONNode) -> Value?
  ) {
    self.init(
      key: key, summary, wanted: wanted, defaultText: nil, exampleText: example.text(), options,
      resolve: { (source) throws(SettingFault) in
        guard let node = try source.node(wanted: wanted) else { return `default` }
        guard let value = read(node) else {
          throw .badValue(given: node.shown, wanted: wanted, nearest: nil)
        }
        return value
      },
      spell: { _, source in
        // The document's own words; whatever was no document has been refused by now.
        (try? source.node(wanted: wanted))?.value.text()
      })
  }
}

/// The most values in a list, unless a setting says otherwise.
package let listedValuesMax = 256

extension SettingSource {
  /// The elements of a list; nil when there is none. Typed, they are parted by commas.
  fileprivate func elements(wanted: String) throws(SettingFault) -> [SettingSource]? {
    switch self {
    case .missing: return nil
    case .typed(let bytes):
      return bytes.split(separator: UInt8(ascii: ",")).map { .typed(Array($0)) }
    case .node(let node):
      guard case .array(let nodes) = node.content else {
        throw .badValue(given: node.shown, wanted: wanted, nearest: nil)
      }
      return nodes.map { .node($0) }
    }
  }

  /// What stands there as a document; nil when there is nothing.
  fileprivate func node(wanted: String) throws(SettingFault) -> JSONNode? {
    switch self {
    case .missing: return nil
    case .node(let given): return given
    case .typed(let bytes):
      do throws(BytesError) {
        return try JSONNode(parsing: bytes, as: .json5)
      } catch {
        throw .badValue(given: escaped(bytes), wanted: wanted, nearest: nil)
      }
    }
  }
}

extension Spelling {
  /// The value at the source; nil when there is nothing.
  fileprivate func value(_ source: SettingSource) throws(SettingFault) -> Value? {
    switch source {
    case .missing: return nil
    case .typed(let bytes):
      guard let value = read(bytes) else { throw fault(given: escaped(bytes), decoded(bytes)) }
      return value
    case .node(let node):
      guard let word = node.word(as: form), let value = read(word.utf8Bytes) else {
        throw fault(given: node.shown, node.value.string ?? "")
      }
      return value
    }
  }

  private func fault(given: String, _ word: String) -> SettingFault {
    .badValue(given: given, wanted: wanted, nearest: nearest(to: word, among: words))
  }

  /// The value as it stands in a file.
  fileprivate func json(_ value: Value) -> String {
    let text = write(value)
    let isBare =
      switch form {
      case .string: false
      case .number, .truth: true
      case .stringOrNumber: text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
      }
    return isBare ? text : JSONValue.string(text).text()
  }
}

extension JSONNode {
  /// The value as it would be typed; nil when it does not have the form.
  fileprivate func word(as form: JSONForm) -> String? {
    switch (content, form) {
    case (.string(let text), .string), (.string(let text), .stringOrNumber): text
    case (.integer(let value), .number), (.integer(let value), .stringOrNumber): value.description
    case (.number(let value), .number): ecmaScript(value)
    case (.bool(let value), .truth): value.description
    default: nil
    }
  }

  /// The value for a message: itself when it is short, else what kind it is.
  fileprivate var shown: String {
    switch content {
    case .array, .object: return kind
    default:
      let text = value.text()
      return text.count <= 60 ? text : kind
    }
  }
}

extension String {
  fileprivate var utf8Bytes: [UInt8] { Array(utf8) }
}
