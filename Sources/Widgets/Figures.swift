// Numbers as a person reads them, each kind in as many columns as it ever takes, so that a screen
// that is drawn again and again stands still. What is not known has a sign of its own and is never 0.

package import Ambient
internal import Terminal

/// Spells figures, right-aligned in the columns of their kind.
package struct Figures: Sendable {
  private let unknown: String
  private let isPlain: Bool

  package init(_ brush: Brush) {
    unknown = brush.unknown
    isPlain = brush.glyphs.alphabet == .ascii
  }

  /// Columns of each kind.
  package static let bytesColumns = 8
  package static let rateColumns = 10
  package static let countColumns = 7
  package static let durationColumns = 6
  package static let shareColumns = 5

  /// `1.50 GiB`.
  package func bytes(_ count: ByteCount?) -> String {
    right(count.map { "\($0)" }, Self.bytesColumns)
  }

  /// `1.50 MiB/s`.
  package func rate(_ perSecond: ByteCount?) -> String {
    right(perSecond.map { "\($0)/s" }, Self.rateColumns)
  }

  /// `999,999`, then `1.00 M`.
  package func count(_ number: Int?) -> String {
    right(number.map(Self.compact), Self.countColumns)
  }

  /// `850 µs`, `12 ms`, `3.4 s`, `59 s`, `3m20s`, `2h05m`, `3d04h`, `120d`.
  package func duration(_ duration: Duration?) -> String {
    right(duration.map { Self.spelled($0, micro: isPlain ? "us" : "µs") }, Self.durationColumns)
  }

  /// How long until everything is stored: `at once` where that cannot be told from now.
  package func drain(_ duration: Duration?) -> String {
    guard let duration else { return unknown }
    return duration < .milliseconds(1)
      ? "at once" : Self.spelled(duration, micro: isPlain ? "us" : "µs")
  }

  /// `7 %`; not 100 before all is there, and not 0 before nothing is.
  package func share(_ share: Double?) -> String {
    right(share.map(Self.percent), Self.shareColumns)
  }

  /// A number with separators, in as many columns as it takes.
  package static func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  private func right(_ text: String?, _ columns: Int) -> String {
    let text = text ?? unknown
    return String(repeating: " ", count: max(0, columns - text.count)) + text
  }

  private static func compact(_ number: Int) -> String {
    guard number.magnitude > 999_999 else { return grouped(number) }
    var value = Double(number.magnitude)
    var unit = -1
    // 999.5 would be rounded to a fourth digit.
    while value >= 999.5 && unit < 4 {
      value /= 1_000
      unit += 1
    }
    return (number < 0 ? "-" : "") + threeDigits(value) + " " + ["k", "M", "G", "T", "P"][unit]
  }

  private static func spelled(_ duration: Duration, micro: String) -> String {
    let nanoseconds = max(0, duration.wholeNanoseconds)
    let seconds = nanoseconds / 1_000_000_000
    switch nanoseconds {
    case 0: return "0 s"
    case ..<1_000: return "\(nanoseconds) ns"
    case ..<1_000_000: return "\(nanoseconds / 1_000) \(micro)"
    case ..<1_000_000_000: return "\(nanoseconds / 1_000_000) ms"
    case ..<9_950_000_000: return "\(oneDigit(Double(nanoseconds) / 1e9)) s"
    default: break
    }
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3_600: return "\(seconds / 60)m\(twoDigits(seconds % 60))s"
    case ..<86_400: return "\(seconds / 3_600)h\(twoDigits(seconds / 60 % 60))m"
    case ..<(100 * 86_400): return "\(seconds / 86_400)d\(twoDigits(seconds / 3_600 % 24))h"
    default: return "\(min(seconds / 86_400, 99_999))d"
    }
  }

  private static func percent(_ share: Double) -> String {
    if share.isNaN { return "" }
    let percent = Int((min(max(share, 0), 9.99) * 100).rounded())
    if percent == 0 && share > 0 { return "<1 %" }
    if percent == 100 && share < 1 { return "99 %" }
    return "\(percent) %"
  }

  private static func threeDigits(_ value: Double) -> String {
    let places = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
    let scale = [1, 10, 100][places]
    let scaled = Int((value * Double(scale)).rounded())
    guard places > 0 else { return String(scaled) }
    let fraction = String(scaled % scale)
    return "\(scaled / scale)."
      + String(repeating: "0", count: places - fraction.count) + fraction
  }

  private static func oneDigit(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  private static func twoDigits(_ number: Int64) -> String {
    (number < 10 ? "0" : "") + "\(number)"
  }
}
