// The one table of commands, and what keys make of it.

import Console
import Terminal
import Testing

@Suite struct KeymapTests {
  let table = CommandTable()

  @Test func `no two commands are given by the same keys`() {
    let conflicts = Keymap(table).conflicts(table)
    #expect(conflicts.map { "\($0.0.command) and \($0.1.command)" } == [])
  }

  @Test func `every command has a sentence that help can show`() {
    for command in table.commands {
      #expect(!command.summary.isEmpty && !command.summary.hasSuffix("."), "\(command.name)")
      #expect(command.summary.first?.isUppercase == true, "\(command.name)")
      #expect(command.label.first?.isLowercase == true, "\(command.name)")
    }
  }

  @Test func `nothing depends on keys that lines, tmux or terminals keep for themselves`() {
    let kept: Set<String> = ["C-a", "C-s", "C-q", "C-Space"]
    for binding in Keymap(table).bindings {
      #expect(kept.isDisjoint(with: binding.sequence.keys.map { "\($0)" }))
      #expect(!binding.sequence.keys.contains { $0.modifiers.contains(.alt) })
    }
  }

  @Test func `one lower-case letter alone never acts`() {
    for binding in Keymap(table).bindings where table[binding.command]?.operation != nil {
      let keys = binding.sequence.shown
      #expect(keys.count > 1 || keys.first?.isUppercase == true, "\(binding.command)")
    }
  }

  @Test func `a sequence is a prefix until it is whole, and its last key decides`() {
    let keymap = Keymap(table)
    let a = Key.character("a")
    guard case .prefix(let next) = keymap.meaning(of: [a], on: .overview, table) else {
      Issue.record("'a' begins sequences")
      return
    }
    #expect(next.contains { $0.command == .evict } && next.contains { $0.command == .shred })
    #expect(
      keymap.meaning(of: [a, .character("e")], on: .overview, table) == .command(.evict))
    #expect(keymap.meaning(of: [a, .character("j")], on: .overview, table) == .nothing)
  }

  @Test func `what a screen has of its own goes before what is everywhere`() {
    let table = CommandTable([
      ConsoleCommand("a.all", "all", "All", .console, keys: ["x"]),
      ConsoleCommand("a.here", "here", "Here", .console, .on([.files]), keys: ["x"]),
    ])
    let keymap = Keymap(table)
    #expect(keymap.conflicts(table).isEmpty)
    #expect(keymap.meaning(of: [.character("x")], on: .files, table) == .command("a.here"))
    #expect(keymap.meaning(of: [.character("x")], on: .events, table) == .command("a.all"))
  }
}
