// Why an object does not open, as the rest of a sentence that begins with its name.

/// Why a sealed object cannot be opened.
enum SealingFault: Error, Equatable, Sendable {
  /// It does not begin like a sealed object.
  case notSealed
  /// A later version made it.
  case newerFormat(UInt16)
  /// It is not what was sealed; the rest of a sentence says where.
  case damaged(String)
  /// It was sealed under another key than the one that is recorded.
  case otherKey
}

extension SealingFault: CustomStringConvertible {
  var description: String {
    switch self {
    case .notSealed: "it is not a sealed object, and should be one"
    case .newerFormat(let format):
      "it is sealed in format \(format), which a later version of larder knows"
    case .damaged(let detail): detail
    case .otherKey: "it is sealed under another key than the one that is recorded"
    }
  }
}
