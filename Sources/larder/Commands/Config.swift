// `larder config …`: the configuration looked at from outside, before an engine is started with it or
// beside one that runs. Nothing here changes anything.

import Ambient
import Bytes
import CacheEngine
import Flags

private let file = Argument(.path("FILE"), "The configuration.")
private let config = Flag("config", required: .path("FILE"), "The configuration.")
private let asJSON = Flag("json", "Print JSON.")
private let given = Flag("given", "Only what was given, and not what is a default.")

/// The flags that set a setting for one run; a secret never stands on a command line, where other
/// users can read it.
let settingFlags: [any Parameter] = EngineConfiguration.settings.flags

/// The group of commands on configurations.
let configCommand: Command<Action> = Command(
  "config", "Check and show the configuration.",
  commands: [
    Command(
      "check", "Find everything that is wrong with a configuration.",
      details: """
        Every setting is checked by itself and with the others, and every mistake is printed with its \
        line and column. No store is opened and nothing is sent: 'larder backend test' does that. The \
        exit code is 0 when an engine would take the configuration.
        """,
      examples: [.init("larder config check /etc/larder/larder.json5", "Check a file.")],
      takes: [file, asJSON], action: Action(check)),
    Command(
      "show", "Show what is in force, and where each value came from.",
      details: """
        Flags go before variables of the environment, those before the file, and that before the \
        defaults. Secrets are never shown.
        """,
      examples: [
        .init("larder config show --config F --given", "What F and the environment say."),
        .init(
          "larder config show --config F --upload-threads 4",
          "What would be in force with the flag."),
      ],
      takes: [config, given, asJSON] + settingFlags, action: Action(show)),
    Command(
      "example", "Print a configuration with every setting and what it means.",
      examples: [
        .init("larder config example --output larder.json5", "Begin with a file of your own.")
      ],
      takes: [generatedFileFlag], action: Action(printExample)),
  ])

private func check(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let name = escaped(invocation[file])
  let document = try readDocument(invocation[file])
  let configuration: Configuration
  do throws(ConfigurationError) {
    configuration = try EngineConfiguration.settings.configuration(
      parsing: document, variable: ThisProcess.variable)
  } catch {
    let sentences = error.sentences
    if invocation[asJSON] {
      let problems = sentences.map { JSONValue.string($0) }
      try output.print(json: ["file": .string(name), "ok": false, "problems": .array(problems)])
    } else {
      for sentence in sentences { try output.print("\(name): \(sentence)") }
    }
    let count = sentences.count == 1 ? "1 mistake" : "\(sentences.count) mistakes"
    throw .ended(.misused, "\(name) has \(count); no engine would take it")
  }
  let unused = configuration.effective.filter { $0.origin != .standard && isUnused($0.key) }
  if invocation[asJSON] {
    let keys = unused.map { JSONValue.string($0.key) }
    try output.print(json: [
      "file": .string(name), "ok": true, "problems": [], "unused": .array(keys),
    ])
    return .done
  }
  for setting in unused {
    try output.print(
      "\(name): \(setting.origin): '\(setting.key)' is right, and is not used yet")
  }
  try output.print("\(name): every setting is right")
  return .done
}

private func isUnused(_ key: String) -> Bool {
  EngineConfiguration.settings.declarations.contains { $0.key == key && $0.options.isUnused }
}

private func show(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let configuration = try readConfiguration(
    invocation[config], EngineConfiguration.settings, invocation)
  let derived = EngineSettings(configuration).derived
  var shown = configuration.effective
  if invocation[given] { shown.removeAll { $0.origin == .standard } }
  if invocation[asJSON] {
    try output.print(json: .array(shown.map { $0.json(derived: derived[$0.key]) }))
    return .done
  }
  let lines = shown.map { setting -> (key: String, value: String, origin: String) in
    if let text = setting.text { return (setting.key, text, "\(setting.origin)") }
    // What was not given and has no default of its own may follow from other settings.
    guard let text = derived[setting.key] else { return (setting.key, "-", "not given") }
    return (setting.key, text, "from others")
  }
  let keys = lines.map(\.key.count).max() ?? 0
  let values = min(lines.map(\.value.count).max() ?? 0, 40)
  for line in lines {
    try output.print(
      line.key.padded(to: keys + 2) + line.value.padded(to: values + 2) + line.origin)
  }
  return .done
}

private func printExample(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  try deliver(EngineConfiguration.settings.example(), invocation, &output)
  return .done
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
