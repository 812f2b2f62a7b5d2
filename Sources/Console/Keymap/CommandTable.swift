// The one table of commands: what the console itself can do, and what each screen adds.

/// Every command, by name and in the order of the help.
package struct CommandTable: Sendable {
  package let commands: [ConsoleCommand]
  private let places: [CommandName: Int]

  /// The console's own commands and those of the screens; two with one name are a wrong program.
  package init(_ screens: [ScreenEntry] = ScreenEntry.all) {
    self.init(ConsoleCommand.common(screens.map(\.id)) + screens.flatMap(\.commands))
  }

  package init(_ commands: [ConsoleCommand]) {
    self.commands = commands
    var places: [CommandName: Int] = [:]
    for (place, command) in commands.enumerated() {
      precondition(places[command.name] == nil, "two commands are called \(command.name)")
      places[command.name] = place
    }
    self.places = places
  }

  package subscript(name: CommandName) -> ConsoleCommand? { places[name].map { commands[$0] } }
}

extension CommandName {
  package static let up: CommandName = "list.up"
  package static let down: CommandName = "list.down"
  package static let left: CommandName = "list.left"
  package static let right: CommandName = "list.right"
  package static let top: CommandName = "list.top"
  package static let bottom: CommandName = "list.bottom"
  package static let pageUp: CommandName = "list.page-up"
  package static let pageDown: CommandName = "list.page-down"
  package static let halfUp: CommandName = "list.half-up"
  package static let halfDown: CommandName = "list.half-down"
  package static let open: CommandName = "open"
  package static let back: CommandName = "back"
  package static let find: CommandName = "find"
  package static let findNext: CommandName = "find.next"
  package static let findPrevious: CommandName = "find.previous"
  package static let filter: CommandName = "filter"
  package static let sort: CommandName = "sort"
  package static let sortReverse: CommandName = "sort.reverse"
  package static let mark: CommandName = "mark"
  package static let markRange: CommandName = "mark.range"
  package static let markAll: CommandName = "mark.all"
  package static let markInvert: CommandName = "mark.invert"
  package static let markNone: CommandName = "mark.none"
  package static let refresh: CommandName = "refresh"
  package static let copy: CommandName = "copy"
  package static let help: CommandName = "help"
  package static let palette: CommandName = "palette"
  package static let undo: CommandName = "undo"
  package static let quit: CommandName = "quit"
  package static let evict: CommandName = "cache.evict"
  package static let rehydrate: CommandName = "cache.rehydrate"
  package static let pin: CommandName = "cache.pin"
  package static let unpin: CommandName = "cache.unpin"
  package static let verify: CommandName = "cache.verify"
  package static let shred: CommandName = "data.shred"
  package static let acknowledge: CommandName = "failure.acknowledge"
  package static let retry: CommandName = "upload.retry"
  package static let prioritise: CommandName = "upload.prioritise"
}

extension ConsoleCommand {
  /// What every screen knows, besides its own.
  static func common(_ screens: [ScreenID]) -> [ConsoleCommand] {
    showing(screens) + moving + finding + acting + layers + console
  }

  private static func showing(_ screens: [ScreenID]) -> [ConsoleCommand] {
    screens.map { screen in
      ConsoleCommand(
        CommandName("show.\(screen.rawValue)"), screen.title.lowercased(),
        "Show the \(screen.title.lowercased()) screen", .screens, .leading(to: screen),
        keys: [screen.digit])
    } + [
      ConsoleCommand("screen.next", "next", "Show the next screen", .screens, keys: ["Tab"]),
      ConsoleCommand(
        "screen.previous", "previous", "Show the screen before", .screens, keys: ["S-Tab"]),
      ConsoleCommand(.back, "back", "Go back to where you were", .screens, keys: ["Esc"]),
    ]
  }

  private static let moving: [ConsoleCommand] = [
    ConsoleCommand(.down, "down", "Go down", .moving, keys: ["Down", "j"]),
    ConsoleCommand(.up, "up", "Go up", .moving, keys: ["Up", "k"]),
    ConsoleCommand(.left, "left", "Go left, or fold", .moving, keys: ["Left", "h"]),
    ConsoleCommand(.right, "right", "Go right, or unfold", .moving, keys: ["Right", "l"]),
    ConsoleCommand(.top, "first", "Go to the first", .moving, keys: ["Home", "g"]),
    ConsoleCommand(.bottom, "last", "Go to the last", .moving, keys: ["End", "G"]),
    ConsoleCommand(.pageDown, "page down", "Go down a page", .moving, keys: ["PgDn", "C-f"]),
    ConsoleCommand(.pageUp, "page up", "Go up a page", .moving, keys: ["PgUp", "C-b"]),
    ConsoleCommand(.halfDown, "half down", "Go down half a page", .moving, keys: ["C-d"]),
    ConsoleCommand(.halfUp, "half up", "Go up half a page", .moving, keys: ["C-u"]),
    ConsoleCommand(.open, "open", "Look into what is under the cursor", .moving, keys: ["Enter"]),
  ]

  private static let finding: [ConsoleCommand] = [
    ConsoleCommand(.find, "find", "Find a text in the list", .finding, lists, keys: ["/", "F3"]),
    ConsoleCommand(
      .findNext, "next", "Go to the next that was found", .finding, lists, keys: ["n"]),
    ConsoleCommand(
      .findPrevious, "previous", "Go to the one found before", .finding, lists, keys: ["N"]),
    ConsoleCommand(
      .filter, "filter", "Show only what passes a filter", .finding, lists, keys: ["f", "F4"],
      hint: 20),
    ConsoleCommand(
      .sort, "sort", "Sort by the next column", .finding, lists, keys: ["s", "F6"], hint: 30),
    ConsoleCommand(
      .sortReverse, "reverse", "Turn the order round", .finding, lists, keys: ["S"]),
    ConsoleCommand(
      .mark, "mark", "Mark what is under the cursor, or no more", .finding, marks,
      keys: ["Space", "Ins"], hint: 40),
    ConsoleCommand(
      .markRange, "range", "Mark from here to where the cursor goes", .finding, marks,
      keys: ["v"]),
    ConsoleCommand(.markAll, "all", "Mark all that are shown", .finding, marks, keys: ["+"]),
    ConsoleCommand(.markInvert, "invert", "Turn all marks round", .finding, marks, keys: ["*"]),
    ConsoleCommand(.markNone, "none", "Take all marks away", .finding, marks, keys: ["u"]),
  ]

  private static let lists = CommandScope.on([
    .files, .uploads, .restores, .events, .backends, .log,
  ])
  private static let marks = CommandScope.on([.files, .uploads, .restores])

  private static let acting: [ConsoleCommand] = [
    act(
      .evict, "evict", "Drop the hot copies of what is marked or under the cursor", ["E", "a e"]),
    act(
      .rehydrate, "rehydrate", "Bring what is marked or under the cursor back into the depot",
      ["H", "a h"]),
    act(.pin, "pin", "Keep it in the depot, whatever its age", ["P", "a p"]),
    act(.unpin, "unpin", "Let it be evicted again", ["a n"]),
    act(.verify, "verify", "Compare stored copies with their digests", ["V", "a v"]),
    act(.retry, "retry", "Upload what had given up once more", ["T", "a t"]),
    act(.prioritise, "prioritise", "Upload it before everything else", ["a f"]),
    act(.shred, "shred", "Destroy the keys, so that no copy can ever be read again", ["a X"]),
    act(.acknowledge, "acknowledge", "Note that a failure was seen and is taken care of", ["a a"]),
    act("upload.pause", "pause uploads", "Hold all uploads", ["a u p"]),
    act("upload.resume", "resume uploads", "Let uploads go on", ["a u r"]),
    act("backend.probe", "probe", "Try whether a backend works", ["a b"]),
    act("config.reload", "reload", "Read the configuration again", ["a c"]),
    act("scan.start", "scan", "Look through the whole depot for changes", ["a s"]),
    act("manifest.rebuild", "rebuild", "Make the manifest again from the events", ["a m"]),
    act(
      "events.checkpoint", "checkpoint", "Write a checkpoint of the events for a witness", ["a k"]),
    ConsoleCommand(
      .undo, "undo", "Take back the last action that can be taken back", .acting, keys: ["z"]),
  ]

  private static func act(
    _ name: CommandName, _ label: String, _ summary: String, _ keys: [String]
  ) -> ConsoleCommand {
    ConsoleCommand(name, label, summary, .acting, keys: keys, operation: name.text)
  }

  private static let layers: [ConsoleCommand] = [
    ConsoleCommand("show.jobs", "jobs", "Show jobs", .layers, keys: ["J"], hint: 70),
    ConsoleCommand("show.receipts", "receipts", "Show receipts", .layers, keys: ["R"]),
    ConsoleCommand(
      "show.findings", "findings", "Show the damage that checks have found", .layers,
      keys: ["D"]),
    ConsoleCommand(
      .palette, "commands", "Find any command by its words", .layers, keys: [":"], hint: 80),
    ConsoleCommand(.help, "help", "Show every key", .layers, keys: ["?", "F1"], hint: 90),
  ]

  private static let console: [ConsoleCommand] = [
    ConsoleCommand(.refresh, "refresh", "Ask for everything anew", .console, keys: ["F5"]),
    ConsoleCommand(.copy, "copy", "Copy what is under the cursor", .console, keys: ["y"]),
    ConsoleCommand(
      "copy.command", "copy command", "Copy the command line that shows the same", .console,
      keys: ["Y"]),
    ConsoleCommand(
      "mouse", "mouse", "Use the mouse, or leave it to the terminal", .console,
      keys: ["m"]),
    ConsoleCommand("theme.next", "theme", "Take the next theme", .console),
    ConsoleCommand("redraw", "redraw", "Draw the whole screen anew", .console, keys: ["C-l"]),
    ConsoleCommand(
      "suspend", "suspend", "Go back to the shell for a while", .console,
      keys: ["C-z"]),
    ConsoleCommand(
      .quit, "quit", "Leave the console", .console, keys: ["q", "F10", "C-c"], hint: 100),
  ]
}

extension ScreenID {
  /// As the tabs call it.
  package var title: String {
    switch self {
    case .overview: "Overview"
    case .files: "Files"
    case .uploads: "Uploads"
    case .restores: "Restores"
    case .events: "Events"
    case .backends: "Backends"
    case .log: "Log"
    }
  }

  /// The number key that shows it.
  package var digit: String {
    switch self {
    case .overview: "1"
    case .files: "2"
    case .uploads: "3"
    case .restores: "4"
    case .events: "7"
    case .backends: "9"
    case .log: "0"
    }
  }
}
