// A command of the console: its name, its sentence, the keys it has unless somebody says otherwise,
// where it means anything, and the operation whose grant it needs. Keys, palette, help and the
// dimming of what is not granted all read this one value, so none of them can drift.

internal import Terminal

/// What a command is called; `cache.evict`, `list.down`.
package struct CommandName: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible
{
  package let text: String

  package init(_ text: String) {
    self.text = text
  }

  package init(stringLiteral text: String) {
    self.text = text
  }

  package var description: String { text }
}

/// Under which heading help lists a command.
package enum CommandGroup: String, CaseIterable, Sendable {
  case screens = "Screens"
  case moving = "Moving"
  case finding = "Finding and marking"
  case acting = "Acting"
  case layers = "Layers"
  case console = "The console"
}

/// Where a command means something.
package enum CommandScope: Hashable, Sendable {
  case everywhere
  /// On these screens alone.
  case on(Set<ScreenID>)
  /// Everywhere: the screen is shown first, and then is given the command.
  case leading(to: ScreenID)

  /// Whether it can be given on a screen.
  package func includes(_ screen: ScreenID) -> Bool {
    switch self {
    case .everywhere, .leading: true
    case .on(let screens): screens.contains(screen)
    }
  }

  /// Whether both can be given on some screen, and neither goes before the other there.
  func clashes(with other: CommandScope) -> Bool {
    switch (self, other) {
    case (.on(let one), .on(let other)): !one.isDisjoint(with: other)
    case (.on, _), (_, .on): false
    default: true
    }
  }
}

/// Something that a person can have the console do.
package struct ConsoleCommand: Hashable, Sendable {
  package let name: CommandName
  /// One or two words for the status line.
  package let label: String
  /// One sentence, without a full stop.
  package let summary: String
  package let group: CommandGroup
  package let scope: CommandScope
  /// The keys that it has by default.
  package let keys: [String]
  /// What it calls; nil for what changes nothing but the screen.
  package let operation: String?
  /// Where it stands among the hints of the status line, the lowest first; nil for not at all.
  package let hint: Int?

  package init(
    _ name: CommandName, _ label: String, _ summary: String, _ group: CommandGroup,
    _ scope: CommandScope = .everywhere, keys: [String] = [], operation: String? = nil,
    hint: Int? = nil
  ) {
    self.name = name
    self.label = label
    self.summary = summary
    self.group = group
    self.scope = scope
    self.keys = keys
    self.operation = operation
    self.hint = hint
  }
}
