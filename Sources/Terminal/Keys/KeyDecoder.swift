// From the bytes that a terminal sends to keys, pastes and answers; a value, so every spelling is a
// row in a test. What the terminal database says of a terminal's keys goes first; what most terminals
// send anyway, with the mode of its cursor keys either way, comes next; sequences that nobody knows
// are dropped whole and never typed.
//
//   keys ── ESC [ 200 ~ ──▶ paste ── ESC [ 201 ~ ──▶ keys
//
// A lone ESC is the key or the beginning of a sequence; only time tells, and the caller keeps it:
// while `isUndecided`, it calls `timeOut()` when nothing came for the delay.

/// Makes keys of bytes.
package struct KeyDecoder: Sendable {
  private var pending: [UInt8] = []
  private var paste: Paste?
  /// A string that the terminal sends and nobody asked for is read to its end.
  private var isInString = false
  /// An ESC that was taken for the key may have been the first byte of a late answer.
  private var tookEscape = false
  private let sequences: [[UInt8]: Key]

  /// How long a lone ESC waits for more.
  package static let escapeDelay = Duration.milliseconds(25)
  /// The most bytes of one paste that are kept.
  package static let pasteBytesMax = 1 << 20
  /// The most bytes of a sequence; what is longer is none.
  package static let sequenceBytesMax = 128

  /// A decoder that knows these sequences besides the common ones.
  package init(_ sequences: [[UInt8]: Key] = [:]) {
    // Shorter ones would hide what begins like them.
    self.sequences = sequences.filter { $0.key.count >= 3 && $0.key.first == 0x1B }
  }

  /// Whether a decision waits for `timeOut()`.
  package var isUndecided: Bool {
    paste == nil && !isInString && (pending == [0x1B] || tookEscape && !pending.isEmpty)
  }

  /// Nothing came for the delay: a lone ESC was the key.
  package mutating func timeOut() -> [Input] {
    guard isUndecided else { return [] }
    if pending == [0x1B] {
      pending = []
      tookEscape = true
      return [.key(Key(.escape))]
    }
    tookEscape = false
    return feed([])
  }

  /// Takes bytes in; answers what is complete.
  package mutating func feed(_ bytes: some Sequence<UInt8>) -> [Input] {
    pending += bytes
    var inputs: [Input] = []
    while !pending.isEmpty {
      let before = pending.count
      let found: Step
      if paste != nil {
        found = continuePaste()
      } else if isInString {
        found = continueString()
      } else {
        found = decode()
      }
      switch found {
      case .input(let input, let count):
        pending.removeFirst(count)
        inputs.append(input)
      case .dropped(let count): pending.removeFirst(count)
      case .incomplete: return inputs
      }
      if pending.count < before { tookEscape = false }
    }
    return inputs
  }

  private enum Step {
    /// What it was, and of how many bytes.
    case input(Input, Int)
    case dropped(Int)
    case incomplete
  }

  private mutating func decode() -> Step {
    let first = pending[0]
    if first == 0x1B { return decodeEscape() }
    if tookEscape, first == 0x5B, let answer = lateAnswer() { return answer }
    guard let (scalar, count) = scalar(at: 0) else { return .incomplete }
    guard let scalar else { return .dropped(count) }
    return .input(.key(Self.key(typing: scalar)), count)
  }

  private mutating func decodeEscape() -> Step {
    guard pending.count > 1 else { return .incomplete }
    if let known = knownSequence() { return known }
    switch pending[1] {
    case UInt8(ascii: "["): return decodeControlSequence()
    case UInt8(ascii: "O"):
      guard pending.count > 2 else { return .incomplete }
      return decodeSingleShift()
    case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"):
      isInString = true
      return .dropped(2)
    case 0x1B: return .input(.key(Key(.escape)), 1)
    default:
      guard let (scalar, count) = scalar(at: 1) else { return .incomplete }
      guard let scalar else { return .dropped(1 + count) }
      var key = Self.key(typing: scalar)
      key.modifiers.insert(.alt)
      return .input(.key(key), 1 + count)
    }
  }

  private func knownSequence() -> Step? {
    let longest = sequences.keys.filter { pending.starts(with: $0) }.max { $0.count < $1.count }
    guard let longest, let key = sequences[longest] else { return nil }
    return .input(.key(key), longest.count)
  }

  private mutating func decodeControlSequence() -> Step {
    guard let sequence = ControlSequence(pending[2...]) else {
      return pending.count > Self.sequenceBytesMax ? .dropped(pending.count) : .incomplete
    }
    let count = sequence.end
    if sequence.final == "~" && sequence.numbers == [200] {
      paste = Paste([])
      return .dropped(count)
    }
    guard let input = sequence.input else { return .dropped(count) }
    return .input(input, count)
  }

  /// An answer whose ESC was taken for the key: `[0n` and its like are never typed.
  private func lateAnswer() -> Step? {
    guard let sequence = ControlSequence(pending[1...]) else {
      let isAnswerSoFar = pending[1...].allSatisfy { (0x30...0x3F).contains($0) || $0 == 0x24 }
      return isAnswerSoFar && pending.count < 16 ? .incomplete : nil
    }
    switch sequence.input {
    case .status?, .mode?: return .input(sequence.input!, sequence.end)
    default: return nil
    }
  }

  private func decodeSingleShift() -> Step {
    // Some send a modifier's number in between: ESC O 5 A.
    let digits = pending[2...].prefix { (0x30...0x39).contains($0) }
    guard digits.endIndex < pending.count else {
      return digits.count < 4 ? .incomplete : .dropped(pending.count)
    }
    let modifier = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    let final = Character(Unicode.Scalar(pending[digits.endIndex]))
    guard let code = ControlSequence.lettered[final] ?? ControlSequence.keypad[final] else {
      return .dropped(digits.endIndex + 1)
    }
    return .input(
      .key(Key(code, Modifiers(parameter: modifier))), digits.endIndex + 1)
  }

  private mutating func continuePaste() -> Step {
    let ending = Array("\u{1B}[201~".utf8)
    let end = pending.firstRange(of: ending)
    // What may be the beginning of the ending stays until it is known.
    let taken = end?.lowerBound ?? max(0, pending.count - (ending.count - 1))
    if let end, let before = paste {
      let whole = before.adding(pending[..<taken])
      paste = nil
      return .input(.paste(whole), end.upperBound)
    }
    paste = paste?.adding(pending[..<taken])
    pending.removeFirst(taken)
    return .incomplete
  }

  private mutating func continueString() -> Step {
    guard let end = pending.firstIndex(where: { $0 == 0x07 || $0 == 0x1B || $0 == 0x18 }) else {
      return .dropped(pending.count)
    }
    if pending[end] == 0x1B {
      guard end + 1 < pending.count else {
        pending.removeFirst(end)
        return .incomplete
      }
      isInString = false
      // ESC \ ends the string; any other ESC begins something else.
      return .dropped(pending[end + 1] == UInt8(ascii: "\\") ? end + 2 : end)
    }
    isInString = false
    return .dropped(end + 1)
  }

  /// The scalar that begins there and its bytes; no scalar for what is no UTF-8; nil when more has to
  /// come.
  private func scalar(at index: Int) -> (Unicode.Scalar?, Int)? {
    let first = pending[index]
    let needed = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1
    let bytes = pending[index...].prefix(needed)
    let tail = bytes.dropFirst()
    if let wrong = tail.firstIndex(where: { $0 & 0xC0 != 0x80 }) { return (nil, wrong - index) }
    guard bytes.count == needed else { return nil }
    var iterator = bytes.makeIterator()
    var decoder = UTF8()
    guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return (nil, 1) }
    return (scalar, needed)
  }

  /// The key that types a scalar, controls included.
  private static func key(typing scalar: Unicode.Scalar) -> Key {
    switch scalar.value {
    case 0x0D, 0x0A: Key(.enter)
    case 0x09: Key(.tab)
    case 0x08, 0x7F: Key(.backspace)
    case 0x1B: Key(.escape)
    case 0x00: Key(.character(" "), .control)
    case 0x01...0x1A: Key(.character(Unicode.Scalar(UInt8(scalar.value) + 0x60)), .control)
    case 0x1C...0x1F: Key(.character(Unicode.Scalar(UInt8(scalar.value) + 0x40)), .control)
    default: Key(.character(scalar))
    }
  }
}

extension Paste {
  fileprivate func adding(_ more: ArraySlice<UInt8>) -> Paste {
    let room = max(0, KeyDecoder.pasteBytesMax - bytes.count)
    return Paste(bytes + more.prefix(room), bytesLost: bytesLost + max(0, more.count - room))
  }
}
