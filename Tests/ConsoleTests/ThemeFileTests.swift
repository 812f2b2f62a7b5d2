// Themes and keys as people write them: what is taken over, and what is said of what is wrong.

import Ambient
import Bytes
import Console
import Terminal
import Testing
import Widgets

@Suite struct ThemeFileTests {
  @Test func `a theme says what is different, and inherits the rest`() throws {
    let file = try ThemeFile(
      parsing: Array(
        """
        {
          name: "mine", inherits: "light", palette: { sea: "#003366" },
          roles: { state: "sea", "state.failed": { attributes: ["bold", "underline"] },
            cursor: { on: "#ffeecc" } }, // the rest is as it was
        }
        """.utf8))
    #expect(file.theme.name == "mine" && file.base == "light")
    #expect(file.theme.look(.stateDirty).foreground == Colour(0x003366))
    #expect(file.theme.look(.stateFailed).attributes == [.bold, .underline])
    #expect(file.theme.look(.cursor).background == Colour(0xFFEECC))
    #expect(file.theme.look(.text) == Theme.light.look(.text))
  }

  @Test func `everything that is wrong is told at once, with its line`() {
    let document = """
      {
        inherits: "dusk",
        roles: {
          "state.dirtier": "#ffffff",
          text: "nocolour",
          cursor: { under: "#000000" },
          title: { attributes: ["loud"] },
        },
        shape: 1,
      }
      """
    #expect {
      _ = try ThemeFile(parsing: Array(document.utf8))
    } throws: { error in
      let sentences = (error as? FileFaults)?.faults.map(\.description) ?? []
      let starts = [
        "line 9: a theme has no 'shape'", "line 2: no theme 'dusk' is shipped",
        "line 4: the console has no role 'state.dirtier'",
        "line 5: 'nocolour' is no colour", "line 6: a look has", "line 7: 'loud' is no attribute",
      ]
      return sentences.count == starts.count
        && zip(sentences, starts).allSatisfy { $0.hasPrefix($1) }
    }
    #expect(throws: FileFaults.self) { try ThemeFile(parsing: Array("{ roles: ".utf8)) }
  }

  @Test func `a check finds text that is hard to read, and states that look alike`() throws {
    let file = try ThemeFile(
      parsing: Array(
        "{ roles: { dim: '#303030', 'state.dirty': '#98c379', 'state.clean': '#98c379' } }".utf8))
    let check = ThemeCheck(file.theme, base: file.base)
    #expect(check.findings.contains { $0.hasPrefix("dim on ") })
    #expect(check.findings.contains("state.dirty and state.clean look alike"))
  }

  @Test func `what is shipped passes its own check`() {
    for theme in Theme.shipped where theme.name != "mono" {
      let findings = ThemeCheck(theme, base: theme.name).findings
      #expect(findings.filter { $0.contains("contrast") } == [], "\(theme.name)")
    }
  }
}

@Suite struct KeysFileTests {
  private let table = CommandTable()

  @Test func `a file gives keys, takes keys, and leaves the rest`() {
    let file = KeysFile(
      parsing: Array("{ keys: { 'cache.evict': ['x e', 'F7'], quit: [] } }".utf8), table)
    #expect(file.faults == [])
    #expect(file.keymap.sequences(of: .evict).map(\.description) == ["x e", "F7"])
    #expect(file.keymap.sequences(of: .quit).isEmpty)
    #expect(!file.keymap.sequences(of: .help).isEmpty)
  }

  @Test func `a conflict is told with both names, and the file's word stands`() {
    let file = KeysFile(parsing: Array("{ keys: { refresh: ['j'] } }".utf8), table)
    #expect(
      file.faults.map(\.description) == [
        "line 1: 'refresh' and 'list.down' both want j; 'refresh' has it"
      ])
    #expect(
      file.keymap.meaning(of: [.character("j")], on: .overview, table) == .command(.refresh))
    #expect(file.keymap.sequences(of: .down).map(\.description) == ["Down"])
  }

  @Test func `what is wrong is told, and the rest is in force`() {
    let file = KeysFile(
      parsing: Array(
        """
        { preset: "emacs",
          keys: { "cache.evickt": ["E"], quit: ["Hyper-q"], help: ["F12"] },
          mouse: true }
        """.utf8), table)
    #expect(file.faults.map(\.line) == [3, 1, 2, 2])
    #expect(file.keymap.sequences(of: .help).map(\.description) == ["F12"])
    #expect(KeysFile(parsing: Array("[".utf8), table).faults.count == 1)
  }

  @Test(arguments: KeyPreset.allCases)
  func `a preset has no conflicts, and gives no lower-case letter to what acts`(
    _ preset: KeyPreset
  ) {
    let file = KeysFile(parsing: Array("{ preset: '\(preset.rawValue)' }".utf8), table)
    #expect(file.keymap.conflicts(table).map { "\($0.0.command) \($0.1.command)" } == [])
    for command in table.commands where !command.keys.isEmpty {
      #expect(!file.keymap.sequences(of: command.name).isEmpty, "\(command.name)")
    }
    for binding in file.keymap.bindings where table[binding.command]?.operation != nil {
      let keys = binding.sequence.shown
      #expect(keys.count > 1 || keys.first?.isUppercase == true, "\(binding.command)")
    }
  }
}
