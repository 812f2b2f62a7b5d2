// What every screen is: a value that takes events, asks for things, and draws itself. Layers that lie
// over a screen are screens too. Nothing here waits and nothing calls out: what takes time is asked
// for with a request and comes back as an answer, so any screen can be tested as a conversation.
//
//   event ──▶ handle ──▶ requests ──▶ the model (loads, acts, shows, says)
//                ▲                        │
//                └──────── answer ◀───────┘
//
// A load has a slot. A newer load of the same slot replaces the older one, whose work is cancelled
// and whose answer never arrives; so a screen never has to ask whether an answer is stale.

package import Ambient
package import Bytes
package import Operations
package import Terminal
package import Triage
package import Views
package import Widgets

/// One screen, or a layer over one.
package protocol Screen: Sendable {
  /// What stands behind the screen's title in the breadcrumb.
  var crumbs: [String] { get }
  /// Whether keys are text for a field of it.
  var isTyping: Bool { get }
  /// What an action would apply to: the marks if there are any, else what is under the cursor.
  var selection: Selection? { get }
  /// Whether `back` is for it to take, since it has something to close before it goes itself.
  var holdsBack: Bool { get }
  /// Whether it has to be finished or closed before anything else is done.
  var isModal: Bool { get }
  /// What an acting command is about here, where that is not simply the selection.
  func action(for command: CommandName, _ context: ScreenContext) -> ActionRequest?
  /// Whether what it shows is the snapshot, so that it is as old as that is.
  var showsSnapshot: Bool { get }
  /// What it would know again the next time, such as the order of its columns.
  var memory: JSONValue { get }
  /// Commands to which it only says why not, so that nothing hints at them.
  var declined: [CommandName] { get }
  /// The keys that matter on it now, before those that matter everywhere.
  func hints(_ context: ScreenContext) -> [KeyHint]
  /// The command line that shows the same.
  func commandLine(_ context: ScreenContext) -> String?

  /// Takes over what it knew the last time; what it does not understand it leaves.
  mutating func recall(_ memory: JSONValue)
  /// Takes an event in and asks for what follows from it.
  mutating func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest]
  /// Draws itself; `region` is as large as `context.size` says.
  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext)
  /// What it shows, as a value.
  func json(_ context: ScreenContext) -> JSONValue
}

extension Screen {
  package var crumbs: [String] { [] }
  package var isTyping: Bool { false }
  package var selection: Selection? { nil }
  package var holdsBack: Bool { false }
  package var isModal: Bool { false }
  package var showsSnapshot: Bool { false }
  package var declined: [CommandName] { [] }
  package var memory: JSONValue { .null }
  package mutating func recall(_ memory: JSONValue) {}
  package func action(for command: CommandName, _ context: ScreenContext) -> ActionRequest? { nil }
  package func hints(_ context: ScreenContext) -> [KeyHint] { [] }
  package func commandLine(_ context: ScreenContext) -> String? { nil }
  package func json(_ context: ScreenContext) -> JSONValue { .null }
}

/// What a screen is told.
package enum ScreenEvent: Sendable {
  /// It is the one that is shown from now on.
  case entered
  /// Another is shown instead.
  case left
  /// One of its commands, or one that every screen knows, such as `list.down`.
  case command(CommandName)
  /// A key, while it `isTyping`.
  case key(Key)
  case paste(Paste)
  /// A button of the mouse, at a place of the region; the wheel arrives as commands.
  case mouse(MouseEvent)
  /// There is a newer snapshot in the context.
  case news
  /// The region has another size, which the context says.
  case resized
  /// The time that was asked for with `wake` has come.
  case timeUp
  /// What a load came to.
  case answer(slot: String, Result<Answer, Refusal>)
}

/// What a screen asks for.
package enum ScreenRequest: Sendable {
  /// Have an operation called on a thread of the console's own; the answer comes with the slot.
  case load(slot: String, operation: String, input: JSONValue)
  /// Nobody wants the answer of a slot any more.
  case drop(slot: String)
  /// Have `timeUp` come at this moment; nil takes the wish back.
  case wake(MonotonicTime?)
  /// As if the command's key had been pressed.
  case run(CommandName)
  /// Have an acting operation planned, reviewed, confirmed and done.
  case act(ActionRequest)
  case show(ScreenID)
  /// Lay this over what is shown.
  case open(any Screen)
  /// Go away: a layer closes, a screen goes back to the one before.
  case close
  case say(Notice)
  /// Put text into the clipboard.
  case copy(String)
  /// Remember what was done.
  case deed(Deed)
  /// Remember how what was done can be taken back.
  case undoable(ActionRequest)
  /// Remember that a command was looked for and given.
  case chosen(CommandName)
  case end(ConsoleEnding)
}

/// What an action applies to, by identity and never by row.
package struct Selection: Hashable, Sendable {
  /// Paths as `escaped` spells them.
  package var paths: [String]
  /// Bytes of all of them; nil when that is not known.
  package var bytes: UInt64?
  /// Whether they were marked; else it is what is under the cursor.
  package var isMarked: Bool
  /// A directory below which everything is meant, instead of `paths`.
  package var directory: String?

  package init(
    paths: [String], bytes: UInt64? = nil, isMarked: Bool = false, directory: String? = nil
  ) {
    self.paths = paths
    self.bytes = bytes
    self.isMarked = isMarked
    self.directory = directory
  }

  /// How operations are told.
  package var json: JSONValue {
    if let directory { return ["directory": .string(directory)] }
    return ["paths": .array(paths.map { .string($0) })]
  }

  /// `hero.psd`, or `12 files`.
  package var words: String {
    if let directory { return "everything below \(directory.isEmpty ? "/" : directory)" }
    guard paths.count == 1, let path = paths.first else {
      return "\(Figures.grouped(paths.count)) files"
    }
    return path
  }
}

/// A sentence for the status line.
package struct Notice: Hashable, Sendable {
  package var text: String
  package var role: Role

  package init(_ text: String, _ role: Role = .text) {
    self.text = text
    self.role = role
  }

  package static func good(_ text: String) -> Notice { Notice(text, .good) }
  package static func bad(_ text: String) -> Notice { Notice(text, .bad) }
  package static func refused(_ text: String) -> Notice { Notice(text, .warning) }
}

/// What a screen may look at while it handles an event or draws.
package struct ScreenContext: Sendable {
  /// The newest snapshot; nil while there is none.
  package var snapshot: EngineSnapshot?
  /// Why there may be more at risk than the snapshot counts; nil when there is not.
  package var unseen: String?
  /// What triage makes of it, worst first.
  package var conditions: [Condition]
  /// What was wrong while the console looked, and is over.
  package var past: PastConditions
  package var now: WallTime
  package var monotonic: MonotonicTime
  /// The size of the region in which the screen is drawn.
  package var size: GridSize
  package var brush: Brush
  package var commands: CommandTable
  package var keymap: Keymap
  package var permissions: Permissions
  package var depot: String
  package var version: String
  /// Commands that the palette gave, the newest first.
  package var recent: [CommandName]
  /// What was done from this console, the newest last.
  package var deeds: [Deed]
  /// The screen below all layers.
  package var screen: ScreenID

  /// Why a command cannot be given now; nil when it can.
  package func objection(to name: CommandName) -> String? {
    commands[name]?.operation.flatMap { permissions.objection(to: $0) }
  }

  /// The first key of a command, as it is shown; nil when it has none.
  package func key(of name: CommandName) -> String? {
    keymap.sequences(of: name).first.map { $0.shown }
  }

  /// A hint at a command with its key; nil when it has no key.
  package func hint(_ name: CommandName, _ label: String? = nil) -> KeyHint? {
    guard let key = key(of: name), let command = commands[name] else { return nil }
    return KeyHint(key, label ?? command.label, isEnabled: objection(to: name) == nil)
  }
}

/// Which screen.
package enum ScreenID: String, CaseIterable, Hashable, Sendable {
  case overview, files, uploads, restores, events, backends, log
}

/// A screen as the console lists it. Each screen's file declares its own, and `ScreenEntry.all` names
/// those that there are.
package struct ScreenEntry: Sendable {
  package let id: ScreenID
  package let title: String
  /// What its commands are besides those that every screen knows.
  package let commands: [ConsoleCommand]
  package let make: @Sendable () -> any Screen

  package init(
    _ id: ScreenID, _ title: String, commands: [ConsoleCommand] = [],
    make: @escaping @Sendable () -> any Screen
  ) {
    self.id = id
    self.title = title
    self.commands = commands
    self.make = make
  }
}
