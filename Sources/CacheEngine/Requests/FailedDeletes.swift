// The deletes that the shim could not tell anybody of, as it left them in the state directory.
//
//   shim-failed-deletes.log ──renamed──▶ shim-failed-deletes.draining ──every line told──▶ removed
//
// The shim writes to the log as long as it has its name, so once it is renamed and read nothing is
// added. A crash in between leaves the second name, which is read first the next time: a delete that
// is told twice changes nothing, for each says when it was, and a file that was written later is not
// meant. A line that was cut off, by a full disk for one, is recognised by its length and told nobody.

package import Ambient
import Bytes
package import DurableFiles

/// A delete that the shim could not tell of.
package struct FailedDelete: Hashable, Sendable {
  package let path: FilePath
  /// When the server deleted the file. What was written after that is another file.
  package let deletedAt: WallTime

  package init(_ path: FilePath, deletedAt: WallTime) {
    self.path = path
    self.deletedAt = deletedAt
  }
}

/// What became of the deletes in a log.
package struct DrainedDeletes: Hashable, Sendable {
  /// Those that the engine has taken.
  package var taken = 0
  /// Those of files that it does not know.
  package var absent = 0
  /// Those that it could not take now; they stand in the log again.
  package var kept = 0
  /// Lines that mean nothing.
  package var malformed = 0

  package init(taken: Int = 0, absent: Int = 0, kept: Int = 0, malformed: Int = 0) {
    self.taken = taken
    self.absent = absent
    self.kept = kept
    self.malformed = malformed
  }
}

/// The log of deletes that the shim could not tell of.
package struct FailedDeletes: Sendable {
  package static let logName = "shim-failed-deletes.log"
  package static let drainingName = "shim-failed-deletes.draining"

  /// The most bytes of a line: a path of 4,096 bytes, each of them escaped, and what is around it.
  private static let lineBytesMax = 4 * ShimRequest.pathBytesMax + 128
  private static let readBytesMax = 65_536

  private let disk: any Disk
  private let directory: FilePath
  private let depot: DepotRoot

  /// The log in the state directory.
  package init(in directory: FilePath, on disk: any Disk, depot: DepotRoot) {
    self.directory = directory
    self.disk = disk
    self.depot = depot
  }

  /// Tells every delete that was left, and removes the lines of those that were taken.
  ///
  /// `delete` refuses with `not_found` when there is no such file, or only one that was written
  /// after the delete; what it refuses for another reason is kept for the next time.
  package func drain(
    _ delete: (FailedDelete) throws(ShimRefusal) -> Void
  ) throws(DiskError) -> DrainedDeletes {
    var drained = DrainedDeletes()
    // What a crash left is there before what was written since.
    try drainRenamed(&drained, delete)
    do throws(DiskError) {
      try disk.rename(
        directory.appending(Self.logName), to: directory.appending(Self.drainingName),
        replacing: false)
    } catch {
      if case .absent = error { return drained }
      throw error
    }
    drained.kept = 0
    try drainRenamed(&drained, delete)
    return drained
  }

  private func drainRenamed(
    _ drained: inout DrainedDeletes, _ delete: (FailedDelete) throws(ShimRefusal) -> Void
  ) throws(DiskError) {
    let draining = directory.appending(Self.drainingName)
    guard try disk.status(at: draining) != nil else { return }
    do {
      let file = try OpenFile(draining, .reading, on: disk)
      var reader = LogLines(bytesMax: Self.lineBytesMax)
      var offset: UInt64 = 0
      while true {
        let bytes = try file.read(at: offset, count: Self.readBytesMax)
        if bytes.isEmpty { break }
        offset += UInt64(bytes.count)
        for line in reader.take(bytes) { try tell(line, &drained, delete) }
      }
      if reader.hasRest { drained.malformed += 1 }
    }
    try disk.remove(draining)
  }

  private func tell(
    _ line: [UInt8], _ drained: inout DrainedDeletes,
    _ delete: (FailedDelete) throws(ShimRefusal) -> Void
  ) throws(DiskError) {
    guard let failed = FailedDelete(parsing: line, in: depot) else {
      drained.malformed += 1
      return
    }
    do throws(ShimRefusal) {
      try delete(failed)
      drained.taken += 1
    } catch {
      if error.code == .notFound {
        drained.absent += 1
      } else {
        drained.kept += 1
        try keep(line)
      }
    }
  }

  /// Puts a line back, behind whatever the shim wrote meanwhile.
  private func keep(_ line: [UInt8]) throws(DiskError) {
    let log = directory.appending(Self.logName)
    let bytes = line + [UInt8(ascii: "\n")]
    do throws(DiskError) {
      try OpenFile(log, .creating(mode: 0o640), on: disk).append(bytes)
    } catch {
      guard case .exists = error else { throw error }
      try OpenFile(log, .writing, on: disk).append(bytes)
    }
  }
}

extension FailedDelete {
  private static let start = Array("P4CACHE/1 ".utf8)

  /// Reads a line without its newline; nil when it is not one, whole. One that a line was cut off
  /// before, by a full disk, stands behind the rest of that.
  init?(parsing line: [UInt8], in depot: DepotRoot) {
    guard let start = line.lastRange(of: Self.start) else { return nil }
    let words = line[start.upperBound...]
      .split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
    guard words.count == 4, words[1].elementsEqual("DELETE".utf8),
      let time = Self.time(words[0]), let count = Self.number(words[2]), words[3].count == count,
      let path = Self.unescaped(words[3])
    else { return nil }
    do throws(ShimRefusal) {
      self.init(try depot.path(path), deletedAt: time)
    } catch {
      return nil
    }
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    let isPlain = digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return isPlain ? Int64(String(decoding: digits, as: UTF8.self)) : nil
  }

  /// Seconds, a point and nine digits; rounded down, so that nothing written later seems earlier.
  private static func time(_ word: ArraySlice<UInt8>) -> WallTime? {
    let parts = word.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].count == 9, let seconds = number(parts[0]),
      let nanoseconds = number(parts[1]), seconds < 1 << 40
    else { return nil }
    return WallTime(microseconds: seconds * 1_000_000 + nanoseconds / 1_000)
  }

  private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = text
    while let first = rest.popFirst() {
      guard first == UInt8(ascii: "\\") else {
        bytes.append(first)
        continue
      }
      let digits = rest.dropFirst().prefix(2)
      guard rest.first == UInt8(ascii: "x"), digits.count == 2,
        let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(byte)
      rest = rest.dropFirst(3)
    }
    return bytes
  }
}

extension [UInt8] {
  /// Where the bytes stand last.
  fileprivate func lastRange(of wanted: [UInt8]) -> Range<Int>? {
    guard count >= wanted.count else { return nil }
    return (0...(count - wanted.count)).reversed()
      .first { self[$0...].starts(with: wanted) }
      .map { $0..<($0 + wanted.count) }
  }
}

/// Cuts what is read into lines; the rest of one that is too long is skipped.
private struct LogLines {
  let bytesMax: Int
  private var line: [UInt8] = []
  private var isOverlong = false

  init(bytesMax: Int) {
    self.bytesMax = bytesMax
  }

  /// Whether something without an end was there.
  var hasRest: Bool { isOverlong || !line.isEmpty }

  /// The lines that are whole now; an overlong one is an empty line, which means nothing.
  mutating func take(_ bytes: [UInt8]) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    let parts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if line.count + part.count > bytesMax { (line, isOverlong) = ([], true) }
      if !isOverlong { line += part }
      if index < parts.count - 1 {
        lines.append(line)
        (line, isOverlong) = ([], false)
      }
    }
    return lines
  }
}
