// A real terminal. It is opened anew, so that what is set for this opening does not change the
// shell's; its modes are saved and made raw; curses makes bytes of surfaces, and this room alone
// writes them, as many as the terminal takes, never waiting.
//
//   opened ── enter ──▶ entered ── leave ──▶ left ── enter ──▶ … ── close ──▶ closed
//
// While it is entered, one text that leaves the screen lies ready, and every ending sends that same
// text: closing, stopping, a crash (by a handler) and a kill (by the guard). A question that is still
// unanswered when the terminal is left is waited for a little, so that its answer is not typed into
// the shell.

package import Ambient
import Bytes
import CTerminal

/// How a live terminal is used.
package struct TerminalOptions: Sendable {
  /// A descriptor of the terminal.
  package var descriptor: Int32
  package var environment: TerminalEnvironment
  package var wish: ColourWish = .automatic
  package var theme: Theme
  package var clock: MonotonicClock
  package var waker: Waker
  /// What gets the bytes that are written, for recordings.
  package var recordedBytesMax = 0
  /// Whether the process belongs to this terminal: its signals are watched, its sudden end is
  /// rescued, its standard error is held back. One terminal of a process at a time.
  package var isProcessOwner: Bool

  package init(
    descriptor: Int32 = 0, environment: TerminalEnvironment, theme: Theme, clock: MonotonicClock,
    waker: Waker = Waker(), isProcessOwner: Bool = true
  ) {
    self.descriptor = descriptor
    self.environment = environment
    self.theme = theme
    self.clock = clock
    self.waker = waker
    self.isProcessOwner = isProcessOwner
  }
}

/// The terminal that this process was started on.
package struct LiveTerminal: TerminalDevice, ~Copyable {
  /// How long closing waits for the terminal to take the last bytes, and for its answers.
  package static let farewellMax = Duration.milliseconds(500)
  /// The most bytes that go into the clipboard.
  package static let clipboardBytesMax = 74_994
  private static let readBytesMax = 65_536

  private var line: Int32
  private let ownsLine: Bool
  private let modes: [UInt8]
  private let options: TerminalOptions
  private var screen: CursesScreen
  private var decoder: KeyDecoder
  private var clock = FrameClock(mayAsk: true)
  private var quality = LineQuality()
  private var queue = OutputQueue()
  private var undecidedSince: MonotonicTime?
  private var owesFrame = false
  private var isEntered = false
  private var isGone = false
  private var isClosed = false
  private var hasMouse = false
  /// Whether the terminal said that it knows synchronised output (DEC mode 2026).
  private var isSynchronised = false
  private var questionsUnanswered = 0
  /// What was written, when that was asked for.
  package private(set) var recorder: Recorder?

  /// Takes the terminal over and enters the screen.
  package init(_ options: TerminalOptions) throws(TerminalError) {
    let opening = try Self.open(options)
    let size = Self.windowSize(opening.line) ?? GridSize(rows: 24, columns: 80)
    let environment = options.environment
    guard
      let screen = CursesScreen(
        kinds: TerminalKind.candidates(for: environment.kind), size,
        alphabet: environment.alphabet, wish: options.wish, environment: environment,
        theme: options.theme)
    else {
      Self.giveBack(opening, options)
      throw .unknownKind(environment.kind)
    }
    line = opening.line
    ownsLine = opening.ownsLine
    modes = opening.modes
    self.options = options
    decoder = KeyDecoder(screen.keySequences)
    self.screen = screen
    if options.recordedBytesMax > 0 {
      recorder = Recorder(size, bytesMax: options.recordedBytesMax)
    }
    enter()
  }

  deinit {
    precondition(isClosed, "a live terminal is closed by whoever holds it")
  }

  package var size: GridSize { screen.size }
  package var abilities: ScreenAbilities { screen.abilities }
  package var detail: DetailLevel { quality.level }
  package var roundTrip: Duration? { clock.roundTrip }
  /// Whether frames are sent as one, so that none is seen half drawn.
  package var isSynchronisedOutput: Bool { isSynchronised }
  /// Whether the terminal acknowledges frames.
  package var isAcknowledging: Bool { clock.isAsking }

  /// Gives the terminal back for good. What is still to be drawn is dropped.
  package mutating func close() {
    guard !isClosed else { return }
    leave()
    isClosed = true
    Self.giveBack(Opening(line: line, ownsLine: ownsLine, modes: modes), options)
    line = -1
  }

  package mutating func show(_ surface: Surface, _ cause: FrameCause) -> Bool {
    guard isEntered, !isGone else { return true }
    let isTaken = cause == .key ? queue.hasRoom : queue.isEmpty && clock.allows(.data)
    guard isTaken else {
      owesFrame = true
      return false
    }
    owesFrame = false
    let frame = screen.show(surface)
    guard !frame.bytes.isEmpty else { return true }
    let now = options.clock.now()
    send(isSynchronised ? Texts.synchronised(frame.bytes) : frame.bytes)
    let cells = size.rows * size.columns
    recorder?.wrote(frame.bytes, at: now, isWhole: frame.cellsChanged == cells)
    if clock.sent(at: now) { ask() }
    flush()
    return true
  }

  package mutating func use(_ theme: Theme) {
    screen.use(theme)
  }

  package mutating func redraw() {
    screen.redraw()
  }

  package mutating func suspend() {
    guard isEntered, !isGone else { return }
    leave()
    if options.isProcessOwner { cterminal_stop() }
    enter()
  }

  package mutating func ring() {
    send([0x07])
    flush()
  }

  package mutating func useMouse(_ isOn: Bool) {
    guard isOn != hasMouse else { return }
    hasMouse = isOn
    send(isOn ? Texts.mouseOn : Texts.mouseOff)
    arm()
    flush()
  }

  package mutating func copy(_ text: [UInt8]) -> Bool {
    guard isEntered, !isGone, queue.hasRoom, text.count <= Self.clipboardBytesMax,
      TerminalKind.understandsQuestions(options.environment.kind)
    else { return false }
    send(Array("\u{1B}]52;c;\(base64(text))\u{07}".utf8))
    flush()
    return true
  }

  package mutating func next(until deadline: MonotonicTime?) -> [TerminalEvent] {
    var events: [TerminalEvent] = []
    while events.isEmpty {
      flush()
      let found = wait(until: deadline)
      if found & Int32(CTERMINAL_SIGNALLED) != 0 { takeSignals(into: &events) }
      if found & Int32(CTERMINAL_READABLE) != 0 { read(into: &events) }
      if found & Int32(CTERMINAL_WOKEN) != 0, options.waker.take() {
        events.append(.woken)
      }
      let now = options.clock.now()
      decide(at: now, into: &events)
      if clock.expire(at: now) { questionsUnanswered = 0 }
      flush()
      if owesFrame && queue.isEmpty && clock.allows(.data) {
        owesFrame = false
        events.append(.ready)
      }
      if let deadline, deadline <= now { events.append(.timeUp) }
    }
    return events
  }

  // Waiting.

  private func wait(until deadline: MonotonicTime?) -> Int32 {
    let escape = undecidedSince.map { $0 + KeyDecoder.escapeDelay }
    let times = [deadline, clock.deadline, escape].compactMap { $0 }
    let now = options.clock.now()
    let nanoseconds = times.min().map { max(0, ($0 - now).wholeNanoseconds) } ?? -1
    return cterminal_wait(
      isGone ? -1 : line, queue.isEmpty ? 0 : 1, options.waker.descriptor, nanoseconds)
  }

  private mutating func takeSignals(into events: inout [TerminalEvent]) {
    guard options.isProcessOwner else { return }
    let signals = Int(cterminal_take_signals())
    func came(_ signal: Int) -> Bool { signals & signal != 0 }
    if came(CTERMINAL_STOP_ASKED) {
      suspend()
      events.append(.resumed)
    } else if came(CTERMINAL_CONTINUED) && isEntered {
      // Stopped without being asked: whoever had the terminal meanwhile left it as it liked.
      isEntered = false
      screen.leave()
      enter()
      events.append(.resumed)
    }
    if came(CTERMINAL_RESIZED) { followSize(into: &events) }
    if came(CTERMINAL_INTERRUPTED) { events.append(.ended(.interrupted)) }
    if came(CTERMINAL_TERMINATED) { events.append(.ended(.terminated)) }
    if came(CTERMINAL_HUNG_UP) { events.append(.ended(.hungUp)) }
  }

  /// Asks the kernel for the size, and takes a new one over.
  package mutating func followSize(into events: inout [TerminalEvent]) {
    guard let size = Self.windowSize(line), size != screen.size else { return }
    screen.resize(to: size)
    recorder?.resized(to: size, at: options.clock.now())
    arm()
    events.append(.resized(size))
  }

  private mutating func read(into events: inout [TerminalEvent]) {
    var bytes = [UInt8](repeating: 0, count: Self.readBytesMax)
    let count = Int(unsafe cterminal_read(line, &bytes, bytes.count))
    guard count >= 0 else {
      isGone = true
      events.append(.ended(.closed))
      return
    }
    guard count > 0 else { return }
    undecidedSince = nil
    let inputs = decoder.feed(bytes[..<count])
    for input in inputs { take(input, into: &events) }
    if decoder.isUndecided { undecidedSince = options.clock.now() }
  }

  private mutating func decide(at now: MonotonicTime, into events: inout [TerminalEvent]) {
    guard let since = undecidedSince, since + KeyDecoder.escapeDelay <= now else { return }
    undecidedSince = nil
    for input in decoder.timeOut() { take(input, into: &events) }
  }

  private mutating func take(_ input: Input, into events: inout [TerminalEvent]) {
    switch input {
    case .key(let key): events.append(.key(key))
    case .paste(let paste): events.append(.paste(paste))
    case .mouse(let mouse): if hasMouse { events.append(.mouse(mouse)) }
    case .status:
      questionsUnanswered = max(0, questionsUnanswered - 1)
      guard let took = clock.answered(at: options.clock.now()) else { return }
      if quality.note(took) { events.append(.detail(quality.level)) }
    case .mode(2026, let isKnown):
      isSynchronised = isKnown
      arm()
    case .mode: break
    }
  }

  // Entering and leaving.

  private mutating func enter() {
    guard !isEntered, !isGone else { return }
    _ = cterminal_make_raw(line)
    isEntered = true
    arm()
    send((screen.capability("smkx") ?? []) + Texts.pasteOn)
    if hasMouse { send(Texts.mouseOn) }
    if TerminalKind.understandsQuestions(options.environment.kind) {
      send(Texts.doesItSynchronise)
    }
    // The window may have changed while the process was stopped.
    if let size = Self.windowSize(line), size != screen.size { screen.resize(to: size) }
    flush()
  }

  private mutating func leave() {
    guard isEntered else { return }
    isEntered = false
    if !isGone {
      queue.replace(with: leavingText)
      finish()
      // An answer that is still under way would be typed into the shell; what a person typed ahead
      // is lost with it then, and only then.
      if questionsUnanswered > 0 { cterminal_forget_typed(line) }
    }
    if options.isProcessOwner { cterminal_disarm() }
    _ = unsafe cterminal_restore_modes(line, modes)
    screen.leave()
    clock.forget()
    questionsUnanswered = 0
  }

  /// Has the last bytes taken, and the answers that are under way read, as long as that may take.
  private mutating func finish() {
    let deadline = options.clock.now() + Self.farewellMax
    while true {
      flush()
      if isGone || queue.isEmpty && questionsUnanswered == 0 { return }
      let left = (deadline - options.clock.now()).wholeNanoseconds
      if left <= 0 { return }
      let found = cterminal_wait(line, queue.isEmpty ? 0 : 1, -1, left)
      guard found & Int32(CTERMINAL_READABLE) != 0 else { continue }
      var ignored: [TerminalEvent] = []
      read(into: &ignored)
    }
  }

  /// The text that gives the terminal back from whatever is on now.
  private var leavingText: [UInt8] {
    var text: [UInt8] = []
    if isSynchronised { text += Texts.synchroniseOff }
    if hasMouse { text += Texts.mouseOff }
    text += Texts.pasteOff
    text += screen.capability("rmkx") ?? []
    text += screen.capability("cnorm") ?? []
    text += screen.capability("sgr0") ?? []
    if let back = screen.capability("rmcup") { return text + back }
    // Where there is no other screen to go back to, the shell goes on below this one.
    return text + screen.moving(to: CellPlace(row: size.rows - 1, column: 0))
      + (screen.capability("el") ?? []) + Array("\r\n".utf8)
  }

  private func arm() {
    guard options.isProcessOwner else { return }
    let text = [0x18] + leavingText
    unsafe cterminal_arm(text, text.count)
  }

  // Bytes.

  private mutating func send(_ bytes: [UInt8]) {
    if isEntered && !isGone { queue.add(bytes) }
  }

  private mutating func ask() {
    questionsUnanswered += 1
    send(Texts.areYouThere)
  }

  private mutating func flush() {
    guard !isGone, line >= 0 else { return }
    let line = line
    let isOpen = queue.flush { (bytes, from) in
      let rest = Array(bytes[from...])
      return Int(unsafe cterminal_write(line, rest, rest.count))
    }
    // Reading says it in a way that the loop hears.
    if !isOpen { queue = OutputQueue() }
  }

  private static func windowSize(_ line: Int32) -> GridSize? {
    var (rows, columns): (Int32, Int32) = (0, 0)
    guard unsafe cterminal_window_size(line, &rows, &columns) == 1 else { return nil }
    return GridSize(rows: Int(rows), columns: Int(columns))
  }

  /// The line as it was found.
  private struct Opening {
    let line: Int32
    let ownsLine: Bool
    var modes: [UInt8]
  }

  private static func open(_ options: TerminalOptions) throws(TerminalError) -> Opening {
    guard cterminal_is_terminal(options.descriptor) == 1 else { throw .notATerminal }
    let anew = cterminal_open_anew(options.descriptor)
    var opening = Opening(
      line: anew >= 0 ? anew : options.descriptor, ownsLine: anew >= 0,
      modes: [UInt8](repeating: 0, count: cterminal_modes_size()))
    guard unsafe cterminal_save_modes(opening.line, &opening.modes) == 1 else {
      if opening.ownsLine { cterminal_close_descriptor(opening.line) }
      throw .unusableLine
    }
    guard options.isProcessOwner else { return opening }
    // What is said on standard error would be drawn over; elsewhere it goes where it goes.
    if cterminal_is_terminal(2) == 1 { _ = cterminal_hold_errors() }
    guard unsafe cterminal_begin_rescue(opening.line, opening.modes) == 1 else {
      cterminal_release_errors()
      if opening.ownsLine { cterminal_close_descriptor(opening.line) }
      throw .noGuard
    }
    _ = cterminal_watch_signals()
    return opening
  }

  private static func giveBack(_ opening: Opening, _ options: TerminalOptions) {
    if options.isProcessOwner {
      cterminal_end_rescue()
      cterminal_ignore_signals()
      cterminal_release_errors()
    }
    if opening.ownsLine { cterminal_close_descriptor(opening.line) }
  }
}

/// What is said to terminals beside frames. Modes that a terminal lacks are ignored by it.
private enum Texts {
  static let pasteOn = Array("\u{1B}[?2004h".utf8)
  static let pasteOff = Array("\u{1B}[?2004l".utf8)
  static let mouseOn = Array("\u{1B}[?1000h\u{1B}[?1002h\u{1B}[?1006h".utf8)
  static let mouseOff = Array("\u{1B}[?1006l\u{1B}[?1002l\u{1B}[?1000l".utf8)
  static let doesItSynchronise = Array("\u{1B}[?2026$p".utf8)
  static let synchroniseOff = Array("\u{1B}[?2026l".utf8)
  static let areYouThere = Array("\u{1B}[5n".utf8)

  static func synchronised(_ frame: [UInt8]) -> [UInt8] {
    Array("\u{1B}[?2026h".utf8) + frame + synchroniseOff
  }
}
