// What `larder digest` does: lists digests of files, or checks lists. Every line leaves at once, so
// that whoever reads along sees it, and a full disk is noticed before a terabyte was hashed. A file
// that cannot be read is told in one sentence, and the next one is done.

import Bytes
import DurableFiles
import Flags

/// Lists and checks digests of files.
struct Digester: Sendable {
  let function: DigestFunction
  let threads: Int

  /// The longest line of a list: a digest and the longest path, escaped throughout.
  private static let lineBytesMax = 3 + 64 + 2 * 4_096

  /// Writes a line for each file.
  func list(_ names: [[UInt8]], _ output: inout Output) throws(Failure) -> ExitCode {
    var code = ExitCode.done
    for name in names {
      if let digest = try digest(of: name, &output) {
        try output.print(bytes: ChecksumLine(digest: digest, name: name).line)
        try output.flush()
      } else {
        code = .failed
      }
    }
    return code
  }

  /// Checks every file that the lists name, and counts what became of them.
  func check(lists: [[UInt8]], _ output: inout Output) throws(Failure) -> ExitCode {
    var tally = Tally()
    for list in lists { try check(list: list, &tally, &output) }
    try output.print("\(tally)")
    return tally.isClean ? .done : .failed
  }

  private func check(
    list: [UInt8], _ tally: inout Tally, _ output: inout Output
  ) throws(Failure) {
    var lines: LineReader
    do throws(DiskError) {
      lines = LineReader(try .named(list), bytesMax: Self.lineBytesMax)
    } catch {
      tally.hasDoubtfulLists = true
      return try say("\(error)", &output)
    }
    var (entries, strangers) = (0, 0)
    while true {
      switch lines.next() {
      case .line(let line):
        if line.isEmpty { continue }
        if let entry = ChecksumLine(parsing: line[...], digits: function.digits) {
          entries += 1
          try check(entry, &tally, &output)
        } else {
          strangers += 1
        }
      case .tooLong:
        strangers += 1
      case .unreadable(let error):
        tally.hasDoubtfulLists = true
        return try say("\(error)", &output)
      case .end:
        guard entries == 0 || strangers > 0 else { return }
        tally.hasDoubtfulLists = true
        return try say(doubt(about: list, strangers: entries == 0 ? nil : strangers), &output)
      }
    }
  }

  private func check(
    _ entry: ChecksumLine, _ tally: inout Tally, _ output: inout Output
  ) throws(Failure) {
    let digest = try digest(of: entry.name, &output)
    let verdict: String
    switch digest {
    case nil:
      tally.unread += 1
      verdict = "FAILED to read"
    case entry.digest:
      tally.matching += 1
      verdict = "OK"
    default:
      tally.differing += 1
      verdict = "FAILED"
    }
    try output.print(bytes: entry.verdict(verdict))
    try output.flush()
  }

  private func doubt(about list: [UInt8], strangers: Int?) -> String {
    let name = list.elementsEqual("-".utf8) ? "standard input" : escaped(list)
    guard let strangers else {
      return "\(name) lists no \(function.title) digests; name the function it was made by"
    }
    return "\(name) has \(strangers) line\(strangers == 1 ? "" : "s") without a "
      + "\(function.title) digest, passed over"
  }

  /// The digest of a file; nil when there is none, and why was said.
  private func digest(of name: [UInt8], _ output: inout Output) throws(Failure) -> String? {
    do throws(HashingError) {
      // Made when the size is known, and gone before anything else is said.
      var line: ProgressLine?
      return try function.digest(of: name, threads: threads) { done, total in
        if line == nil {
          line = output.progress("hashing", .bytes, total: total.map { Int64(clamping: $0) })
        }
        line?.update(done: Int64(clamping: done))
      }
    } catch {
      try say("\(error)", &output)
      return nil
    }
  }

  private func say(_ sentence: String, _ output: inout Output) throws(Failure) {
    try output.flush()
    output.say(sentence)
  }
}

/// What became of the files of the lists.
private struct Tally: CustomStringConvertible {
  var matching = 0
  var differing = 0
  var unread = 0
  /// Whether a list could not be read, or only in part.
  var hasDoubtfulLists = false

  var isClean: Bool { differing == 0 && unread == 0 && !hasDoubtfulLists }

  var description: String {
    let total = matching + differing + unread
    var parts = ["\(matching) OK"]
    if differing > 0 { parts.append("\(differing) FAILED") }
    if unread > 0 { parts.append("\(unread) could not be read") }
    return "\(total) file\(total == 1 ? "" : "s") checked: " + parts.joined(separator: ", ")
  }
}
