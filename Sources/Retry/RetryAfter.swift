// The header `Retry-After` of HTTP (RFC 9110, 10.2.3): whole seconds, or a date in the one form
// that may still be sent, `Wed, 21 Oct 2015 07:28:00 GMT`.

package import Ambient

/// How long the header asks to wait from now; nil when it is neither seconds nor a date.
///
/// A date that has passed asks for nothing.
package func retryAfter(_ header: some StringProtocol, now: WallTime) -> Duration? {
  let text = header.split(separator: " ", omittingEmptySubsequences: true)
  if text.count == 1 {
    guard text[0].utf8.allSatisfy(isDigit), let seconds = Int32(text[0]) else { return nil }
    return .seconds(seconds)
  }
  guard text.count == 6, text[0].last == ",", text[5] == "GMT",
    let month = months.firstIndex(of: String(text[2])),
    let day = number(text[1], digits: 2), let year = number(text[3], digits: 4)
  else { return nil }
  let time = text[4].split(separator: ":", omittingEmptySubsequences: false)
  guard time.count == 3, let hour = number(time[0], digits: 2),
    let minute = number(time[1], digits: 2), let second = number(time[2], digits: 2),
    let moment = WallTime(
      year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
  else { return nil }
  return max(moment - now, .zero)
}

private let months = [
  "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]

private func isDigit(_ byte: UInt8) -> Bool {
  byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
}

private func number(_ text: some StringProtocol, digits: Int) -> Int? {
  text.utf8.count == digits && text.utf8.allSatisfy(isDigit) ? Int(text) : nil
}
