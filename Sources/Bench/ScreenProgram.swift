// A program with a screen, measured from its terminal: when its picture stands, what it sends, how soon
// a key is answered, how soon it is gone. The terminal that is played here answers the questions that
// programs end their frames with, as real ones do, and takes bytes as fast as they come or as slowly
// as a line of so many bytes a second.

import Ambient
import Terminal

/// A program with a screen, on a terminal of the bench's own.
struct ScreenProgram: ~Copyable {
  /// After so long without a byte a picture counts as whole.
  static let quiet = Duration.milliseconds(100)
  /// The fewest bytes of a whole picture.
  private static let pictureBytesMin = 1_000
  /// How long anything that must come is waited for.
  static let patience = Duration.seconds(60)
  /// How often a slow line takes some bytes.
  private static let slowBeat = Duration.milliseconds(4)
  /// The last bytes that were read, in which a cut question or a wanted text may begin.
  private static let tailBytes = 64

  private let name: String
  private let clock: MonotonicClock
  private let began: MonotonicTime
  private var terminal: GuestTerminal
  private var tail: [UInt8] = []
  /// How many bytes a second the line takes; nil for as many as come.
  var bytesPerSecond: Int?
  /// What came in all, and when the last of it did.
  private(set) var bytes = 0
  private(set) var lastByte: MonotonicTime

  init(
    _ name: String, _ words: [String], _ variables: [String: String] = [:], _ size: GridSize,
    _ clock: MonotonicClock
  ) throws(RivalMissing) {
    let surroundings = [
      "TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    ].merging(variables) { _, given in given }
    let began = clock.now()
    let terminal: GuestTerminal
    do throws(TerminalError) {
      terminal = try GuestTerminal.start(
        words, variables: surroundings, size: size, clock: clock)
    } catch {
      throw RivalMissing("\(error)")
    }
    self.terminal = terminal
    self.name = name
    self.clock = clock
    self.began = began
    lastByte = began
  }

  var process: Int32 { terminal.process }

  // MARK: - Reading

  /// Reads for so long, or until the end; whether the program is still there.
  @discardableResult
  mutating func run(for time: Duration) -> Bool {
    let end = clock.now() + time
    while clock.now() < end { if take(until: end) == nil { return false } }
    return true
  }

  /// Reads until a text has come; the moment it did, nil when it never does.
  mutating func waitFor(_ text: String, within patience: Duration = patience) -> MonotonicTime? {
    let (wanted, end) = (Array(text.utf8), clock.now() + patience)
    while clock.now() < end {
      guard let piece = take(until: end) else { return nil }
      if tail.contains(wanted, endingWithin: piece) { return clock.now() }
    }
    return nil
  }

  /// Reads until nothing comes for a while.
  mutating func settle(for quiet: Duration = quiet) {
    let end = clock.now() + Self.patience
    while clock.now() < end, let piece = take(until: min(end, clock.now() + quiet)), piece > 0 {}
  }

  /// How long from the start until the picture stood, and what it took.
  mutating func firstPicture() throws(BenchFailure) -> (seconds: Double, bytes: Int) {
    // What is said before the picture, such as questions, is no picture yet.
    let end = clock.now() + Self.patience
    while bytes < Self.pictureBytesMin, clock.now() < end {
      guard take(until: end) != nil else { throw BenchFailure("\(name) ended by itself") }
    }
    guard bytes >= Self.pictureBytesMin else { throw BenchFailure("\(name) shows nothing") }
    settle()
    return ((lastByte - began).inSeconds, bytes)
  }

  /// Reads what comes until a time; how many bytes, nil at the end.
  private mutating func take(until end: MonotonicTime) -> Int? {
    var bytesMax = 65_536
    if let bytesPerSecond {
      bytesMax = max(1, bytesPerSecond * Int(Self.slowBeat.wholeMicroseconds) / 1_000_000)
    }
    guard let piece = terminal.read(until: end, bytesMax: bytesMax) else { return nil }
    guard !piece.isEmpty else { return 0 }
    lastByte = clock.now()
    bytes += piece.count
    answer(in: piece)
    if bytesPerSecond != nil { _ = Cancellation().wait(timeout: Self.slowBeat) }
    return piece.count
  }

  /// Answers what is asked in these bytes, or across their beginning.
  private mutating func answer(in piece: [UInt8]) {
    tail += piece
    for (question, answer) in Self.answers {
      for _ in 0..<tail.count(of: question, endingWithin: piece.count) { terminal.type(answer) }
    }
    tail = tail.suffix(max(Self.tailBytes, piece.count))
  }

  /// Device status, device attributes, whether synchronised output is known.
  private static let answers: [(question: [UInt8], answer: [UInt8])] = [
    ("\u{1B}[5n", "\u{1B}[0n"), ("\u{1B}[c", "\u{1B}[?62;22c"),
    ("\u{1B}[?2026$p", "\u{1B}[?2026;2$y"),
  ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

  // MARK: - Keys

  func type(_ keys: String) { terminal.type(Array(keys.utf8)) }

  /// The seconds from a key to the first byte that comes after it.
  mutating func answer(to keys: String) throws(BenchFailure) -> Double {
    settle(for: .milliseconds(2))
    let typed = clock.now()
    type(keys)
    guard let count = take(until: typed + Self.patience), count > 0 else {
      throw BenchFailure("\(name) does not answer a key")
    }
    return (lastByte - typed).inSeconds
  }

  /// The seconds from the keys that end it until the terminal is given back.
  mutating func quit(_ keys: String) throws(BenchFailure) -> Double {
    let typed = clock.now()
    type(keys)
    guard let gone = waitFor("\u{1B}[?1049l") else {
      throw BenchFailure("\(name) does not give the terminal back")
    }
    let seconds = (gone - typed).inSeconds
    bytesPerSecond = nil
    guard terminal.waitForEnd(until: clock.now() + Self.patience) else {
      throw BenchFailure("\(name) does not end")
    }
    return seconds
  }

  /// Ends a program that has nothing to lose, without its keys.
  mutating func terminate() throws(BenchFailure) {
    terminal.signal(15)
    guard terminal.waitForEnd(until: clock.now() + Self.patience) else {
      throw BenchFailure("\(name) does not end")
    }
  }
}

extension [UInt8] {
  /// How often a sequence ends within the last so many bytes.
  fileprivate func count(of wanted: [UInt8], endingWithin last: Int) -> Int {
    guard count >= wanted.count else { return 0 }
    let first = Swift.max(0, count - last - wanted.count + 1)
    return (first...Swift.max(first, count - wanted.count)).count { start in
      start + wanted.count <= count && self[start..<start + wanted.count].elementsEqual(wanted)
    }
  }

  fileprivate func contains(_ wanted: [UInt8], endingWithin last: Int) -> Bool {
    count(of: wanted, endingWithin: last) > 0
  }
}
