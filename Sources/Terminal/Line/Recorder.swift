// What was written to the terminal, as an asciinema recording, version 2: a line of JSON that says the
// size, then a line for each write, `[seconds, "o", text]`, and `[seconds, "r", "120x40"]` for a new
// size. The last minutes are kept: what is older goes, up to the last frame that drew everything, so
// that a recording always begins with a whole screen.
//
// Format: https://docs.asciinema.org/manual/asciicast/v2/

package import Ambient

/// The recording of a terminal.
package struct Recorder: Sendable {
  private struct Event {
    let at: MonotonicTime
    let size: GridSize?
    let bytes: [UInt8]
    /// Whether the screen is whole from here on without what came before.
    let isWhole: Bool
  }

  /// The most bytes that are kept, unless the caller says otherwise.
  package static let bytesMax = 4 << 20

  private let bytesMax: Int
  private var events: [Event] = []
  private var bytesKept = 0
  private var size: GridSize

  package init(_ size: GridSize, bytesMax: Int = Recorder.bytesMax) {
    self.size = size
    self.bytesMax = bytesMax
  }

  /// Notes what was written; `isWhole` when it draws all of the screen.
  package mutating func wrote(_ bytes: [UInt8], at now: MonotonicTime, isWhole: Bool = false) {
    add(Event(at: now, size: nil, bytes: bytes, isWhole: isWhole))
  }

  /// Notes a new size.
  package mutating func resized(to size: GridSize, at now: MonotonicTime) {
    add(Event(at: now, size: size, bytes: [], isWhole: false))
  }

  /// The recording as lines; `started` is when its first moment was, in civil time.
  package func lines(started: WallTime) -> [String] {
    guard let first = events.first else { return [Self.header(size, started)] }
    var lines = [Self.header(size, started)]
    var decoder = TextDecoder()
    for event in events {
      let seconds = (event.at - first.at).wholeMicroseconds
      let time = "\(seconds / 1_000_000).\(Self.sixDigits(seconds % 1_000_000))"
      if let size = event.size {
        lines.append("[\(time), \"r\", \"\(size)\"]")
      } else {
        lines.append("[\(time), \"o\", \(Self.quoted(decoder.decode(event.bytes)))]")
      }
    }
    return lines
  }

  private mutating func add(_ event: Event) {
    events.append(event)
    bytesKept += event.bytes.count
    while bytesKept > bytesMax, let next = events.dropFirst().firstIndex(where: { $0.isWhole }) {
      for old in events[..<next] {
        bytesKept -= old.bytes.count
        if let changed = old.size { size = changed }
      }
      events.removeFirst(next)
    }
    // Without a whole frame to begin with there is nothing that can be kept.
    if bytesKept > 2 * bytesMax {
      for old in events { if let changed = old.size { size = changed } }
      events = []
      bytesKept = 0
    }
  }

  private static func header(_ size: GridSize, _ started: WallTime) -> String {
    let seconds = started.microseconds / 1_000_000
    return "{\"version\": 2, \"width\": \(size.columns), \"height\": \(size.rows), "
      + "\"timestamp\": \(seconds), \"env\": {\"TERM\": \"xterm-256color\"}}"
  }

  private static func sixDigits(_ number: Int64) -> String {
    let digits = String(number)
    return String(repeating: "0", count: 6 - digits.count) + digits
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

/// Text of bytes that may be cut anywhere, also within a scalar.
private struct TextDecoder {
  private var rest: [UInt8] = []

  mutating func decode(_ bytes: [UInt8]) -> String {
    let all = rest + bytes
    var end = all.count
    // At most three bytes of a scalar are left for the next piece.
    for back in 1...3 where back <= all.count {
      let byte = all[all.count - back]
      if byte & 0xC0 == 0x80 { continue }
      let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      if needed > back { end = all.count - back }
      break
    }
    rest = Array(all[end...])
    return String(decoding: all[..<end], as: UTF8.self)
  }
}
