// What the tests of this room stand on: the few calls that plant what no disk would make, and
// shorter spellings of what they do all the time.

import DurableFiles
import Glibc
import ScratchFiles

extension Scratch {
  func plantPipe(_ name: String) {
    let failed = unsafe mkfifo(path(name), 0o600)
    precondition(failed == 0, "no pipe could be made")
  }
}

/// Runs a program to its end and returns its exit code; 127 when there is no such program.
func run(_ program: String, _ arguments: String...) -> Int32 {
  var process = pid_t()
  let spelled = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
  let failed = unsafe posix_spawnp(&process, program, nil, nil, spelled, environ)
  for index in unsafe spelled.indices { unsafe free(spelled[index]) }
  if failed != 0 { return 127 }
  var status: Int32 = 0
  guard unsafe waitpid(process, &status, 0) == process else { return 127 }
  return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
}

/// Says loudly that a test could not do its work on this machine.
func skip(_ reason: String) {
  let line = Array("SKIPPED: \(reason)\n".utf8)
  _ = unsafe write(STDERR_FILENO, line, line.count)
}

extension Disk {
  /// Makes a file that holds these bytes.
  func put(_ path: FilePath, _ bytes: [UInt8], mode: UInt16 = 0o600) throws(DiskError) {
    try OpenFile(path, .creating(mode: mode), on: self).write(bytes, at: 0)
  }

  /// What a file holds.
  func get(_ path: FilePath) throws(DiskError) -> [UInt8] {
    try OpenFile(path, .reading, on: self).readAll(bytesMax: 1 << 24)
  }

  /// The names in a directory, in order.
  func names(_ path: FilePath = .root) throws(DiskError) -> [String] {
    try list(path).map { String(decoding: $0.name, as: UTF8.self) }.sorted()
  }
}

/// Bytes that differ from place to place and from seed to seed.
func pattern(_ count: Int, seed: Int = 1) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 31 &+ $0 >> 8 &+ seed) &* seed) }
}
