// Every command and every flag of it, by the one tree that all of them are declared in: what each refuses, that
// a slip is met with the right word, and that the examples of the help are command lines. Below it,
// the commands with a screen by what the real binary says.

import ChildProcesses
import DurableFiles
import Flags
import ScratchFiles
import Testing

@testable import larder

/// A command with the words that lead to it.
struct PlacedCommand: Sendable, CustomStringConvertible {
  let path: [String]
  let command: Command<Action>

  var description: String { path.joined(separator: " ") }

  /// A command and those below it.
  static func all(_ path: [String], _ command: Command<Action>) -> [PlacedCommand] {
    [PlacedCommand(path: path, command: command)]
      + command.subcommands.flatMap { all(path + [$0.name], $0) }
  }
}

@Suite struct EveryFlagTests {
  static let commands = PlacedCommand.all([], larder).filter { $0.command.action != nil }

  /// What is wrong with words; nil when nothing is.
  private func fault(_ words: [String]) -> String? {
    do throws(UsageError) {
      _ = try larder.parse(words.map { Array($0.utf8) })
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// What is wrong with words once they have the flags that have to be given.
  private func fault(besides title: String, _ words: [String]) -> String? {
    var words = words
    while let found = fault(words) {
      let missing = found.split(separator: " ").first.map(String.init) ?? ""
      let isOther = missing.hasPrefix("--") && missing != title
      guard isOther, found.contains("\(missing) is missing"),
        !words.contains(where: { $0.hasPrefix(missing + "=") })
      else { return found }
      let values = ["--seeds": "1..2", "--scope": "entity:F"]
      words.append("\(missing)=\(values[missing] ?? "F")")
    }
    return nil
  }

  @Test(arguments: commands)
  func `every flag takes what it says and nothing else, and a slip is met with the right word`(
    _ placed: PlacedCommand
  ) throws {
    let flags = placed.command.declared.flags
    let titles = Set(flags.map(\.title))
    for flag in flags {
      switch flag.valueNeed {
      case .required:
        #expect(fault(placed.path + [flag.title])?.contains(flag.title) == true, "\(flag.title)")
      case .none:
        let found = fault(placed.path + [flag.title + "=1"])
        #expect(found?.contains(flag.title) == true, "\(flag.title)=1")
      case .optional: break
      }
      if flag.placeholder == "N" {
        let found = fault(besides: flag.title, placed.path + [flag.title + "=many"])
        #expect(found?.contains("number") == true, "\(flag.title)=many: \(found ?? "it is taken")")
      }
      let slip = String(flag.title.dropLast()) + "q"
      guard flag.name.count > 3, !titles.contains(slip) else { continue }
      let found = fault(placed.path + [slip])
      #expect(found?.contains("did you mean") == true, "\(slip): \(found ?? "it is taken")")
    }
  }

  @Test(arguments: commands)
  func `every example of the help is a command line`(_ placed: PlacedCommand) {
    for example in placed.command.examples {
      let words = example.line.split(separator: " ").map(String.init)
      // What a shell makes of quotes, pipes and its variables is not ours.
      guard words.first == "larder", !example.line.contains(where: { "'\"|$<>&;".contains($0) })
      else { continue }
      #expect(fault(Array(words.dropFirst())) == nil, "\(example.line)")
    }
    #expect(placed.path.isEmpty || placed.path == ["help"] || !placed.command.summary.isEmpty)
  }

  /// Words, the exit code, and what is said.
  static let screens: [(words: [String], code: Int32, says: String)] = [
    (["console"], 2, "--config"),
    (["console", "--config", "/no/such/file"], 2, "/no/such/file"),
    (["console", "--config", "F", "--once", "overvew"], 2, "did you mean 'overview'?"),
    (["console", "--config", "F", "--size", "0x5"], 2, "columns and rows"),
    (["console", "--config", "F", "--size", "wide"], 2, "columns and rows"),
    (["console", "--config", "F", "--color", "purple"], 2, "--color"),
    (["console", "--config", "F", "--theme", "drak"], 2, "shipped are dark, light"),
    (["console", "--config", "F", "--keys", "/no/such/keys"], 2, "/no/such/keys"),
    (["console", "--config", "F", "--readonly"], 2, "did you mean '--read-only'?"),
    (["console", "--config", "F", "more"], 2, "more"),
    (["demo", "--files", "3"], 2, "20"),
    (["demo", "--files", "many"], 2, "a whole number"),
    (["demo", "--seconds", "0"], 2, "--seconds"),
    (["demo", "--seed", "-1"], 2, "--seed"),
    (["demo", "--fault", "backend.dwn"], 2, "did you mean 'backend.down'?"),
    (["demo", "--headles"], 2, "did you mean '--headless'?"),
    (["demo", "here"], 2, "here"),
    (["theme"], 2, "check"),
    (["theme", "chek"], 2, "did you mean 'check'?"),
    (["theme", "check"], 2, "FILE"),
    (["theme", "check", "/no/such/theme"], 2, "/no/such/theme"),
    (["theme", "check", "a", "b"], 2, "b"),
    (["theme", "list", "--jsn"], 2, "did you mean '--json'?"),
    (["theme", "list"], 0, "dark\nlight"),
    (["theme", "list", "--json"], 0, "[\"dark\",\"light\""),
    (["bench", "console", "--only", "keys"], 2, "--only"),
    (["bench", "console", "--directory", "/no/such/place"], 1, "no directory to work in"),
  ]

  @Test(arguments: screens.indices)
  func `a command with a screen says what it cannot do, with the right exit code`(
    _ index: Int
  ) throws {
    let (words, code, says) = Self.screens[index]
    let scratch = try Scratch()
    let child = try ChildProcess(
      builtProduct("larder"), words.map { Array($0.utf8) },
      environment: ["TMPDIR": scratch.path("")]
    ).wait()
    #expect(child.ending == .exited(code), "\(words): \(child.errorText)")
    let said = child.outputText + child.errorText
    #expect(said.contains(says), "\(words): \(said)")
    // One sentence of ours, and nothing of the machinery below.
    #expect(code == 0 || child.errorText.hasPrefix("larder: "), "\(words): \(said)")
  }
}
