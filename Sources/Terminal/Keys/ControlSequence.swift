// One control sequence (ECMA-48: ESC [, numbers, a letter) and what it means when a terminal sends it.
// The tables are those of xterm, which others follow, with rxvt's and the Linux console's own.

/// A complete control sequence, read behind its ESC [.
struct ControlSequence {
  /// `<`, `?` and their like in front of the numbers.
  private(set) var marker: Character?
  private(set) var numbers: [Int] = []
  private(set) var intermediate: Character?
  private(set) var final: Character
  /// The index behind it.
  private(set) var end: Int

  /// nil while more has to come.
  init?(_ bytes: ArraySlice<UInt8>) {
    var index = bytes.startIndex
    func byte() -> UInt8? { index < bytes.endIndex ? bytes[index] : nil }
    final = "\0"
    end = index
    // The Linux console sends F1 to F5 as ESC [ [ A to E.
    if byte() == UInt8(ascii: "[") {
      guard index + 1 < bytes.endIndex else { return nil }
      intermediate = "["
      final = Character(Unicode.Scalar(bytes[index + 1]))
      end = index + 2
      return
    }
    if let first = byte(), (0x3C...0x3F).contains(first) {
      marker = Character(Unicode.Scalar(first))
      index += 1
    }
    var number: Int?
    while let next = byte(), (0x30...0x3B).contains(next) {
      if (0x30...0x39).contains(next) {
        number = min((number ?? 0) * 10 + Int(next - 0x30), 1 << 20)
      } else {
        numbers.append(number ?? 0)
        number = nil
      }
      index += 1
    }
    if let number { numbers.append(number) }
    if let next = byte(), (0x20...0x2F).contains(next) {
      // rxvt ends a key with Shift in `$`; elsewhere that is an intermediate.
      let isFinal = next == UInt8(ascii: "$") && marker == nil
      if isFinal {
        final = "$"
        end = index + 1
        return
      }
      intermediate = Character(Unicode.Scalar(next))
      index += 1
    }
    guard let last = byte() else { return nil }
    // What does not belong into a sequence breaks it off, and is looked at by itself.
    guard (0x40...0x7E).contains(last) else {
      final = "\0"
      end = index
      return
    }
    final = Character(Unicode.Scalar(last))
    end = index + 1
    if final == "M" && marker == nil && numbers.isEmpty {
      // The oldest report of a mouse: three bytes follow.
      guard bytes.endIndex >= end + 3 else { return nil }
      numbers = (0..<3).map { Int(bytes[end + $0]) - 32 }
      end += 3
    }
  }

  /// What it means; nil when it means nothing here.
  var input: Input? {
    switch (marker, intermediate, final) {
    case ("<", nil, "M"), ("<", nil, "m"), (nil, nil, "M"): return mouse
    case ("?", "$", "y"):
      guard numbers.count == 2 else { return nil }
      // 1 set, 2 reset; 0 unknown, 3 and 4 cannot be changed.
      return .mode(numbers[0], isKnown: numbers[1] == 1 || numbers[1] == 2)
    case (nil, nil, "n"): return numbers == [0] || numbers == [3] ? .status : nil
    case (nil, "[", _):
      let number = Array("ABCDE").firstIndex(of: final)
      return number.map { .key(Key(.function($0 + 1))) }
    case (nil, nil, _): return key.map { .key($0) }
    default: return nil
    }
  }

  private var key: Key? {
    let held = Modifiers(parameter: numbers.count > 1 ? numbers[1] : 0)
    switch final {
    case "Z": return Key(.tab, .shift)
    case "u":
      guard let number = numbers.first, let scalar = Unicode.Scalar(UInt32(number)),
        columnCount(of: scalar) ?? 0 > 0
      else { return nil }
      return Key(.character(scalar), held)
    case "~", "^", "$", "@":
      guard let number = numbers.first, let code = Self.numbered[number] else { return nil }
      let byEnding: Modifiers =
        final == "^" ? .control : final == "$" ? .shift : final == "@" ? [.control, .shift] : []
      return Key(code, held.union(byEnding))
    case "a", "b", "c", "d":
      return Self.lettered[Character(final.uppercased())].map { Key($0, .shift) }
    default: return Self.lettered[final].map { Key($0, held) }
    }
  }

  private var mouse: Input? {
    guard numbers.count == 3, numbers[1] > 0, numbers[2] > 0 else { return nil }
    let bits = numbers[0]
    var held: Modifiers = []
    if bits & 4 != 0 { held.insert(.shift) }
    if bits & 8 != 0 { held.insert(.alt) }
    if bits & 16 != 0 { held.insert(.control) }
    let place = CellPlace(row: numbers[2] - 1, column: numbers[1] - 1)
    let button = bits & 3 == 3 ? 0 : bits & 3 + 1
    let action: MouseEvent.Action
    if bits & 64 != 0 {
      guard bits & 3 < 2 else { return nil }
      action = bits & 1 == 0 ? .wheelUp : .wheelDown
      return .mouse(MouseEvent(action, button: 0, at: place, held))
    } else if bits & 32 != 0 {
      action = .moved
    } else {
      action = final == "m" || button == 0 ? .released : .pressed
    }
    return .mouse(MouseEvent(action, button: button, at: place, held))
  }

  static let lettered: [Character: KeyCode] = [
    "A": .up, "B": .down, "C": .right, "D": .left, "H": .home, "F": .end, "P": .function(1),
    "Q": .function(2), "R": .function(3), "S": .function(4),
  ]

  /// The keypad in application mode.
  static let keypad: [Character: KeyCode] = [
    "M": .enter, "j": .character("*"), "k": .character("+"), "m": .character("-"),
    "n": .character("."), "o": .character("/"), "p": .character("0"), "q": .character("1"),
    "r": .character("2"), "s": .character("3"), "t": .character("4"), "u": .character("5"),
    "v": .character("6"), "w": .character("7"), "x": .character("8"), "y": .character("9"),
  ]

  private static let numbered: [Int: KeyCode] = [
    1: .home, 2: .insert, 3: .delete, 4: .end, 5: .pageUp, 6: .pageDown, 7: .home, 8: .end,
    11: .function(1), 12: .function(2), 13: .function(3), 14: .function(4), 15: .function(5),
    17: .function(6), 18: .function(7), 19: .function(8), 20: .function(9), 21: .function(10),
    23: .function(11), 24: .function(12), 25: .function(13), 26: .function(14),
    28: .function(15), 29: .function(16), 31: .function(17), 32: .function(18),
    33: .function(19), 34: .function(20),
  ]
}

extension Modifiers {
  /// xterm's number for what is held: one more than the bits.
  init(parameter: Int) {
    self.init(rawValue: UInt8(clamping: max(0, parameter - 1) & 7))
  }
}
