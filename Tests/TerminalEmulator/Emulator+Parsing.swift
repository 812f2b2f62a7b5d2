// From bytes to the control functions of the emulated terminal. Bytes may be cut anywhere between
// two calls.

import Terminal

extension Emulator {
  /// Takes what a program wrote.
  package mutating func feed(_ bytes: some Sequence<UInt8>) {
    pending += bytes
    var index = 0
    while index < pending.count {
      guard let end = step(index) else { break }
      index = end
    }
    pending.removeFirst(index)
  }

  /// Obeys what begins there; the index behind it, nil when more has to come.
  private mutating func step(_ index: Int) -> Int? {
    let byte = pending[index]
    if byte == 0x1B { return escape(index) }
    if byte < 0x20 || byte == 0x7F {
      control(byte)
      return index + 1
    }
    let needed = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
    guard index + needed <= pending.count else { return nil }
    var iterator = pending[index..<(index + needed)].makeIterator()
    var decoder = UTF8()
    guard case .scalarValue(let scalar) = decoder.decode(&iterator) else {
      unknown.append("no UTF-8: \(byte)")
      return index + 1
    }
    put(scalar)
    return index + needed
  }

  private mutating func control(_ byte: UInt8) {
    switch byte {
    case 0x07: bellsRung += 1
    case 0x08: move(row: row, column: column - 1)
    case 0x09: move(row: row, column: (column / 8 + 1) * 8)
    case 0x0A, 0x0B, 0x0C: lineFeed()
    case 0x0D: move(row: row, column: 0)
    case 0x00, 0x0E, 0x0F, 0x18, 0x1A: break
    default: unknown.append("control \(byte)")
    }
  }

  private mutating func escape(_ index: Int) -> Int? {
    guard index + 1 < pending.count else { return nil }
    switch Character(Unicode.Scalar(pending[index + 1])) {
    case "[": return controlSequence(index)
    case "]", "P":
      guard
        let end = pending[index...].firstIndex(where: { $0 == 0x07 })
          ?? pending[(index + 1)...].firstRange(of: [0x1B, 0x5C]).map({ $0.upperBound - 1 })
      else { return nil }
      let text = String(decoding: pending[(index + 2)..<end], as: UTF8.self)
      if text.hasPrefix("52;c;") { clipboard = String(text.dropFirst(5)) }
      return end + 1
    case "(", ")": return index + 2 < pending.count ? index + 3 : nil
    case "7": saved = (row, column, look)
    case "8": (row, column, look, waitsToWrap) = (saved.row, saved.column, saved.look, false)
    case "D": lineFeed()
    case "E":
      column = 0
      lineFeed()
    case "M": reverseLineFeed()
    case "=": isKeypadOn = true
    case ">": isKeypadOn = false
    case "c": self = Emulator(size, erasesWithBackground: erasesWithBackground)
    case let other: unknown.append("ESC \(other)")
    }
    return index + 2
  }

  private mutating func controlSequence(_ index: Int) -> Int? {
    var at = index + 2
    // A CAN, or the beginning of another sequence, breaks this one off.
    while at < pending.count, (0x20...0x3F).contains(pending[at]) { at += 1 }
    guard at < pending.count else { return nil }
    guard (0x40...0x7E).contains(pending[at]) else { return at }
    let inside = String(decoding: pending[(index + 2)..<at], as: UTF8.self)
    let final = Character(Unicode.Scalar(pending[at]))
    obey(inside, final)
    return at + 1
  }

  private mutating func obey(_ inside: String, _ final: Character) {
    let isPrivate = inside.hasPrefix("?")
    let numbers = inside.drop { !$0.isNumber && $0 != ";" }.prefix { $0.isNumber || $0 == ";" }
      .split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    let first = numbers.first ?? 0
    let count = max(1, first)
    switch final {
    case "h", "l":
      for number in numbers {
        isPrivate ? set(number, final == "h") : setAnsi(number, final == "h")
      }
    case "p" where inside.hasSuffix("$"):
      guard answersQuestions else { return }
      let isKnown = first == 2026 ? knowsSynchronisedOutput : true
      answers += Array("\u{1B}[?\(first);\(isKnown ? 2 : 0)$y".utf8)
    case "c" where isPrivate: break  // The Linux console's shape of the cursor.
    case _ where isPrivate || inside.hasPrefix(">"):
      unknown.append("CSI \(inside)\(final)")
    case "H", "f": move(row: count - 1, column: max(1, numbers.count > 1 ? numbers[1] : 1) - 1)
    case "A": move(row: max(row - count, row >= top ? top : 0), column: column)
    case "B": move(row: min(row + count, row <= bottom ? bottom : size.rows), column: column)
    case "C": move(row: row, column: column + count)
    case "D": move(row: row, column: column - count)
    case "E": move(row: row + count, column: 0)
    case "F": move(row: row - count, column: 0)
    case "G", "`": move(row: row, column: count - 1)
    case "d": move(row: count - 1, column: column)
    case "I": move(row: row, column: (column / 8 + count) * 8)
    case "Z": move(row: row, column: max(0, (column - 1) / 8 - (count - 1)) * 8)
    case "J": eraseInDisplay(first)
    case "K":
      erase(
        row, first == 0 ? column..<size.columns : first == 1 ? 0..<(column + 1) : 0..<size.columns)
    case "X": erase(row, column..<(column + count))
    case "@": insert(count)
    case "P": delete(count)
    case "L", "M":
      guard (top...bottom).contains(row) else { return }
      scroll(from: row, by: final == "M" ? count : -count)
    case "S", "T": scroll(from: top, by: final == "S" ? count : -count)
    case "b":
      for _ in 0..<count { for scalar in last.unicodeScalars { put(scalar) } }
    case "r":
      top = max(1, first) - 1
      bottom = min(numbers.count > 1 && numbers[1] > 0 ? numbers[1] : size.rows, size.rows) - 1
      move(row: 0, column: 0)
    case "m": setLook(numbers.isEmpty ? [0] : numbers)
    case "n":
      if first == 5 && answersQuestions { answers += Array("\u{1B}[0n".utf8) }
    case "t": break
    default: unknown.append("CSI \(inside)\(final)")
    }
    if !"bm".contains(final) { waitsToWrap = waitsToWrap && "KXnhl".contains(final) }
  }

  private mutating func eraseInDisplay(_ which: Int) {
    switch which {
    case 0:
      erase(row, column..<size.columns)
      for below in (row + 1)..<max(size.rows, row + 1) { erase(below, 0..<size.columns) }
      if row == 0 && column == 0 { clears += 1 }
    case 1:
      for above in 0..<row { erase(above, 0..<size.columns) }
      erase(row, 0..<(column + 1))
    default:
      for each in 0..<size.rows { erase(each, 0..<size.columns) }
      clears += 1
    }
  }

  private mutating func set(_ mode: Int, _ isOn: Bool) {
    if mode == 1049 || mode == 47 { useOtherScreen(isOn, by: mode) }
    if mode == 2026 && isOn { framesSynchronised += 1 }
    let known = [1, 3, 47, 4, 5, 7, 12, 25, 1000, 1002, 1006, 1049, 2004, 2026]
    if !known.contains(mode) { unknown.append("mode \(mode)") }
    // 12 blinks the cursor, which is the person's own affair; 3, 4 and 5 are a reset's.
    if [3, 4, 5, 12].contains(mode) { return }
    if isOn { modes.insert(mode) } else { modes.remove(mode) }
  }

  private mutating func setAnsi(_ mode: Int, _ isOn: Bool) {
    if mode == 4 { isInserting = isOn }
  }

  private mutating func setLook(_ numbers: [Int]) {
    var rest = numbers[...]
    while let number = rest.popFirst() {
      switch number {
      case 0: look = EmulatedLook()
      case 1: look.attributes.insert(.bold)
      case 2: look.attributes.insert(.dim)
      case 3: look.attributes.insert(.italic)
      case 4: look.attributes.insert(.underline)
      case 5: look.attributes.insert(.blink)
      case 7: look.attributes.insert(.reverse)
      case 10, 11: break
      case 22: look.attributes.subtract([.bold, .dim])
      case 23: look.attributes.remove(.italic)
      case 24: look.attributes.remove(.underline)
      case 25: look.attributes.remove(.blink)
      case 27: look.attributes.remove(.reverse)
      case 30...37: look.foreground = .indexed(UInt8(number - 30))
      case 38: look.foreground = colour(&rest) ?? look.foreground
      case 39: look.foreground = .own
      case 40...47: look.background = .indexed(UInt8(number - 40))
      case 48: look.background = colour(&rest) ?? look.background
      case 49: look.background = .own
      case 90...97: look.foreground = .indexed(UInt8(number - 90 + 8))
      case 100...107: look.background = .indexed(UInt8(number - 100 + 8))
      default: unknown.append("SGR \(number)")
      }
    }
  }

  private func colour(_ rest: inout ArraySlice<Int>) -> TerminalColour? {
    switch rest.popFirst() {
    case 5: return rest.popFirst().map { .indexed(UInt8(clamping: $0)) }
    case 2:
      let parts = (0..<3).compactMap { _ in rest.popFirst() }.map { UInt8(clamping: $0) }
      return parts.count == 3 ? .full(Colour(parts[0], parts[1], parts[2])) : nil
    default: return nil
    }
  }
}
