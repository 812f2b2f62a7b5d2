// `larder theme …`: the looks of the console, listed and checked before somebody has to read with them.

import Ambient
import Bytes
import Console
import DurableFiles
import Flags
import Terminal
import Widgets

private let file = Argument(.path("FILE"), "The theme.")
private let asJSON = Flag("json", "Print JSON.")

/// The commands on themes.
let themeCommand: Command<Action> = Command(
  "theme", "List the looks of the console, and check one of your own.",
  commands: [
    Command(
      "list", "List the themes that are shipped.",
      examples: [.init("larder theme list", "Their names, the usual one first.")],
      takes: [asJSON], action: Action(list)),
    Command(
      "check", "Find what is wrong with a theme, and what would be hard to read.",
      details: """
        Unknown roles and colours are told with their line. Text whose contrast with what it lies on is \
        below 4.5, and states that look alike, are told besides. The exit code is 0 when nothing is found.
        """,
      examples: [.init("larder theme check themes/nord.json5", "Check a file.")],
      takes: [file, asJSON], action: Action(check)),
  ])

private func list(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let names = Theme.shipped.map(\.name)
  if invocation[asJSON] {
    try output.print(json: .array(names.map { .string($0) }))
  } else {
    for name in names { try output.print(name) }
  }
  return .done
}

private func check(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let path = invocation[file]
  let name = escaped(path)
  var problems: [String] = []
  var findings: [String] = []
  let document = try readLookDocument(path, bytesMax: ThemeFile.bytesMax)
  do throws(FileFaults) {
    let theme = try ThemeFile(parsing: document)
    findings = ThemeCheck(theme.theme, base: theme.base).findings
  } catch {
    problems = error.faults.map(\.description)
  }
  if invocation[asJSON] {
    try output.print(json: [
      "file": .string(name), "problems": .array(problems.map { .string($0) }),
      "findings": .array(findings.map { .string($0) }),
    ])
  } else {
    for sentence in problems + findings { try output.print("\(name): \(sentence)") }
  }
  if !problems.isEmpty {
    throw .ended(.misused, "\(name) is no theme that the console would take")
  }
  if !findings.isEmpty {
    throw .ended(.failed, "\(name) can be used; \(findings.count) things are hard to see with it")
  }
  if !invocation[asJSON] { try output.print("\(name): nothing is wrong") }
  return .done
}

/// Reads a file that says how the console looks or which keys it has.
func readLookDocument(_ path: [UInt8], bytesMax: Int) throws(Failure) -> [UInt8] {
  do throws(DiskError) {
    var file = try UserFile(bytes: path)
    return try file.readAll(bytesMax: bytesMax)
  } catch {
    throw .ended(.misused, "\(escaped(path)) cannot be read: \(error)")
  }
}
