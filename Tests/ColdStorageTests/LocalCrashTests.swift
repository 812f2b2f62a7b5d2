// Local stores on a machine that loses power at any moment and whose disk refuses now and then. A
// model knows what was acknowledged; after every boot each key has that, or what the one operation
// in flight would have made of it, and always whole.

import Ambient
import Digests
import DiskSimulation
import DurableFiles
import Retry
import Testing

@testable import ColdStorage

@Suite struct LocalCrashTests {
  @Test(arguments: 1...40, [false, true])
  func `no crash loses what was acknowledged or shows a part of an object`(
    seed: Int, hasAttributes: Bool
  ) throws {
    var run = CrashRun(seed: UInt64(seed), hasAttributes: hasAttributes)
    try run.go()
    #expect(run.crashes > 0, "seed \(seed) met no crash")
    #expect(run.acknowledged > 0, "seed \(seed) acknowledged nothing")
  }
}

/// What a key may hold.
private struct Version: Equatable, CustomStringConvertible {
  var bytes: [UInt8]
  var metadata: ObjectMetadata

  var description: String { "\(bytes.count) bytes of \(bytes.first ?? 0) \(metadata.entries)" }
}

/// One seeded run over several boots.
private struct CrashRun {
  private let seed: UInt64
  private let hasAttributes: Bool
  private var generator: SeededGenerator
  private var machine: SimulatedDisk
  private var store: LocalStore
  private let keys: [ObjectKey] = ["a", "d/b", "d/c", "d/e/f", "g/h"]
  /// What each key may hold now: one version once it was looked at, more while that is open.
  private var possible: [ObjectKey: [Version?]] = [:]
  private(set) var crashes = 0
  private(set) var acknowledged = 0

  private static let faults = FaultPlan.honest.arming(.crash, oneIn: 90)
    .arming(.shortRead, oneIn: 10).arming(.shortWrite, oneIn: 10).arming(.interrupted, oneIn: 15)
    .arming(.full, oneIn: 80).arming(.writeFails, oneIn: 120).arming(.syncFails, oneIn: 120)

  init(seed: UInt64, hasAttributes: Bool) {
    self.seed = seed
    self.hasAttributes = hasAttributes
    generator = SeededGenerator(seed: seed)
    machine = SimulatedDisk(seed: seed)
    store = Self.open(machine, hasAttributes, seed)
    for key in keys { possible[key] = [nil] }
  }

  private static func open(
    _ machine: SimulatedDisk, _ hasAttributes: Bool, _ seed: UInt64
  ) -> LocalStore {
    do {
      return try LocalStore(
        .test("primary", RetryPolicy(), clock: machine.clock), pause: .advancing(machine.clock),
        entropy: .seeded(seed &+ UInt64(machine.operations))
      ) { () throws(DiskError) in
        let process = machine.startProcess()
        return hasAttributes ? process : AttributelessDisk(process)
      }
    } catch {
      preconditionFailure("\(error)")
    }
  }

  mutating func go() throws {
    for _ in 0..<6 {
      machine.arm(Self.faults)
      for _ in 0..<40 {
        step()
        if machine.firedFaults.last?.fault == .crash { break }
      }
      machine.crash()
      crashes += 1
      machine = machine.reopen()
      machine.arm(.honest)
      store = Self.open(machine, hasAttributes, seed)
      try look()
    }
  }

  /// One operation, and what it makes possible.
  private mutating func step() {
    let key = keys[generator.below(keys.count)]
    let before = possible[key]!
    let after: Version?
    let run: (LocalStore) throws(StorageError) -> Void
    switch generator.below(6) {
    case 0:
      after = nil
      run = { (store) throws(StorageError) in try store.delete(key, DeleteRequest()) }
    case 1:
      guard before.count == 1, let version = before[0] else { return }
      let metadata: ObjectMetadata = ["n": "\(generator.below(1_000))"]
      after = Version(bytes: version.bytes, metadata: metadata)
      run = { (store) throws(StorageError) in
        _ = try store.setMetadata(key, MetadataRequest(metadata: metadata))
      }
    default:
      let byte = UInt8(truncatingIfNeeded: generator.next())
      let bytes = [UInt8](repeating: byte, count: [0, 1, 700, 5_000, 20_000][generator.below(5)])
      let metadata: ObjectMetadata = ["n": "\(generator.below(1_000))"]
      after = Version(bytes: bytes, metadata: metadata)
      run = { (store) throws(StorageError) in
        _ = try store.upload(key, from: BytesSource(bytes), UploadRequest(metadata: metadata))
      }
    }
    do throws(StorageError) {
      try run(store)
      possible[key] = [after]
      acknowledged += 1
    } catch {
      if !before.contains(after) { possible[key] = before + [after] }
    }
  }

  /// Compares every key with what it may hold, and the listing with what was found.
  private mutating func look() throws {
    _ = try store.sweep(nil)
    var found: [ObjectKey] = []
    for key in keys {
      let version = try read(key)
      #expect(
        possible[key]!.contains(version),
        """
        seed \(seed), \(hasAttributes ? "with" : "without") attributes: \(key) holds \
        \(version?.description ?? "nothing") and not one of \(possible[key]!)
        """)
      possible[key] = [version]
      if version != nil { found.append(key) }
    }
    let listed = try store.list(ListRequest()).objects.map(\.key)
    #expect(listed == found.sorted(), "seed \(seed): the listing differs")
    let temporaries = try machine.allNames().filter { AtomicReplace.isTemporary($0.name) }
    #expect(temporaries.isEmpty, "seed \(seed): the sweep left \(temporaries)")
  }

  private func read(_ key: ObjectKey) throws -> Version? {
    let sink = BytesSink(bytesMax: 1 << 20)
    do throws(StorageError) {
      let transfer = try store.download(key, to: sink, DownloadRequest())
      return Version(bytes: sink.bytes, metadata: transfer.object.metadata)
    } catch .absent {
      return nil
    }
  }
}
