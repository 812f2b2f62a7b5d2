// A terminal the other way round: a pseudo-terminal of ours with a program on it, for whoever
// measures programs with screens or tests them. What the program writes is read here, what is typed
// here it reads as keys. It is answered by whoever holds the terminal, not by this value, so that a
// test can be a terminal that does not answer.

package import Ambient
import CTerminal

/// A program on a terminal that this process plays.
package struct GuestTerminal: ~Copyable {
  private static let readBytesMax = 65_536
  /// How long the end of a program is waited for between two looks.
  private static let lookPause = Duration.milliseconds(1)

  private var outside: Int32
  private let clock: MonotonicClock
  /// The program's process; it leads its session.
  package let process: Int32
  /// The exit code of a program that has ended, or 128 and the number of the signal that ended it.
  package private(set) var exitCode: Int32?

  /// Starts a program, found along PATH, on a new terminal. It has these variables and no others.
  package static func start(
    _ words: [String], variables: [String: String], size: GridSize, clock: MonotonicClock
  ) throws(TerminalError) -> GuestTerminal {
    var (outside, inside): (Int32, Int32) = (-1, -1)
    guard
      unsafe cterminal_open_line(Int32(size.rows), Int32(size.columns), &outside, &inside) == 1
    else { throw .unusableLine }
    defer { cterminal_close_descriptor(inside) }
    let texts = words.flatMap { Array($0.utf8CString) }
    let surroundings = variables.sorted { $0.key < $1.key }
      .flatMap { Array("\($0.key)=\($0.value)".utf8CString) }
    let process = unsafe cterminal_start_guest(
      outside, texts, Int32(words.count), surroundings, Int32(variables.count))
    guard process > 0 else {
      cterminal_close_descriptor(outside)
      throw .notStarted(words.first ?? "")
    }
    return GuestTerminal(outside, process, clock)
  }

  private init(_ outside: Int32, _ process: Int32, _ clock: MonotonicClock) {
    self.outside = outside
    self.process = process
    self.clock = clock
  }

  deinit {
    if outside >= 0 { cterminal_close_descriptor(outside) }
    if exitCode == nil { cterminal_end_guest(process) }
  }

  /// Reads what the program has written, waiting for it until then: empty when nothing came in time,
  /// nil when the program has let go of the terminal.
  package mutating func read(
    until deadline: MonotonicTime, bytesMax: Int = GuestTerminal.readBytesMax
  ) -> [UInt8]? {
    guard outside >= 0 else { return nil }
    let left = max(0, (deadline - clock.now()).wholeNanoseconds)
    let found = cterminal_wait(outside, 0, -1, left)
    guard found & Int32(CTERMINAL_READABLE) != 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: bytesMax)
    let count = Int(unsafe cterminal_read(outside, &bytes, bytes.count))
    return count < 0 ? nil : Array(bytes[..<count])
  }

  /// Types bytes, as a keyboard or as the terminal's own answer; false when nobody takes them.
  @discardableResult
  package func type(_ bytes: [UInt8]) -> Bool {
    guard outside >= 0 else { return false }
    let taken = unsafe cterminal_write(outside, bytes, bytes.count)
    return Int(taken) == bytes.count
  }

  /// Makes the window another size, of which the program is told.
  package func resize(to size: GridSize) {
    _ = cterminal_set_window_size(outside, Int32(size.rows), Int32(size.columns))
  }

  /// The modes of the line, to be compared.
  package var modes: [UInt8] {
    var modes = [UInt8](repeating: 0, count: cterminal_modes_size())
    _ = unsafe cterminal_save_modes(outside, &modes)
    return modes
  }

  /// Closes the terminal, as a connection that is cut does.
  package mutating func hangUp() {
    if outside >= 0 { cterminal_close_descriptor(outside) }
    outside = -1
  }

  /// Sends the program a signal.
  package func signal(_ number: Int32) {
    _ = cterminal_signal_guest(process, number)
  }

  /// Waits for the program's end and drops what it still writes; false when it did not end in time.
  package mutating func waitForEnd(until deadline: MonotonicTime) -> Bool {
    while exitCode == nil {
      var code: Int32 = 0
      if unsafe cterminal_guest_ended(process, &code) == 1 {
        exitCode = code
      } else if clock.now() >= deadline {
        return false
      } else if read(until: clock.now() + Self.lookPause) == nil {
        _ = cterminal_wait(-1, 0, -1, Self.lookPause.wholeNanoseconds)
      }
    }
    return true
  }
}
