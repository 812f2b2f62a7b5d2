// A write-ahead log as small as one can be, to prove that the simulation finds what matters. It
// can be built with one of three bugs, each a sync that was forgotten or came too late.
//
// The log holds the numbers 1, 2, 3, … as records: number 8, check 8, both little-endian. What is
// appended is synced before it is acknowledged. `rewrite` copies the whole log into a new file and
// renames that over the old one, as a compaction would. Recovery cuts the log behind its last
// whole record, so that nothing torn is ever followed by something new.

import DurableFiles

/// A log of consecutive numbers.
struct ExampleLog: ~Copyable {
  /// What the author forgot.
  enum Bug: CaseIterable {
    /// Appends are acknowledged before they are durable.
    case syncOmitted
    /// The new file gets its name before its bytes are durable.
    case renameBeforeSync
    /// The directory is never synced, so the file's name may be lost, or lead to the old file.
    case directoryNotSynced
  }

  private static let path: FilePath = "log"
  private static let newPath: FilePath = "log.new"
  private static let recordSize = 16

  private let disk: any Disk
  private let bug: Bug?
  private var file: OpenFile
  /// The last number in the log.
  private(set) var last: UInt64

  /// Opens the log, making it if there is none, and recovers what is in it.
  init(on disk: any Disk, bug: Bug?) throws(DiskError) {
    if try disk.status(at: Self.newPath) != nil { try disk.remove(Self.newPath) }
    let exists = try disk.status(at: Self.path) != nil
    let file = try OpenFile(Self.path, exists ? .writing : .creating(mode: 0o600), on: disk)
    let last = try Self.lastWhole(in: file)
    let end = last * UInt64(Self.recordSize)
    if try file.size > end { try file.truncate(to: end) }
    if bug != .syncOmitted { try file.sync() }
    if bug != .directoryNotSynced { try disk.syncDirectory(.root) }
    self.disk = disk
    self.bug = bug
    self.last = last
    self.file = file
  }

  /// How many records, from the first on, are whole and in order.
  private static func lastWhole(in file: borrowing OpenFile) throws(DiskError) -> UInt64 {
    let bytes = try file.readAll(bytesMax: 1 << 20)
    var last: UInt64 = 0
    while bytes.count >= (Int(last) + 1) * recordSize {
      let start = Int(last) * recordSize
      guard Array(bytes[start..<start + recordSize]) == record(last + 1) else { break }
      last += 1
    }
    return last
  }

  private static func record(_ number: UInt64) -> [UInt8] {
    let check = (number &+ 0x9E37_79B9) &* 0xBF58_476D_1CE4_E5B9
    return [number, check].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) }
    }
  }

  /// Appends the next numbers; returns once they are durable.
  mutating func append(_ count: Int) throws(DiskError) {
    var bytes: [UInt8] = []
    for offset in 1...UInt64(count) { bytes += Self.record(last + offset) }
    try file.write(bytes, at: last * UInt64(Self.recordSize))
    if bug != .syncOmitted { try file.sync() }
    last += UInt64(count)
  }

  /// Replaces the file by a fresh one that holds the same.
  mutating func rewrite() throws(DiskError) {
    let bytes = try file.readExactly(at: 0, count: Int(last) * Self.recordSize)
    let fresh = try OpenFile(Self.newPath, .creating(mode: 0o600), on: disk)
    try fresh.write(bytes, at: 0)
    if bug != .renameBeforeSync { try fresh.sync() }
    try disk.rename(Self.newPath, to: Self.path, replacing: true)
    if bug != .directoryNotSynced { try disk.syncDirectory(.root) }
    if bug == .renameBeforeSync { try fresh.sync() }
    file = fresh
  }
}
