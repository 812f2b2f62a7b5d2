// What the tests of the simulation share.

import DiskSimulation
import DurableFiles

extension Disk {
  /// Makes a file that holds these bytes, none of it synced.
  func put(_ path: FilePath, _ bytes: [UInt8]) throws(DiskError) {
    try OpenFile(path, .creating(mode: 0o600), on: self).write(bytes, at: 0)
  }

  /// Makes a file that holds these bytes, durable with its name.
  func putDurably(_ path: FilePath, _ bytes: [UInt8]) throws(DiskError) {
    let file = try OpenFile(path, .creating(mode: 0o600), on: self)
    try file.write(bytes, at: 0)
    try file.sync(.all)
    try syncDirectory(path.parent)
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

/// So many bytes of one value.
func filled(_ count: Int, _ byte: UInt8) -> [UInt8] {
  [UInt8](repeating: byte, count: count)
}
