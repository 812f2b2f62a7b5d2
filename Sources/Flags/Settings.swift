// All settings of a configuration, and its reading: every key of the file is one that is declared,
// every declared one has a value that is checked. All problems are found in one pass, each with its
// line and column, so that a file is mended once and not once a mistake.

package import Bytes

/// The settings of a configuration, in the order of its reference.
package struct Settings: Sendable {
  package let declarations: [SettingDeclaration]
  /// What is said of an object that holds settings, by its key.
  let sections: [String: String]
  /// What must hold between settings that are each right by themselves.
  let rules: [SettingRule]
  /// Whether settings that must be given may be missing, and no rule is asked.
  private var isPartial = false

  /// The settings, a sentence for each object that their keys lead into, and what must hold between
  /// them.
  package init<each Value: Sendable>(
    _ settings: repeat Setting<each Value>, sections: [String: String] = [:],
    rules: [SettingRule] = []
  ) {
    var declarations: [SettingDeclaration] = []
    for setting in repeat each settings { declarations.append(setting.declaration) }
    self.init(declarations, sections, rules)
  }

  private init(
    _ declarations: [SettingDeclaration], _ sections: [String: String], _ rules: [SettingRule]
  ) {
    precondition(
      Set(declarations.map(\.key)).count == declarations.count, "a setting is declared twice")
    for declaration in declarations {
      let below = declaration.key + "."
      precondition(
        !declarations.contains { $0.key.hasPrefix(below) },
        "\(declaration.key) cannot be a setting and hold settings")
    }
    for rule in rules {
      let restarts = Set(
        rule.keys.map { key in
          guard let declaration = declarations.first(where: { $0.key == key }) else {
            preconditionFailure("a rule is about '\(key)', which is no setting here")
          }
          return declaration.options.needsRestart
        })
      // Else a change could be right as a whole, and its half that takes effect at once wrong.
      precondition(restarts.count <= 1, "\(rule.keys) change at different times")
    }
    self.declarations = declarations
    self.sections = sections
    self.rules = rules
  }

  /// These settings, and then the others.
  package static func + (first: Settings, second: Settings) -> Settings {
    Settings(
      first.declarations + second.declarations,
      first.sections.merging(second.sections) { kept, _ in kept }, first.rules + second.rules)
  }

  /// These settings under more rules.
  package func under(_ more: [SettingRule]) -> Settings {
    Settings(declarations, sections, rules + more)
  }

  /// The same settings for who uses some of them: each is checked where it stands, but none must be
  /// given, and how they go together is not asked. One that must be given and is not has no value.
  package var partial: Settings {
    var partial = self
    partial.isPartial = true
    return partial
  }

  /// Reads a document of JSON5, with the environment over it and the command line over both.
  package func configuration(
    parsing document: [UInt8], variable: (String) -> [UInt8]? = { _ in nil },
    flags: Invocation? = nil
  ) throws(ConfigurationError) -> Configuration {
    guard document.count <= configurationBytesMax else { throw .tooLarge(bytes: document.count) }
    let node: JSONNode
    do throws(BytesError) {
      node = try JSONNode(parsing: document, as: .json5, depthMax: 16)
    } catch {
      throw .malformed(error)
    }
    return try configuration(from: node, variable: variable, flags: flags)
  }

  /// Reads a parsed document, or none, with the environment and the command line over it.
  package func configuration(
    from document: JSONNode?, variable: (String) -> [UInt8]? = { _ in nil },
    flags: Invocation? = nil
  ) throws(ConfigurationError) -> Configuration {
    var values: [String: Configuration.Entry] = [:]
    var problems: [ConfigurationProblem] = []
    if let document { collect(document, below: [], into: &values, &problems) }

    for declaration in declarations {
      let key = declaration.key
      if let name = declaration.options.variable, let bytes = variable(name) {
        values[key] = .init(source: .typed(bytes), origin: .variable(name))
      }
      let title = "--" + declaration.flagName
      if case .value(let bytes) = flags?.given(title).last {
        values[key] = .init(source: .typed(bytes), origin: .flag(title))
      }
      let entry = values[key] ?? .init(source: .missing, origin: .standard)
      values[key] = entry
      do throws(SettingFault) {
        try declaration.check(entry.source)
      } catch {
        if isPartial, error == .missing { continue }
        let shown = declaration.options.isSecret ? error.redacted : error
        problems.append(.init(origin: entry.origin, key: key, fault: .value(shown)))
      }
    }
    guard problems.isEmpty else { throw .wrong(problems.sorted()) }
    let configuration = Configuration(settings: self, entries: values)
    if isPartial { return configuration }
    let contradictions = rules.flatMap { $0.problems(configuration) }
    guard contradictions.isEmpty else { throw .wrong(contradictions.sorted()) }
    return configuration
  }

  /// Finds the node of each setting below the keys, and what stands where no setting is.
  private func collect(
    _ node: JSONNode, below path: [String], into values: inout [String: Configuration.Entry],
    _ problems: inout [ConfigurationProblem]
  ) {
    let key = path.joined(separator: ".")
    guard case .object(let members) = node.content else {
      problems.append(.init(origin: .file(node.position), key: key, fault: .noObject(node.kind)))
      return
    }
    for member in members {
      let inner = path + [member.key]
      if let declaration = declarations.first(where: { $0.path.isSame(as: inner) }) {
        values[declaration.key] = .init(
          source: .node(member.value), origin: .file(member.value.position))
      } else if declarations.contains(where: { $0.path.prefix(inner.count).isSame(as: inner) }) {
        collect(member.value, below: inner, into: &values, &problems)
      } else {
        problems.append(
          .init(
            origin: .file(member.position),
            key: escaped(inner.joined(separator: ".")),
            fault: .unknownKey(nearest: meant(member.key, below: path))))
      }
    }
  }

  /// The key that was probably meant: a sibling, or the same word in another place.
  private func meant(_ word: String, below path: [String]) -> String? {
    let depth = path.count
    let siblings = declarations.map(\.path)
      .filter { $0.count > depth && $0.prefix(depth).isSame(as: path) }.map { $0[depth] }
    let prefix = path.isEmpty ? "" : path.joined(separator: ".") + "."
    return nearest(to: word, among: siblings).map { prefix + $0 }
      ?? declarations.first { $0.path.last == word }?.key
  }
}

/// The most bytes of a configuration.
package let configurationBytesMax = 1 << 20

extension Collection where Element == String {
  /// True when the keys are the same, byte for byte.
  fileprivate func isSame(as other: [String]) -> Bool {
    elementsEqual(other) { $0.utf8.elementsEqual($1.utf8) }
  }
}

extension SettingFault {
  /// The fault without what was given.
  fileprivate var redacted: SettingFault {
    guard case .badValue(_, let wanted, _) = self else { return self }
    return .badValue(given: redactedText, wanted: wanted, nearest: nil)
  }
}

/// What stands in the place of a secret.
let redactedText = "‹redacted›"
