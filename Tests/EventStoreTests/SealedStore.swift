// A store with keys on a simulated machine, for tests: every opening of it, by any process, takes
// the same key-encryption key.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore

/// A simulated machine with a store on it.
struct SealedStore {
  var disk: SimulatedDisk
  let clock = ManualClock()
  var key = KeyEncryptionKey(from: .seeded(42))
  var granularity: KeyGranularity? = .entity
  var policy = SealingPolicy.all
  var segmentBytes = 1 << 20

  init(seed: UInt64 = 1, faults: FaultPlan = .honest) {
    disk = SimulatedDisk(seed: seed, faults: faults, clock: clock)
  }

  var options: StoreOptions {
    var options = StoreOptions()
    options.wallClock = clock.wall
    options.monotonicClock = clock.monotonic
    options.maintenance = .inline
    options.segmentBytes = segmentBytes
    options.preallocationBytes = 4_096
    options.keys = StoreKeys(.key(key), granularity: granularity, policy: policy)
    return options
  }

  func open() throws(StoreError) -> EventStore {
    try EventStore.open(on: disk, options)
  }

  /// A reader in another process of the machine.
  func reader() throws(StoreError) -> EventReader {
    try EventReader.open(on: disk.startProcess(readOnly: true), keys: .key(key))
  }

  /// Cuts the power, and starts the machine again without faults.
  mutating func crash() {
    disk.crash()
    disk = disk.reopen()
    disk.arm(.honest)
  }

  /// A file's bytes, or nil when it is not there.
  func bytes(_ path: FilePath) throws -> [UInt8]? {
    guard try disk.status(at: path) != nil else { return nil }
    return try OpenFile(path, .reading, on: disk).readAll(bytesMax: 1 << 26)
  }

  func write(_ bytes: [UInt8], to path: FilePath) throws {
    try AtomicReplace.write(
      bytes, to: path, mode: 0o600, replacing: true, on: disk, entropy: .seeded(3))
  }

  /// The names of all files whose bytes hold these.
  func files(holding wanted: [UInt8]) throws -> [String] {
    try Self.files(on: disk, holding: wanted)
  }

  static func files(
    on disk: any Disk, holding wanted: [UInt8], in directory: FilePath = .root
  ) throws -> [String] {
    var found: [String] = []
    for entry in try disk.list(directory) {
      let path = directory.appending(entry.name)
      if entry.kind == .directory {
        found += try files(on: disk, holding: wanted, in: path)
      } else if try OpenFile(path, .reading, on: disk).readAll(bytesMax: 1 << 26).holds(wanted) {
        found.append(path.description)
      }
    }
    return found
  }
}

extension [UInt8] {
  /// Whether these bytes stand somewhere in it.
  func holds(_ wanted: [UInt8]) -> Bool {
    guard let first = wanted.first, count >= wanted.count else { return false }
    return indices.dropLast(wanted.count - 1).contains { index in
      self[index] == first && self[index..<index + wanted.count].elementsEqual(wanted)
    }
  }
}

extension EventReader {
  /// The texts of an entity's events, shredded ones as nil.
  func texts(_ entity: String) throws -> [String?] {
    try events(in: Region(entityPrefix: entity)).events.map { event in
      event.bytes.map { String(decoding: $0, as: UTF8.self) }
    }
  }
}
