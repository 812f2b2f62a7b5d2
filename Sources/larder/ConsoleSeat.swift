// A console with everything it needs: a host made of a living engine or of what lies on the disk, the
// terminal, the person's theme and keys. The terminal is given back before anything else happens.

import Ambient
import Bytes
import CacheEngine
import Console
import DurableFiles
import Flags
import Operations
import Terminal
import Views
import Widgets

/// How the person wants the console.
struct ConsoleWishes {
  let looks: Looks
  /// The file of the theme; nil for a shipped one.
  let themeFile: [UInt8]?
  let keymap: Keymap?
  /// What is wrong with the person's own files.
  let complaints: [String]
  let colour: ColourWish

  /// Reads what is named, and what lies in the person's configuration directory.
  init(theme: String?, keys: [UInt8]?, colour: ColourWish) throws(Failure) {
    self.colour = colour
    var complaints: [String] = []
    let found = try Self.theme(theme)
    looks = Looks(found?.theme)
    themeFile = found?.file
    let file = keys ?? Self.personal("keys.json5")
    if let file, keys != nil || Self.exists(file) {
      let read = KeysFile(
        parsing: try readLookDocument(file, bytesMax: KeysFile.bytesMax), CommandTable())
      keymap = read.keymap
      complaints += read.faults.map { "\(escaped(file)): \($0)" }
    } else {
      keymap = nil
    }
    self.complaints = complaints
  }

  private static func theme(
    _ name: String?
  ) throws(Failure) -> (theme: Theme, file: [UInt8]?)? {
    guard let name else { return nil }
    if let shipped = Theme.shipped.first(where: { $0.name == name }) { return (shipped, nil) }
    let own = personal("themes/\(name).json5")
    let path = own.flatMap { exists($0) ? $0 : nil } ?? Array(name.utf8)
    guard exists(path) else {
      let names = Theme.shipped.map(\.name).joined(separator: ", ")
      throw .ended(.misused, "there is no theme '\(escaped(name))'; shipped are \(names)")
    }
    let document = try readLookDocument(path, bytesMax: ThemeFile.bytesMax)
    do throws(FileFaults) {
      return (try ThemeFile(parsing: document).theme, path)
    } catch {
      throw .ended(
        .misused, "\(escaped(path)): \(error.faults.first.map { "\($0)" } ?? "it is no theme")")
    }
  }

  /// A file below the person's configuration directory; nil when there is none.
  private static func personal(_ name: String) -> [UInt8]? {
    if let given = ThisProcess.variable("XDG_CONFIG_HOME"), !given.isEmpty {
      return given + Array("/larder/\(name)".utf8)
    }
    return ThisProcess.variable("HOME").flatMap { home in
      home.isEmpty ? nil : home + Array("/.config/larder/\(name)".utf8)
    }
  }

  private static func exists(_ path: [UInt8]) -> Bool {
    do throws(DiskError) {
      _ = try UserFile(bytes: path)
      return true
    } catch {
      // Whatever keeps it from being opened, it is not there for us.
      return false
    }
  }
}

/// A console and what stands behind it.
struct ConsoleSeat {
  let host: ConsoleHost

  /// A console at an engine of this process.
  init(keeping engine: EngineHost) {
    let depot = engine.engine
    let newest = NewestSnapshot({ depot.snapshot() }, onNews: { depot.onNews($0) })
    host = ConsoleHost(
      snapshot: { newest.value }, onNews: { newest.wake(by: $0) },
      unseen: { depot.atRisk.unseen }, dispatcher: engine.dispatcher, caller: .own(.console),
      depot: escaped(engine.settings.depot.path), version: version, ownsEngine: true)
  }

  /// A console on what lies on the disk, behind a gate at which nobody may act.
  init(looking depot: DepotOnDisk, _ gate: Dispatcher) {
    let snapshot = depot.snapshot()
    host = ConsoleHost(
      snapshot: { snapshot }, onNews: { _ in }, dispatcher: gate, caller: .own(.console),
      depot: escaped(depot.settings.depot.path), version: version, ownsEngine: false,
      isLive: false)
  }

  /// Runs the console at this process's terminal, and gives that back.
  func run(_ wishes: ConsoleWishes) throws(Failure) -> ConsoleEnding {
    let waker = Waker()
    var options = TerminalOptions(
      environment: .live, theme: wishes.looks.theme, clock: .live, waker: waker)
    options.wish = wishes.colour
    var chosen = ConsoleOptions(looks: wishes.looks)
    chosen.keymap = wishes.keymap
    chosen.complaints = wishes.complaints
    var terminal: LiveTerminal
    do throws(TerminalError) {
      terminal = try LiveTerminal(options)
    } catch {
      throw .ended(.failed, "\(error)")
    }
    let watch = wishes.themeFile.map { file in ThemeWatch(file) { waker.wake() } }
    defer { watch?.stop() }
    chosen.news = { watch?.taken }
    let memory = ConsoleMemory()
    chosen.memory = memory.read()
    chosen.keep = { memory.keep($0) }
    let clipboard = Clipboard(memory)
    chosen.copyElsewhere = { clipboard.take($0, isTaken: $1) }
    let ending = ConsoleLoop.run(host, on: &terminal, waker: waker, chosen)
    terminal.close()
    return ending
  }

  /// Prints one picture of a screen.
  func print(
    _ screen: ScreenID, _ size: GridSize, asJSON: Bool, _ output: inout Output
  ) throws(Failure) {
    let picture = Picture(of: screen, host, size)
    if asJSON { return try output.print(json: picture.json) }
    for line in picture.surface.lines { try output.print(line) }
  }
}
