// A terminal for tests: a script says what happens at it, and every surface that was shown can be
// looked at. Time stands still but for the script, so a console runs whole in one process, waits for
// what it waits for, and never sleeps.

package import Ambient
import CTerminal

/// What happens at a scripted terminal next.
package enum ScriptStep: Sendable {
  /// These events, all at once.
  case events([TerminalEvent])
  /// Nothing, until the screen shows what is wanted; the words say what that is.
  case until(String, @Sendable (Surface) -> Bool)

  /// A key; `C-c`, `F5`, `g`.
  package static func key(_ name: String) -> ScriptStep {
    guard let key = Key(parsing: name) else { preconditionFailure("there is no key \(name)") }
    return .events([.key(key)])
  }

  /// The keys that type a text.
  package static func type(_ text: String) -> ScriptStep {
    .events(text.unicodeScalars.map { .key(.character($0)) })
  }

  package static func resize(_ size: GridSize) -> ScriptStep { .events([.resized(size)]) }
}

/// A terminal that a script sits at.
package struct ScriptedTerminal: TerminalDevice {
  /// How often a wanted surface is waited for before the script gives up.
  package static let waitsMax = 10_000
  /// How long a wake from another thread is waited for.
  private static let wakeMax = Duration.seconds(20)

  private let clock: ManualClock
  private let waker: Waker
  private var script: [ScriptStep]
  private var waits = 0
  private var screen: GridScreen
  package private(set) var detail: DetailLevel = .all
  /// What the terminal answers as its round trip.
  package var roundTrip: Duration?
  /// How often a surface was shown.
  package private(set) var framesShown = 0
  /// What was wanted and did not come; the script ended there.
  package private(set) var missed: String?
  package private(set) var clipboard: [UInt8]?
  package private(set) var hasMouse = false
  package private(set) var ringsHeard = 0
  package private(set) var stops = 0

  package init(
    _ size: GridSize, _ script: [ScriptStep], clock: ManualClock, waker: Waker = Waker(),
    abilities: ScreenAbilities = ScreenAbilities(alphabet: .unicode, depth: .full),
    theme: Theme = Theme("plain", [:])
  ) {
    self.script = script
    self.clock = clock
    self.waker = waker
    screen = GridScreen(size, abilities: abilities, theme: theme)
  }

  package var size: GridSize { screen.size }
  package var abilities: ScreenAbilities { screen.abilities }
  /// What a person would see.
  package var shown: Surface { screen.shown }

  /// What the script says next. At its end the terminal is closed.
  package mutating func next(until deadline: MonotonicTime?) -> [TerminalEvent] {
    if let deadline, deadline <= clock.monotonic.now() { return [.timeUp] }
    guard let step = script.first else { return [.ended(.closed)] }
    switch step {
    case .events(let events):
      script.removeFirst()
      for event in events { meet(event) }
      return events.isEmpty ? [.woken] : events
    case .until(let words, let isShown):
      if isShown(screen.shown) {
        script.removeFirst()
        waits = 0
        return next(until: deadline)
      }
      waits += 1
      guard waits <= Self.waitsMax else { return end(missing: words) }
      return pass(until: deadline) ?? end(missing: words)
    }
  }

  package mutating func show(_ surface: Surface, _ cause: FrameCause) -> Bool {
    _ = screen.show(surface)
    framesShown += 1
    return true
  }

  package mutating func use(_ theme: Theme) { screen.use(theme) }
  package mutating func redraw() { screen.redraw() }
  package mutating func suspend() { stops += 1 }
  package mutating func ring() { ringsHeard += 1 }
  package mutating func useMouse(_ isOn: Bool) { hasMouse = isOn }

  package mutating func copy(_ text: [UInt8]) -> Bool {
    clipboard = text
    return true
  }

  private mutating func meet(_ event: TerminalEvent) {
    switch event {
    case .resized(let size): screen.resize(to: size)
    case .detail(let level): detail = level
    default: break
    }
  }

  /// Lets what was waited for happen: a wake, else time.
  private func pass(until deadline: MonotonicTime?) -> [TerminalEvent]? {
    if waker.take() { return [.woken] }
    if let deadline {
      clock.advance(by: deadline - clock.monotonic.now())
      return [.timeUp]
    }
    let found = cterminal_wait(-1, 0, waker.descriptor, Self.wakeMax.wholeNanoseconds)
    return found & Int32(CTERMINAL_WOKEN) != 0 && waker.take() ? [.woken] : nil
  }

  private mutating func end(missing words: String) -> [TerminalEvent] {
    missed = words
    script = []
    return [.ended(.closed)]
  }
}
