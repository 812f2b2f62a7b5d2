// Numbers as ECMAScript spells them (Number::toString, which RFC 8785 prescribes): the fewest digits
// that read back as the same double, plain from 1e-6 up to 1e21 and with an exponent beyond. Swift's
// own description finds the same digits and only places the point differently.

/// The number as ECMAScript spells it; nil for infinities and what is not a number.
package func ecmaScript(_ value: Double) -> String? {
  guard value.isFinite else { return nil }
  // Both zeros are spelled alike.
  guard value != 0 else { return "0" }
  let (digits, point) = shortestDigits(value.magnitude)
  let sign = value < 0 ? "-" : ""

  switch point {
  case digits.count...21 where digits.count <= 21:
    return sign + text(digits) + String(repeating: "0", count: point - digits.count)
  case 1...21:
    return sign + text(digits[..<point]) + "." + text(digits[point...])
  case -5...0:
    return sign + "0." + String(repeating: "0", count: -point) + text(digits)
  default:
    let fraction = digits.count > 1 ? "." + text(digits[1...]) : ""
    let exponent = point - 1
    return sign + text(digits[..<1]) + fraction + (exponent < 0 ? "e-" : "e+")
      + String(exponent.magnitude)
  }
}

/// The significant digits, and how many of them stand before the point: 0.00123 is (123, -2).
private func shortestDigits(_ value: Double) -> ([UInt8], point: Int) {
  var digits: [UInt8] = []
  var point: Int?
  var exponent = 0
  let description = Array(value.description.utf8)
  for (index, character) in description.enumerated() {
    if isDigit(character) {
      digits.append(character)
    } else if character == UInt8(ascii: ".") {
      point = digits.count
    } else {
      exponent = Int(String(decoding: description[(index + 1)...], as: UTF8.self)) ?? 0
      break
    }
  }
  let zeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
  let before = (point ?? digits.count) - zeros + exponent
  digits.removeFirst(zeros)
  while digits.last == UInt8(ascii: "0") { digits.removeLast() }
  return (digits, before)
}

private func text(_ digits: some Collection<UInt8>) -> String {
  String(decoding: digits, as: UTF8.self)
}
