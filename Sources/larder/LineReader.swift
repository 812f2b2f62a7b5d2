// A file as lines, one at a time, each of bounded length; what lies behind a line that is too long
// is skipped up to its end.

import DurableFiles

/// The lines of a file that a person named.
struct LineReader: ~Copyable {
  /// What comes next.
  enum Next: Equatable {
    /// A line without its end; the last one may have had none.
    case line([UInt8])
    case tooLong
    case end
    case unreadable(DiskError)
  }

  private var file: UserFile
  private let bytesMax: Int
  private var piece: [UInt8]
  private var unread = 0..<0
  private var isAtEnd = false

  init(_ file: consuming UserFile, bytesMax: Int) {
    self.file = file
    self.bytesMax = bytesMax
    piece = [UInt8](repeating: 0, count: 65_536)
  }

  /// The next line.
  mutating func next() -> Next {
    var line: [UInt8] = []
    var isTooLong = false
    while true {
      if unread.isEmpty {
        if isAtEnd { return isTooLong ? .tooLong : line.isEmpty ? .end : .line(line) }
        do throws(DiskError) {
          let count = try file.readSome(into: &piece)
          isAtEnd = count == 0
          unread = 0..<count
        } catch {
          return .unreadable(error)
        }
      }
      let part = piece[unread].prefix { $0 != UInt8(ascii: "\n") }
      let isEnded = part.endIndex < unread.upperBound
      unread = min(part.endIndex + 1, unread.upperBound)..<unread.upperBound
      isTooLong = isTooLong || line.count + part.count > bytesMax
      if !isTooLong { line += part }
      if isEnded { return isTooLong ? .tooLong : .line(line) }
    }
  }
}
