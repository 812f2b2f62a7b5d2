// The console as a value: events in, effects out, and a surface whenever somebody wants to look. No
// clock, no lock and no call to anybody is in here.
//
//   layers   the last has the keys; Esc takes it away
//   ──────
//   screen   one of those in `screens`; `trail` is the way back
//
// Whoever asked for a load is known by its owner: screens by their place, layers by a number that is
// never used twice. An answer whose ticket nobody holds any more is dropped.

package import Ambient
package import Bytes
internal import Operations
package import Terminal
package import Triage
internal import Views
package import Widgets

/// Everything that a console knows and shows.
package struct ConsoleModel: Sendable {
  /// The most layers that lie over one another, and the most screens that Esc goes back through.
  package static let layersMax = 8
  package static let trailMax = 32
  /// After so long without a newer snapshot what is shown counts as stale. An engine that is at rest
  /// hands one over three times as often.
  package static let staleAfter = Duration.seconds(15)

  /// A screen or a layer with what tells it from others.
  struct Slot: Sendable {
    let owner: Int
    var screen: any Screen
  }
  private struct LoadKey: Hashable {
    let owner: Int
    let slot: String
  }

  let entries: [ScreenEntry]
  let commands: CommandTable
  package var keymap: Keymap
  let depot: String
  let version: String
  let ownsEngine: Bool
  /// Whether newer snapshots are to come; else what there is says when it was.
  let isLive: Bool

  var screens: [Slot]
  var current = 0
  var trail: [Int] = []
  var layers: [Slot] = []
  /// Keys of a sequence that is not complete.
  var pending: [Key] = []
  var notice: Notice?
  var hasMouse = false
  var isEnding = false

  var snapshot: EngineSnapshot?
  /// When what is shown becomes stale; nil when it is already, or never will be.
  private var staleDue: MonotonicTime?
  /// Whether no snapshot came for too long.
  var isStale = false
  /// Why there may be more at risk than the snapshot counts.
  var unseen: String?
  var conditions: [Condition] = []
  /// What was wrong while this console looked, and is over.
  private var past = PastConditions()
  private var triage: Triage
  var permissions: Permissions
  package private(set) var size: GridSize
  var brush: Brush
  package internal(set) var moment: Moment
  /// Names of commands that were given by the palette, the newest first.
  var recent: [CommandName] = []
  /// Actions that can be taken back, the newest last.
  var undoable: [ActionRequest] = []
  /// What was done from here, the newest last.
  var deeds: [Deed] = []

  private var tickets: [UInt64: LoadKey] = [:]
  private var loads: [LoadKey: UInt64] = [:]
  private var ticketsEver: UInt64 = 0
  private var ownersEver: Int
  private var wakes: [Int: MonotonicTime] = [:]

  package init(
    depot: String, version: String, ownsEngine: Bool, isLive: Bool = true,
    permissions: Permissions, size: GridSize, brush: Brush, at moment: Moment,
    triage: Triage = Triage(),
    entries: [ScreenEntry] = ScreenEntry.all
  ) {
    self.entries = entries
    self.depot = depot
    self.version = version
    self.ownsEngine = ownsEngine
    self.isLive = isLive
    self.permissions = permissions
    self.size = size
    self.brush = brush
    self.moment = moment
    self.triage = triage
    commands = CommandTable(entries)
    keymap = Keymap(commands)
    screens = entries.enumerated().map { Slot(owner: $0.offset, screen: $0.element.make()) }
    ownersEver = screens.count
  }

  // MARK: - Events

  /// The first thing that happens: the screen that is shown asks for what it needs.
  package mutating func begin(with screen: ScreenID = .overview) -> [ConsoleEffect] {
    current = entries.firstIndex { $0.id == screen } ?? 0
    return tell(screens[current].owner, .entered)
  }

  /// Lays over the first screen what is wrong with the person's own files, if anything is.
  package mutating func complain(_ sentences: [String]) -> [ConsoleEffect] {
    sentences.isEmpty ? [] : open(ComplaintsLayer(sentences))
  }

  /// Takes an event in.
  package mutating func handle(_ event: ConsoleEvent, at moment: Moment) -> [ConsoleEffect] {
    self.moment = moment
    switch event {
    case .terminal(let event): return handle(event)
    case .snapshot(let snapshot, let unseen):
      self.snapshot = snapshot
      self.unseen = unseen
      isStale = false
      staleDue = isLive ? moment.monotonic + Self.staleAfter : nil
      conditions = triage.judge(snapshot)
      past.take(conditions, at: snapshot.taken)
      return tellAll(.news)
    case .stillTrue(let time):
      snapshot?.taken = time
      staleDue = isLive ? moment.monotonic + Self.staleAfter : nil
      return []
    case .permissions(let permissions):
      self.permissions = permissions
      return []
    case .loaded(let ticket, let result):
      guard let key = tickets.removeValue(forKey: ticket) else { return [] }
      loads[key] = nil
      return tell(key.owner, .answer(slot: key.slot, result))
    case .timeUp: return takeWakes()
    case .notice(let notice):
      self.notice = notice
      return []
    }
  }

  private mutating func handle(_ event: TerminalEvent) -> [ConsoleEffect] {
    switch event {
    case .key(let key): return press(key)
    case .paste(let paste): return isTyping ? tell(top, .paste(paste)) : []
    case .mouse(let mouse): return take(mouse)
    case .resized(let size):
      self.size = size
      return tellAll(.resized)
    case .detail(let detail):
      brush = Brush(brush.glyphs, detail: detail)
      return []
    case .timeUp: return takeWakes()
    case .resumed, .woken, .ready: return []
    case .ended(let ending): return end(ending.forConsole)
    }
  }

  /// When something is to happen by itself; nil when nothing is.
  package var deadline: MonotonicTime? {
    [wakes.values.min(), staleDue].compactMap { $0 }.min()
  }

  private mutating func takeWakes() -> [ConsoleEffect] {
    if let due = staleDue, due <= moment.monotonic { (isStale, staleDue) = (true, nil) }
    let due = wakes.filter { $0.value <= moment.monotonic }.keys.sorted()
    var effects: [ConsoleEffect] = []
    for owner in due {
      wakes[owner] = nil
      effects += tell(owner, .timeUp)
    }
    return effects
  }

  // MARK: - Who is told

  /// Whoever has the keys.
  var top: Int { layers.last?.owner ?? screens[current].owner }
  var topScreen: any Screen { layers.last?.screen ?? screens[current].screen }
  /// Which screen is shown, below all layers.
  var screenID: ScreenID { entries[current].id }
  private var isTyping: Bool { topScreen.isTyping }

  /// Has one screen or layer take an event in, and does what it asks for.
  mutating func tell(_ owner: Int, _ event: ScreenEvent) -> [ConsoleEffect] {
    let context = context
    if let place = layers.firstIndex(where: { $0.owner == owner }) {
      return perform(layers[place].screen.handle(event, context), for: owner)
    }
    guard let place = screens.firstIndex(where: { $0.owner == owner }) else { return [] }
    return perform(screens[place].screen.handle(event, context), for: owner)
  }

  private mutating func tellAll(_ event: ScreenEvent) -> [ConsoleEffect] {
    var effects = tell(screens[current].owner, event)
    for layer in layers { effects += tell(layer.owner, event) }
    return effects
  }

  // MARK: - What is asked for

  private mutating func perform(
    _ requests: [ScreenRequest], for owner: Int
  ) -> [ConsoleEffect] {
    var effects: [ConsoleEffect] = []
    for request in requests {
      switch request {
      case .load(let slot, let operation, let input):
        effects += load(LoadKey(owner: owner, slot: slot), operation, input)
      case .drop(let slot): effects += drop(LoadKey(owner: owner, slot: slot))
      case .wake(let time): wakes[owner] = time
      case .run(let name): effects += run(name)
      case .act(let action): effects += act(action)
      case .show(let screen): effects += show(screen)
      case .open(let layer): effects += open(layer)
      case .close: effects += close(owner)
      case .say(let notice): self.notice = notice
      case .copy(let text): effects.append(.copy(Array(text.utf8)))
      case .deed(let deed): effects += remember(deed)
      case .undoable(let action): undoable = (undoable + [action]).suffix(Deed.keptMax)
      case .end(let ending): effects += end(ending)
      case .chosen(let name):
        recent = ([name] + recent.filter { $0 != name }).prefixed(Palette.recentMax)
      }
    }
    return effects
  }

  private mutating func load(
    _ key: LoadKey, _ operation: String, _ input: JSONValue
  ) -> [ConsoleEffect] {
    let before = drop(key)
    ticketsEver += 1
    tickets[ticketsEver] = key
    loads[key] = ticketsEver
    return before + [.load(ticketsEver, operation: operation, input: input)]
  }

  private mutating func drop(_ key: LoadKey) -> [ConsoleEffect] {
    guard let ticket = loads.removeValue(forKey: key) else { return [] }
    tickets[ticket] = nil
    return [.cancel(ticket)]
  }

  /// Nobody waits for what this owner asked for.
  private mutating func dropAll(of owner: Int) -> [ConsoleEffect] {
    wakes[owner] = nil
    return loads.keys.filter { $0.owner == owner }.sorted { $0.slot < $1.slot }
      .flatMap { drop($0) }
  }

  mutating func remember(_ deed: Deed) -> [ConsoleEffect] {
    deeds = (deeds + [deed]).suffix(Deed.keptMax)
    // What a reload changes may be who may do what.
    return deed.operation == "config.reload" ? [.askPermissions] : []
  }

  // MARK: - Screens and layers

  /// Shows a screen; what lay over the one before goes.
  mutating func show(_ screen: ScreenID) -> [ConsoleEffect] {
    guard let place = entries.firstIndex(where: { $0.id == screen }) else {
      notice = .refused("there is no \(screen.title.lowercased()) screen here")
      return []
    }
    var effects = closeLayers()
    guard place != current else { return effects }
    trail = (trail + [current]).suffix(Self.trailMax)
    effects += move(to: place)
    return effects
  }

  mutating func move(to place: Int) -> [ConsoleEffect] {
    var effects = tell(screens[current].owner, .left)
    effects += dropAll(of: screens[current].owner)
    current = place
    return effects + tell(screens[current].owner, .entered)
  }

  mutating func open(_ layer: any Screen) -> [ConsoleEffect] {
    guard layers.count < Self.layersMax else {
      notice = .refused("close something first")
      return []
    }
    ownersEver += 1
    layers.append(Slot(owner: ownersEver, screen: layer))
    return tell(ownersEver, .entered)
  }

  mutating func closeLayers() -> [ConsoleEffect] {
    layers.reversed().map(\.owner).flatMap { close($0) }
  }

  /// A layer goes; a screen goes back.
  mutating func close(_ owner: Int) -> [ConsoleEffect] {
    guard let place = layers.firstIndex(where: { $0.owner == owner }) else {
      guard let before = trail.popLast() else { return [] }
      return move(to: before)
    }
    let effects = dropAll(of: owner)
    layers.remove(at: place)
    return effects
  }

  mutating func end(_ ending: ConsoleEnding) -> [ConsoleEffect] {
    guard !isEnding else { return [] }
    isEnding = true
    return [.end(ending)]
  }

  // MARK: - Looking

  /// What screens may look at now.
  var context: ScreenContext {
    ScreenContext(
      snapshot: snapshot, unseen: unseen, conditions: conditions, past: past,
      now: moment.wall, monotonic: moment.monotonic, size: frame.bodySize, brush: brush,
      commands: commands, keymap: keymap,
      permissions: permissions, depot: depot, version: version, recent: recent, deeds: deeds,
      screen: screenID)
  }

  /// What is worth knowing the next time somebody sits down here.
  package var memory: JSONValue {
    var told = JSONObject()
    for (entry, slot) in zip(entries, screens) where slot.screen.memory != .null {
      told[entry.id.rawValue] = slot.screen.memory
    }
    return ["recent": .array(recent.map { .string($0.text) }), "screens": .object(told)]
  }

  /// Takes over what was worth knowing the last time; what is not understood is left.
  package mutating func recall(_ memory: JSONValue) {
    recent = (memory["recent"]?.array ?? []).compactMap(\.string).map { CommandName($0) }
      .filter { commands[$0] != nil }.prefixed(Palette.recentMax)
    for (place, entry) in entries.enumerated() {
      guard let told = memory["screens"]?[entry.id.rawValue] else { continue }
      screens[place].screen.recall(told)
    }
  }

  /// What the screen that is shown says as a value.
  package var json: JSONValue { screens[current].screen.json(context) }
}

extension TerminalEnding {
  fileprivate var forConsole: ConsoleEnding {
    switch self {
    case .interrupted, .terminated: .terminated
    case .hungUp, .closed: .hungUp
    }
  }
}

extension Array {
  /// Its first so many.
  func prefixed(_ count: Int) -> [Element] { Array(prefix(count)) }
}
