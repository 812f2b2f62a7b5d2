// What the depot's server is answered, one line each, as a value.
//
//   OK <size>                                       to FETCH
//   OK <size> <mode> <mtime> <state> <hot|cold>     to STAT; see docs/formats.md
//   OK                                              to DELETE and PING
//   ERR <code> <text>                               to any

import Bytes

/// What is known of one file, for a STAT.
package struct ShimStatus: Hashable, Sendable {
  package var size: UInt64
  /// The file's type and permission bits, as st_mode has them.
  package var mode: UInt32
  /// When its bytes changed last, in nanoseconds since 1970.
  package var modifiedNanoseconds: Int64
  /// The word of its state.
  package var state: String
  /// Whether its bytes are in the depot.
  package var isHot: Bool

  package init(
    size: UInt64, mode: UInt32, modifiedNanoseconds: Int64, state: String, isHot: Bool
  ) {
    self.size = size
    self.mode = mode
    self.modifiedNanoseconds = modifiedNanoseconds
    self.state = state
    self.isHot = isHot
  }
}

/// An answer to a request of the depot's server.
package enum ShimAnswer: Hashable, Sendable {
  case done
  case fetched(size: UInt64)
  case status(ShimStatus)
  case refused(ShimRefusal)

  /// The line of it, with its newline.
  package var line: [UInt8] {
    Array(text.utf8) + [UInt8(ascii: "\n")]
  }

  private var text: String {
    switch self {
    case .done: return "OK"
    case .fetched(let size): return "OK \(size)"
    case .status(let status):
      let mode = String(status.mode, radix: 8)
      let place = status.isHot ? "hot" : "cold"
      let state = escaped(status.state)
      return "OK \(status.size) \(mode) \(moment(status.modifiedNanoseconds)) \(state) \(place)"
    case .refused(let refusal):
      let sentence = Array(escaped(refusal.sentence).utf8.prefix(ShimRefusal.sentenceBytesMax))
      return "ERR \(refusal.code.rawValue) \(String(decoding: sentence, as: UTF8.self))"
    }
  }
}

/// Seconds and nine digits of their fraction, which is never negative: half a second before 1970 is
/// `-1.500000000`, as the kernel counts it.
private func moment(_ nanoseconds: Int64) -> String {
  let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
  let (whole, fraction) = rest < 0 ? (seconds - 1, rest + 1_000_000_000) : (seconds, rest)
  let digits = String(fraction)
  return "\(whole).\(String(repeating: "0", count: 9 - digits.utf8.count))\(digits)"
}
