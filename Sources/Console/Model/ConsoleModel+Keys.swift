// From keys to commands, and what the console's own commands do. What is not the console's own goes
// to whoever is on top.

internal import Bytes
internal import Terminal
internal import Views

extension ConsoleModel {
  /// Takes a key in.
  mutating func press(_ key: Key) -> [ConsoleEffect] {
    notice = nil
    if topScreen.isTyping { return tell(top, .key(key)) }
    if !pending.isEmpty && key == Key(.escape) {
      pending = []
      return []
    }
    let keys = pending + [key]
    switch keymap.meaning(of: keys, on: screenID, commands) {
    case .command(let name):
      pending = []
      return run(name)
    case .prefix:
      pending = keys
      return []
    case .nothing:
      pending = []
      let help = keymap.sequences(of: .help).first.map { "; \($0.shown) shows every key" } ?? ""
      notice = .refused("\(keys.count == 1 ? "\(key)" : shown(keys)) does nothing here\(help)")
      return []
    }
  }

  private func shown(_ keys: [Key]) -> String { KeySequence(keys).shown }

  /// Does what a command says.
  mutating func run(_ name: CommandName) -> [ConsoleEffect] {
    guard let command = commands[name] else {
      notice = .refused("there is no command \(name)")
      return []
    }
    guard command.scope.includes(screenID) else {
      notice = .refused("\(command.label): not on this screen")
      return []
    }
    if let operation = command.operation, let objection = permissions.objection(to: operation) {
      notice = .refused("\(command.label): \(objection)")
      let action = ActionRequest(operation, [:], about: "")
      return remember(Deed(at: moment.wall, action, receipt: nil, refusal: objection))
    }
    if topScreen.isModal && !command.isForLayers {
      notice = .refused("\(command.label): finish this first, or go back with Esc")
      return []
    }
    if case .leading(let screen) = command.scope { return lead(to: screen, name) }
    if command.operation != nil { return act(on: command) }
    return runOwn(name) ?? tell(top, .command(name))
  }

  private mutating func lead(to screen: ScreenID, _ name: CommandName) -> [ConsoleEffect] {
    let effects = show(screen)
    let isShowing = name.text == "show.\(screen.rawValue)"
    return isShowing || screenID != screen
      ? effects : effects + tell(screens[current].owner, .command(name))
  }

  /// What the console does itself; nil for what others do.
  private mutating func runOwn(_ name: CommandName) -> [ConsoleEffect]? {
    switch name {
    case "screen.next": return step(1)
    case "screen.previous": return step(-1)
    case .back: return goBack()
    case .quit: return layers.isEmpty ? askToQuit() : close(top)
    case .help: return open(Help(commands, keymap, on: screenID))
    case .palette: return open(Palette())
    case .undo: return takeBack()
    case "show.jobs": return open(JobsLayer())
    case "show.receipts": return open(ReceiptsLayer())
    case "show.findings": return open(FindingsLayer())
    case "copy.command":
      guard let line = screens[current].screen.commandLine(context) else {
        notice = .refused("no command line shows the same as this screen")
        return []
      }
      notice = .good("copied: \(line)")
      return [.copy(Array(line.utf8))]
    case "mouse":
      hasMouse.toggle()
      notice = Notice(hasMouse ? "the mouse is the console's" : "the mouse is the terminal's")
      return [.useMouse(hasMouse)]
    case "theme.next": return [.nextTheme]
    case "redraw": return [.redraw]
    case "suspend": return [.suspend]
    default: return nil
    }
  }

  private mutating func step(_ step: Int) -> [ConsoleEffect] {
    let place = (current + step + screens.count) % screens.count
    return show(entries[place].id)
  }

  /// A layer closes, a screen leaves what it looked into, or the screen before is shown.
  private mutating func goBack() -> [ConsoleEffect] {
    if let layer = layers.last {
      return layer.screen.holdsBack ? tell(layer.owner, .command(.back)) : close(layer.owner)
    }
    if screens[current].screen.holdsBack { return tell(screens[current].owner, .command(.back)) }
    return close(screens[current].owner)
  }

  private mutating func askToQuit() -> [ConsoleEffect] {
    let left = snapshot?.files.atRisk.files ?? 0
    guard ownsEngine, left > 0 || unseen != nil else { return end(.stop) }
    return open(QuitLayer())
  }

  // MARK: - Acting

  private mutating func act(on command: ConsoleCommand) -> [ConsoleEffect] {
    let screen = screens[current].screen
    if let action = topScreen.action(for: command.name, context)
      ?? screen.action(
        for: command.name, context)
    {
      return act(action)
    }
    guard command.needsSelection else {
      return act(ActionRequest(command.name.text, [:], about: ""))
    }
    guard let selection = topScreen.selection ?? screen.selection else {
      notice = .refused("\(command.label): there is no file under the cursor")
      return []
    }
    return act(
      ActionRequest(
        command.name.text, ["selection": selection.json], about: selection.words,
        selection: selection))
  }

  mutating func act(_ action: ActionRequest) -> [ConsoleEffect] {
    if let objection = permissions.objection(to: action.operation) {
      notice = .refused("\(action.operation): \(objection)")
      return remember(Deed(at: moment.wall, action, receipt: nil, refusal: objection))
    }
    return open(ActionFlow(action))
  }

  private mutating func takeBack() -> [ConsoleEffect] {
    guard let action = undoable.popLast() else {
      notice = .refused("undo: nothing that was done here can be taken back")
      return []
    }
    return act(action)
  }
}

extension ConsoleCommand {
  /// What a layer that must be finished first still lets through.
  fileprivate var isForLayers: Bool {
    switch group {
    case .moving: true
    case .screens: name == .back
    case .console: name == .quit || name == "redraw" || name == "suspend" || name == .copy
    case .layers: name == .help
    case .finding, .acting: false
    }
  }

  /// Whether it is done to files.
  var needsSelection: Bool {
    [.evict, .rehydrate, .pin, .unpin, .verify, .shred, .retry, .acknowledge, .prioritise]
      .contains(name)
  }
}
