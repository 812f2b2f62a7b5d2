// `p4-cache-failed-ops.log` in the state directory: one line of JSON for each operation that was given
// up, for whoever watches files rather than screens. The event is the truth; a line that cannot be
// written is told in the log and costs nothing else. At its bound the file becomes `.1`, over the
// last of that name.

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import Synchronization

/// The log of operations that were given up.
final class FailedOperationsLog: Sendable {
  static let name: FilePath = "p4-cache-failed-ops.log"
  static let olderName: FilePath = "p4-cache-failed-ops.log.1"
  /// The bytes at which the file is put aside.
  static let bytesMax: UInt64 = 8 << 20

  private let disk: (any Disk)?
  private let log: Log
  private let turn = Mutex(())

  /// Writes into the root of a disk; without one, nowhere.
  init(on disk: (any Disk)?, log: Log) {
    self.disk = disk
    self.log = log
  }

  /// Adds a line.
  func note(
    _ operation: String, _ path: FilePath, attempts: UInt32, _ fault: String, at time: WallTime
  ) {
    log.write(
      .error, "\(operation) was given up",
      [LogField("path", "\(path)"), LogField("attempts", attempts), LogField("why", fault)])
    guard let disk else { return }
    let line: JSONValue = [
      "time": .string("\(time)"), "operation": .string(operation), "path": .string("\(path)"),
      "attempts": JSONValue(UInt64(attempts)), "error": .string(fault),
    ]
    turn.withLock { _ in
      do throws(DiskError) {
        try Self.append(Array(line.text().utf8) + [UInt8(ascii: "\n")], on: disk)
      } catch {
        log.write(.warning, "\(Self.name) could not be written", [LogField("why", "\(error)")])
      }
    }
  }

  private static func append(_ line: [UInt8], on disk: any Disk) throws(DiskError) {
    if let status = try disk.status(at: name), status.size >= bytesMax {
      try disk.rename(name, to: olderName, replacing: true)
    }
    let file = try open(on: disk)
    try file.append(line)
  }

  private static func open(on disk: any Disk) throws(DiskError) -> OpenFile {
    do throws(DiskError) {
      return try OpenFile(name, .writing, on: disk)
    } catch .absent {
      return try OpenFile(name, .creating(mode: 0o600), on: disk)
    }
  }
}
