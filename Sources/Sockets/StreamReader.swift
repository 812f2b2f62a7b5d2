// Lines and blocks out of a stream, of bounded length. What was read beyond the end of one is kept
// for the next, so a peer may send many at once; what exceeds the bound is refused before it is
// all in memory, and the stream is of no use after that.

/// Reads lines and blocks from one stream.
package struct StreamReader: Sendable {
  /// The most bytes of a line, its end not counted.
  package let lineBytesMax: Int
  private var buffer: [UInt8]
  private var start = 0
  private var end = 0

  package init(lineBytesMax: Int) {
    precondition(lineBytesMax > 0, "a line may have a byte")
    self.lineBytesMax = lineBytesMax
    // A line and its end must fit.
    buffer = [UInt8](repeating: 0, count: max(lineBytesMax + 1, 4_096))
  }

  /// True when something was read that no line or block has taken yet.
  package var hasMore: Bool { start < end }

  /// The next line without its newline; nil when the peer finished after the last one.
  ///
  /// Throws `.overlong` when it has more bytes than may be, and `.endsEarly` when the peer finished
  /// in the middle of it. The deadline is for the whole line.
  package mutating func line(
    from stream: borrowing Stream, _ deadline: Deadline
  ) throws(SocketsError) -> [UInt8]? {
    var searched = start
    while true {
      let newline = buffer[searched..<end].firstIndex(of: UInt8(ascii: "\n"))
      let length = (newline ?? end) - start
      if length > lineBytesMax { throw .overlong(stream.name, bytesMax: lineBytesMax) }
      if let newline {
        let line = Array(buffer[start..<newline])
        start = newline + 1
        return line
      }
      makeRoom()
      searched = end
      if try fill(from: stream, deadline) == 0 {
        if start == end { return nil }
        throw .endsEarly(stream.name)
      }
    }
  }

  /// The next `count` bytes; `.endsEarly` when the peer finished before the last of them.
  package mutating func bytes(
    _ count: Int, from stream: borrowing Stream, _ deadline: Deadline
  ) throws(SocketsError) -> [UInt8] {
    let ready = min(count, end - start)
    var bytes = Array(buffer[start..<(start + ready)])
    start += ready
    guard ready < count else { return bytes }
    bytes += [UInt8](repeating: 0, count: count - ready)
    var filled = ready
    while filled < count {
      let more = try stream.read(into: &bytes, range: filled..<count, deadline)
      if more == 0 { throw .endsEarly(stream.name) }
      filled += more
    }
    return bytes
  }

  /// Moves what is left to the front when there is no room behind it.
  private mutating func makeRoom() {
    if start == end {
      (start, end) = (0, 0)
    } else if end == buffer.count {
      buffer.replaceSubrange(0..<(end - start), with: Array(buffer[start..<end]))
      (start, end) = (0, end - start)
    }
  }

  private mutating func fill(
    from stream: borrowing Stream, _ deadline: Deadline
  ) throws(SocketsError) -> Int {
    let count = try stream.read(into: &buffer, range: end..<buffer.count, deadline)
    end += count
    return count
  }
}
