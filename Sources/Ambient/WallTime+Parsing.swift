// Reads the one spelling of moments that is written here: RFC 3339 in UTC, `2026-11-20T10:51:44Z`, with a
// fraction of up to six digits or none.

extension WallTime {
  /// Reads a moment as `description` writes it; nil for anything else.
  package init?(parsing text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes.count <= 27, bytes.last == UInt8(ascii: "Z"),
      bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"),
      bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
      let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
      let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]),
      let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
      let time = WallTime(
        year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    else { return nil }
    let fraction = bytes[19..<bytes.count - 1]
    guard let point = fraction.first else {
      self = time
      return
    }
    let digits = fraction.dropFirst()
    guard point == UInt8(ascii: "."), let value = number(digits) else { return nil }
    let scale = (digits.count..<6).reduce(1) { scale, _ in scale * 10 }
    self.init(microseconds: time.microseconds + Int64(value * scale))
  }
}

/// The number that some digits spell; nil when they are none.
private func number(_ digits: ArraySlice<UInt8>) -> Int? {
  guard !digits.isEmpty else { return nil }
  var value = 0
  for digit in digits {
    guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
    value = value * 10 + Int(digit - UInt8(ascii: "0"))
  }
  return value
}
