// What is made from the declarations, whole and as it is printed: help, man page and completions.
// A text that changes on purpose is copied from the failure into Golden/.

import ChildProcesses
import Flags
import Testing

/// A tree whose help has everything that help can have.
let golden: Command<String> = Command(
  "tool", "Keep events and receipts.",
  details: """
    A tool that is only here to be read. Its description is long enough to be wrapped, and it has \
    more than one paragraph.

    The 'second' is short.

        and the third is kept
        as it is
    """,
  takes: [Sample.quiet],
  commands: [
    Command(
      "events", "Look at the events.",
      commands: [
        Command(
          "append", "Append events to a store.",
          details: "Every file becomes one event.",
          examples: [
            .init("tool events append --kind=a store file", "Append one event of kind 'a'."),
            .init(
              "tool events append store -- -x",
              "Append the file -x; it begins with a dash, so it stands behind two of them, which is all there is to it."
            ),
          ],
          takes: [
            Sample.json, Sample.csv, Sample.verbose, Sample.quiet, Sample.threads, Sample.offset,
            Sample.colour, Sample.timeout, Sample.size, Sample.kinds, Sample.directory,
            Sample.files,
          ], excluding: [[Sample.json, Sample.csv]], action: "append"),
        Command("list", "List events.", takes: [Sample.json], action: "list"),
      ]),
    Command(
      "verify", "Verify a receipt: it's \\ safe.", takes: [Sample.key, Sample.place],
      action: "verify"),
    Command(
      "help", "Tell about a command.",
      takes: [Argument(repeated: .command, counts: 0...8, "Words.")], action: "help"),
  ], action: "tool")

@Suite struct GeneratedTextTests {
  private func expect(_ text: String, is golden: [UInt8], _ name: String) {
    #expect(text.utf8.elementsEqual(golden), "\(name) is now:\n\(text)")
  }

  @Test func `help reads as it should`() {
    expect(golden.help(for: ["tool"]), is: PackageResources.help_golden, "help.golden")
    expect(
      golden.help(for: ["tool", "events", "append"]), is: PackageResources.help_append_golden,
      "help-append.golden")
    expect(
      golden.help(for: ["tool", "events", "append"], HelpLayout(width: 48, standsOut: true)),
      is: PackageResources.help_narrow_golden, "help-narrow.golden")
  }

  @Test func `no line of help is wider than its layout`() {
    for (path, _) in golden.tree {
      for width in [40, 57, 80, 100] {
        let lines = golden.help(for: path, HelpLayout(width: width)).split(separator: "\n")
        for line in lines where !line.hasPrefix("  tool ") {
          #expect(line.count <= width, "\(line)")
        }
      }
    }
    #expect(
      golden.help(for: ["tool"], HelpLayout(width: 1))
        == golden.help(for: ["tool"], HelpLayout(width: 40)))
  }

  @Test func `completions read as they should`() {
    expect(
      golden.completions(for: .bash), is: PackageResources.tool_bash_golden, "tool.bash.golden")
    expect(golden.completions(for: .zsh), is: PackageResources.tool_zsh_golden, "tool.zsh.golden")
    expect(
      golden.completions(for: .fish), is: PackageResources.tool_fish_golden, "tool.fish.golden")
  }

  @Test(
    arguments: [
      ("tool ev", "events"), ("tool events ", "append list"), ("tool -", "--quiet -q --help -h"),
      ("tool events append --c", "--csv --colour"), ("tool events append --colour = ne", "never"),
      ("tool events append --colour =", "auto always never"), ("tool events append --threads ", ""),
      ("tool events append -t ", ""), ("tool verify --key /etc/os-rel", "/etc/os-release"),
      ("tool events append /et", "/etc"), ("tool verify ", ""), ("tool help ev", "events"),
      ("tool help events ap", "append"), ("tool nonsense ", "events verify help"),
      ("tool -q events li", "list"), ("tool events append /usr/sh", "/usr/share"),
    ])
  func `bash completes what was begun`(_ line: String, _ offers: String) throws {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    let script =
      golden.completions(for: .bash) + """

        COMP_WORDS=(\(words.map { "'\($0)'" }.joined(separator: " "))) COMP_CWORD=\(words.count - 1)
        _tool 2> /dev/null
        IFS=' '; printf '%s' "${COMPREPLY[*]}"
        """
    let bash = try ChildProcess("/bin/bash", [Array("--norc".utf8)]).wait(
      giving: Array(script.utf8))
    #expect(bash.ending == .exited(0) && bash.errors.isEmpty, "\(bash.errorText)")
    #expect(Set(bash.outputText.split(separator: " ")) == Set(offers.split(separator: " ")))
  }

  @Test func `the man page reads as it should`() {
    let manual = Manual(
      version: "1.2.3", variables: [("TOOL_KEY", "The key's file.")],
      settings: SampleSettings.all)
    expect(golden.manual(manual), is: PackageResources.tool_man_golden, "tool.man.golden")
  }

  @Test(.enabled(if: isExecutable("/usr/bin/groff"), "groff is not installed"))
  func `the man page has nothing that groff warns of`() throws {
    let manual = Manual(version: "1", variables: [], settings: SampleSettings.all)
    let words = ["-man", "-Tutf8", "-K", "utf8", "-ww", "-z"].map { Array($0.utf8) }
    let groff = try ChildProcess("/usr/bin/groff", words, environment: ["PATH": "/usr/bin"])
      .wait(giving: Array(golden.manual(manual).utf8))
    #expect(groff.ending == .exited(0) && groff.errors.isEmpty, "\(groff.errorText)")
  }
}
