// The real executable, run as a person or a script would: what it prints where, and how it ends.

import ChildProcesses
import Flags
import Testing

@testable import larder

@Suite struct ExecutableTests {
  private func run(
    _ words: [String], environment: [String: String] = [:], output: ChildStream = .caught,
    errors: ChildStream = .caught
  ) throws -> EndedChild {
    try ChildProcess(
      builtProduct("larder"), words.map { Array($0.utf8) }, environment: environment,
      output: output, errors: errors
    ).wait()
  }

  @Test func `the version is one line`() throws {
    let child = try run(["--version"])
    #expect(child.ending == .exited(0))
    #expect(child.outputText == "larder \(version)\n" && child.errors.isEmpty)
  }

  @Test func `without a command it helps`() throws {
    let child = try run([])
    #expect(child.ending == .exited(0) && child.errors.isEmpty)
    #expect(child.outputText == larder.help(for: ["larder"]))
  }

  @Test func `help of a command is the same in both ways of asking`() throws {
    let commands = larder.tree.map { Array($0.path.dropFirst()) }
    #expect(commands.count > 3)
    for words in commands {
      let asked = try run(["help"] + words)
      let flagged = try run(words + ["--help"])
      #expect(asked.ending == .exited(0) && !asked.output.isEmpty, "\(words)")
      #expect(asked.output == flagged.output, "\(words)")
    }
  }

  @Test(
    arguments: [
      ("hlep", "there is no command 'hlep' (did you mean 'help'?); see 'larder help'"),
      ("--versoin", "there is no flag '--versoin' (did you mean '--version'?); see 'larder help'"),
      ("completions", "SHELL is missing; see 'larder help completions'"),
      (
        "completions bsah",
        "SHELL wants bash, zsh or fish, not 'bsah' (did you mean 'bash'?); see 'larder help completions'"
      ),
      ("help nothing", "there is no command 'nothing'; see 'larder help'"),
      ("man page", "'page' is one word too many; see 'larder help man'"),
    ])
  func `a wrong line ends with 2 and one sentence`(_ line: String, _ sentence: String) throws {
    let child = try run(line.split(separator: " ").map { String($0) })
    #expect(child.ending == .exited(2))
    #expect(child.errorText == "larder: \(sentence)\n" && child.output.isEmpty)
  }

  @Test func `words that are not UTF-8 are shown escaped`() throws {
    let child = try ChildProcess(builtProduct("larder"), [[0x68, 0xFF, 0x1B, 0x5B, 0x6D]]).wait()
    #expect(child.ending == .exited(2))
    #expect(
      child.errorText == "larder: there is no command 'h\\xff\\x1b[m'; see 'larder help'\n")
  }

  @Test func `output that cannot be written is a failure with a reason`() throws {
    let full = try run(["man"], output: .file("/dev/full"))
    #expect(full.ending == .exited(1))
    #expect(
      full.errorText == "larder: the output could not be written: no space is left on its disk\n")
    let closed = try run(["man"], output: .closed)
    #expect(closed.ending == .exited(1))
    #expect(closed.errorText == "larder: the output could not be written: it is closed\n")
  }

  @Test func `a reader that leaves ends it quietly`() throws {
    let child = try run(["man"], output: .leftByReader)
    #expect(child.ending == .exited(0) && child.errors.isEmpty)
  }

  @Test func `without errors to write to, the code still tells`() throws {
    #expect(try run(["nothing"], errors: .closed).ending == .exited(2))
    #expect(try run(["nothing"], errors: .leftByReader).ending == .exited(2))
    #expect(try run(["nothing"], output: .closed, errors: .closed).ending == .exited(2))
  }

  @Test func `headings stand out on a terminal, unless nobody wants it`() throws {
    func terminal(_ environment: [String: String]) throws -> String {
      let line = "'\(builtProduct("larder"))' help"
      let words = ["-qec", line, "/dev/null"].map { Array($0.utf8) }
      let child = try ChildProcess("/usr/bin/script", words, environment: environment).wait()
      #expect(child.ending == .exited(0))
      return child.outputText
    }
    #expect(try terminal(["TERM": "xterm"]).contains("\u{1B}[1mUsage:\u{1B}[0m"))
    for environment in [["TERM": "dumb"], [:], ["TERM": "xterm", "NO_COLOR": "1"]] {
      let text = try terminal(environment)
      #expect(text.contains("Usage:") && !text.contains("\u{1B}"), "\(environment)")
    }
    #expect(try terminal(["TERM": "xterm", "NO_COLOR": ""]).contains("\u{1B}[1m"))
  }

  @Test func `the shell takes the completions and the pager the man page`() throws {
    let script = try run(["completions", "bash"]).output
    let bash = try ChildProcess("/bin/bash", [Array("-n".utf8)]).wait(giving: script)
    #expect(bash.ending == .exited(0) && bash.errors.isEmpty, "\(bash.errorText)")
    #expect(try run(["completions", "zsh"]).outputText.hasPrefix("#compdef larder\n"))
    #expect(try run(["completions", "fish"]).outputText.contains("complete -c larder -f\n"))
    #expect(
      try run(["man"]).outputText.hasPrefix(".TH \"LARDER\" \"1\" \"\" \"larder \(version)\""))
  }

  @Test func `generated text goes into a file whole, and over nothing but a file`() throws {
    let directory = try TemporaryDirectory()
    let file = directory.path + "/larder.1"
    for _ in 0..<2 {
      let child = try run(["man", "--output", file])
      #expect(child.ending == .exited(0) && child.output.isEmpty && child.errors.isEmpty)
    }
    let kept = try ChildProcess("/bin/cat", [Array(file.utf8)]).wait().output
    #expect(try run(["man"]).output == kept && !kept.isEmpty)
    #expect(try directory.names() == ["larder.1"])
  }

  @Test(
    arguments: [
      ("/dev/null", "'/dev/null' was not written: null is not a regular file"),
      ("/nowhere/at/all", "'/nowhere/at/all' was not written: /nowhere/at does not exist"),
      ("/tmp/", "'/tmp/' was not written: "), ("/tmp/..", "'/tmp/..' was not written: "),
    ])
  func `a file that cannot be written is named`(_ file: String, _ sentence: String) throws {
    let child = try run(["completions", "bash", "-o", file])
    #expect(child.ending == .exited(1) && child.output.isEmpty)
    #expect(child.errorText.hasPrefix("larder: " + sentence), "\(child.errorText)")
  }
}
