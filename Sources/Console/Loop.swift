// The loop: sleep until something happened, tell the model, do what it wants done, draw. It runs on one
// thread, holds no lock while it does so, and never waits for an engine, a query or a disk. Nothing
// ticks: without a wake, a key or a deadline that somebody asked for, it sleeps.
//
//   device.next ──▶ events ──▶ model ──▶ effects ──▶ loader, device
//        ▲                       │
//        └──── device.show ◀── surface
//
// What a key causes is drawn at once. What data causes is drawn when the last such frame is old enough
// and the line has taken it; meanwhile only the newest is kept.

package import Ambient
package import Bytes
internal import Operations
package import Terminal
internal import Triage
internal import Views
internal import Widgets

/// What a console is run with.
package struct ConsoleOptions: Sendable {
  package var clock: WallClock
  package var monotonic: MonotonicClock
  /// Which screen is shown first.
  package var screen: ScreenID
  /// How far frames that snapshots cause are apart.
  package var interval: Duration
  package var looks: Looks
  /// Keys in place of those that the table gives.
  package var keymap: Keymap?
  /// What is wrong with the person's own files; it is shown first.
  package var complaints: [String] = []
  /// What is said in the status line until the first key.
  package var greeting: Notice?
  /// Themes that came from outside since the last time that was asked, as when a file was edited.
  package var news: @Sendable () -> LooksNews? = { nil }
  /// What was worth knowing the last time, and who keeps it for the next.
  package var memory: JSONValue = .null
  package var keep: @Sendable (JSONValue) -> Void = { _ in }
  /// Puts text where it can be taken from when the terminal may not have taken it; it may wait, and
  /// answers where the text is, or nil when there is nothing to be said.
  package var copyElsewhere: @Sendable (_ text: [UInt8], _ isTaken: Bool) -> Notice? = { _, _ in nil
  }

  package init(
    clock: WallClock = .live, monotonic: MonotonicClock = .live, screen: ScreenID = .overview,
    interval: Duration = .seconds(1), looks: Looks = Looks()
  ) {
    self.clock = clock
    self.monotonic = monotonic
    self.screen = screen
    self.interval = interval
    self.looks = looks
  }
}

/// A console at a terminal.
package struct ConsoleLoop: ~Copyable {
  private let host: ConsoleHost
  private let options: ConsoleOptions
  private let loader: Loader
  private var looks: Looks
  private var model: ConsoleModel
  private var shown: EngineSnapshot?
  private var unseen: String?
  /// Why a frame is owed; nil when what is shown is what there is.
  private var owed: FrameCause?
  /// Whether what is owed may wait for its turn.
  private var mayWait = false
  private var drawnForData: MonotonicTime?
  private var ending: ConsoleEnding?
  /// What other threads have to say, until the loop takes it.
  private let said = Monitor<[Notice]>([])
  private let waker: Waker

  /// Runs a console until it ends, and says how.
  package static func run<Device: TerminalDevice & ~Copyable>(
    _ host: ConsoleHost, on device: inout Device, waker: Waker, _ options: ConsoleOptions
  ) -> ConsoleEnding {
    var console = ConsoleLoop(host, on: device, waker: waker, options)
    return console.run(&device)
  }

  private init<Device: TerminalDevice & ~Copyable>(
    _ host: ConsoleHost, on device: borrowing Device, waker: Waker, _ options: ConsoleOptions
  ) {
    self.host = host
    self.options = options
    self.waker = waker
    loader = Loader(host, waker: waker)
    looks = options.looks
    let glyphs = GlyphSet.chosen(options.looks.theme.glyphs, in: device.abilities.alphabet)
    model = ConsoleModel(
      depot: host.depot, version: host.version, ownsEngine: host.ownsEngine,
      isLive: host.isLive, permissions: host.permissions(), size: device.size,
      brush: Brush(glyphs, detail: device.detail),
      at: Moment(wall: options.clock.now(), monotonic: options.monotonic.now()))
    if let keymap = options.keymap { model.keymap = keymap }
    model.recall(options.memory)
    host.onNews { waker.wake() }
  }

  private mutating func run<Device: TerminalDevice & ~Copyable>(
    _ device: inout Device
  ) -> ConsoleEnding {
    device.use(looks.theme)
    perform(model.begin(with: options.screen), &device)
    takeSnapshot(&device)
    perform(model.complain(options.complaints), &device)
    if let greeting = options.greeting { tell(.notice(greeting), &device) }
    owed = .key
    while ending == nil {
      draw(&device)
      let events = device.next(until: deadline(device.detail))
      for event in events where ending == nil { take(event, &device) }
    }
    loader.stop()
    options.keep(model.memory)
    return ending ?? .stop
  }

  // MARK: - Events

  private mutating func take<Device: TerminalDevice & ~Copyable>(
    _ event: TerminalEvent, _ device: inout Device
  ) {
    switch event {
    case .woken:
      for answer in loader.take() {
        tell(.loaded(answer.ticket, answer.result), &device)
        owe(.data, mayWait: false)
      }
      takeSnapshot(&device)
      takeLooks(&device)
      takeSaid(&device)
    case .ready: owe(.data, mayWait: false)
    case .timeUp:
      if let deadline = model.deadline, deadline <= options.monotonic.now() {
        tell(.timeUp, &device)
        owe(.data, mayWait: false)
      }
    case .detail:
      tell(.terminal(event), &device)
      owe(.data, mayWait: true)
    case .key, .paste, .mouse, .resized, .resumed, .ended:
      tell(.terminal(event), &device)
      owe(.key)
    }
  }

  private mutating func takeSnapshot<Device: TerminalDevice & ~Copyable>(
    _ device: inout Device
  ) {
    guard let snapshot = host.snapshot(), snapshot.taken != shown?.taken else { return }
    let unseen = host.unseen()
    // An engine at rest says from time to time that it is there, which is worth no frame.
    if snapshot.saysTheSame(as: shown), unseen == self.unseen, !model.isStale {
      tell(.stillTrue(snapshot.taken), &device)
    } else {
      tell(.snapshot(snapshot, unseen: unseen), &device)
      owe(.data, mayWait: true)
    }
    (shown, self.unseen) = (snapshot, unseen)
  }

  private mutating func takeSaid<Device: TerminalDevice & ~Copyable>(_ device: inout Device) {
    let notices = said.withLock { said in
      defer { said = [] }
      return said
    }
    for notice in notices {
      tell(.notice(notice), &device)
      owe(.data, mayWait: false)
    }
  }

  private mutating func takeLooks<Device: TerminalDevice & ~Copyable>(
    _ device: inout Device
  ) {
    guard let news = options.news() else { return }
    switch news {
    case .theme(let theme):
      looks.replace(with: theme)
      device.use(theme)
      tell(.notice(Notice("theme \(theme.name) was read again")), &device)
    case .fault(let sentence): tell(.notice(.bad(sentence)), &device)
    }
    owe(.data, mayWait: false)
  }

  private mutating func tell<Device: TerminalDevice & ~Copyable>(
    _ event: ConsoleEvent, _ device: inout Device
  ) {
    perform(model.handle(event, at: moment), &device)
  }

  private var moment: Moment {
    Moment(wall: options.clock.now(), monotonic: options.monotonic.now())
  }

  // MARK: - Effects

  private mutating func perform<Device: TerminalDevice & ~Copyable>(
    _ effects: [ConsoleEffect], _ device: inout Device
  ) {
    for effect in effects {
      switch effect {
      case .load(let ticket, let operation, let input): loader.begin(ticket, operation, input)
      case .cancel(let ticket): loader.cancel(ticket)
      case .askPermissions: tell(.permissions(host.permissions()), &device)
      case .copy(let text):
        let isTaken = device.copy(text)
        // Where else it goes may be another program or a disk, for which the loop does not wait.
        Worker("clipboard") { [options, said, waker] in
          guard let notice = options.copyElsewhere(text, isTaken) else { return }
          said.withLock { $0.append(notice) }
          waker.wake()
        }.detach()
      case .useMouse(let isOn): device.useMouse(isOn)
      case .nextTheme:
        looks.next()
        device.use(looks.theme)
        tell(.notice(Notice("theme \(looks.theme.name)")), &device)
      case .redraw: device.redraw()
      case .suspend: device.suspend()
      case .end(let how): ending = how
      }
    }
  }

  // MARK: - Frames

  private mutating func owe(_ cause: FrameCause, mayWait: Bool = false) {
    if cause == .key || owed == .key {
      owed = .key
      return
    }
    self.mayWait = mayWait && (owed == nil || self.mayWait)
    owed = .data
  }

  /// When the next frame of data may be drawn.
  private func turn(_ detail: DetailLevel) -> MonotonicTime? {
    guard mayWait, let drawnForData else { return nil }
    return drawnForData + max(options.interval, detail.interval)
  }

  private func deadline(_ detail: DetailLevel) -> MonotonicTime? {
    [model.deadline, owed == .data ? turn(detail) : nil].compactMap { $0 }.min()
  }

  private mutating func draw<Device: TerminalDevice & ~Copyable>(_ device: inout Device) {
    guard let cause = owed else { return }
    let now = options.monotonic.now()
    if cause == .data, let turn = turn(device.detail), turn > now { return }
    let link = LinkView(roundTrip: device.roundTrip, detail: device.detail)
    // A line that has not taken the last frame says `ready` when it has.
    _ = device.show(model.surface(link), cause)
    if cause == .data { drawnForData = now }
    owed = nil
    mayWait = false
  }
}

extension EngineSnapshot {
  /// Whether only the time at which it was taken is another.
  fileprivate func saysTheSame(as other: EngineSnapshot?) -> Bool {
    guard let other else { return false }
    var same = self
    same.taken = other.taken
    return same == other
  }
}
