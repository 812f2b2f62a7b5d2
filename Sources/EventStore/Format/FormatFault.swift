// What is wrong with bytes that should be one of our formats. The file they came from is known to
// whoever read them, and is added there.

internal import Bytes
internal import DurableFiles

/// Bytes that are not what their place says.
enum FormatFault: Error, Equatable {
  /// The rest of a sentence that begins with the file.
  case damage(String)
  /// A format of a later program.
  case newer(found: UInt16, known: UInt16)

  init(_ sentence: String) {
    self = .damage(sentence)
  }

  init(_ error: BytesError) {
    self = .damage("cannot be read: \(error)")
  }

  /// An index that leads to another event than was asked for.
  static func strayed(to found: UInt64, from wanted: UInt64) -> FormatFault {
    FormatFault("has event \(found) where its index says \(wanted)")
  }

  /// The rest of a sentence that begins with the file.
  var sentence: String {
    switch self {
    case .damage(let sentence): sentence
    case .newer(let found, let known): "has format \(found), and this program knows \(known)"
    }
  }

  /// The fault as the store reports it.
  func at(_ file: FilePath, _ offset: UInt64 = 0) -> StoreError {
    switch self {
    case .damage(let sentence): .corrupt(DamageSite(file: file, offset: offset, fault: sentence))
    case .newer(let found, let known): .newerFormat(file, found: found, known: known)
    }
  }
}
