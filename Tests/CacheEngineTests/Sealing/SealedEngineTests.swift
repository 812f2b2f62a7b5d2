// An engine that seals what it stores: the cold store has no plaintext, every file comes back, and what was
// shredded comes back from nowhere, while its neighbours do.

import Ambient
import Bytes
import ColdStorage
import DiskSimulation
import DurableFiles
import Manifest
import Operations
import Testing

@testable import CacheEngine
@testable import EventStore

@Suite struct SealedEngineTests {
  private static let keyFile: FilePath = "secrets/kek"

  /// An engine whose key-encryption key is a file of the state disk, in a directory of its own.
  private func ground(
    _ adjust: (inout EngineSettings) -> Void = { _ in }
  ) throws -> SimulatedGround {
    try SimulatedGround(
      keys: SimulatedKeys { disk in
        do {
          if try disk.status(at: Self.keyFile) == nil {
            try disk.makeDirectory("secrets", mode: 0o700)
            try KeyEncryptionKey(from: .seeded(42)).withFileBytes { bytes in
              var text: [UInt8] = []
              for index in bytes.indices { text.append(bytes[index]) }
              try AtomicReplace.write(
                text, to: Self.keyFile, mode: 0o600, replacing: false, on: disk,
                entropy: .seeded(4))
            }
          }
        } catch {
          preconditionFailure("the key cannot be made: \(error)")
        }
        return .replaceable(KeyFile(Self.keyFile, on: disk))
      },
      {
        $0.sealing.isOn = true
        adjust(&$0)
      })
  }

  /// The bytes of every file below a disk's root, by path.
  private func files(
    _ disk: SimulatedDisk, below path: FilePath = .root
  ) throws -> [FilePath: [UInt8]] {
    var found: [FilePath: [UInt8]] = [:]
    for entry in try disk.list(path) {
      let inside = path.appending(entry.name)
      if entry.kind == .directory {
        found.merge(try files(disk, below: inside)) { old, _ in old }
      } else {
        found[inside] = try OpenFile(inside, .reading, on: disk).readAll(bytesMax: 1 << 26)
      }
    }
    return found
  }

  private func holders(of text: String, on disk: SimulatedDisk) throws -> [FilePath] {
    let wanted = Array(text.utf8)
    return try files(disk).filter { _, bytes in
      bytes.indices.contains { bytes[$0...].starts(with: wanted) }
    }.map(\.key)
  }

  private func shred(
    _ ground: SimulatedGround, _ paths: [String], _ more: JSONObject = [:]
  ) throws -> JobRecord? {
    var input: JSONObject = ["selection": ["paths": .array(paths.map { .string($0) })]]
    for member in more.members { input[member.key] = member.value }
    let gate = try ground.gate()
    defer { gate.shutDown() }
    return try gate.carryOut("data.shred", .object(input))
  }

  @Test(arguments: SealingScopeKind.allCases)
  func `what is stored is sealed, and comes back as it was`(_ scope: SealingScopeKind) throws {
    let ground = try ground { $0.sealing.scope = scope }
    let secret = "a secret that nobody may read"
    try ground.store("dir/a", secret)
    try ground.store("dir/empty", "")
    #expect(try ground.row("dir/a")?.state == .clean)
    #expect(try ground.row("dir/a")?.stored?.sealing?.version == 1)
    #expect(try holders(of: "secret", on: ground.coldDisk) == [])
    for path in ["dir/a", "dir/empty"] as [FilePath] {
      #expect(ground.running.stepEvict(path))
      #expect(try ground.text(path) == nil)
    }
    #expect(try ground.running.fetch("dir/a") == UInt64(secret.utf8.count))
    #expect(try ground.text("dir/a") == secret)
    #expect(try ground.running.fetch("dir/empty") == 0)
    try ground.reopen()
    #expect(ground.running.stepEvict("dir/a"))
    #expect(try ground.running.fetch("dir/a") == UInt64(secret.utf8.count))
    #expect(try ground.text("dir/a") == secret)
  }

  @Test func `no object counts as stored before its key lies in the primary too`() throws {
    let ground = try ground()
    try ground.store("a", "hello")
    #expect(try !keysetParts(ground).isEmpty)
    // A keyset that cannot be copied keeps what was sealed under its newest key dirty.
    ground.cold.hook {
      $0.beforeUpload = { (key) throws(StorageError) in
        if "\(key)".hasPrefix("keysets/") { throw .diskFull(store: "primary") }
      }
    }
    try ground.write("b", "hello")
    ground.running.stepUploads(max: 10)
    #expect(try ground.row("b")?.state == .dirty)
    ground.cold.hook { $0.beforeUpload = { _ in } }
    ground.clock.advance(by: .seconds(1_000))
    ground.running.stepUploads(max: 10)
    #expect(try ground.row("b")?.state == .clean)
  }

  @Test func `what is copied of the keyset is not sent again by the next engine`() throws {
    let ground = try ground()
    try ground.store("a", "hello")
    let parts = try keysetParts(ground)
    try ground.reopen()
    let uploads = ground.cold.count("upload")
    ground.running.stepOrphans()
    #expect(ground.cold.count("upload") == uploads)
    #expect(try keysetParts(ground) == parts)
    try ground.store("b", "hello")
    #expect(try keysetParts(ground) != parts)
  }

  @Test func `the copy of the keyset opens what is stored when everything local is lost`() throws {
    let ground = try ground()
    for number in 0..<300 { try ground.store(try FilePath("f\(number)"), "bytes \(number)") }
    let parts = try keysetParts(ground)
    #expect(parts.count == 2)
    let copy = try KeysetCopy(parts, KeyEncryptionKey(from: .seeded(42)))
    let stored = try #require(try ground.row("f299")?.stored)
    let name = try #require(stored.sealing)
    guard
      case .key(let key) = try copy.dataKey(
        DataKeyID(.entity(name.scope), generation: name.version))
    else {
      Issue.record("the copy has no such key")
      return
    }
    let sink = BytesSink(bytesMax: 1 << 20)
    _ = try SealedObjects(store: ground.local).download(
      try ObjectKey(bytes: stored.key), under: key, to: sink)
    #expect(sink.bytes == Array("bytes 299".utf8))
  }

  @Test func `what was shredded comes back from nowhere, and its neighbours do`() throws {
    let ground = try ground()
    try ground.store("gone", "the very secret")
    try ground.store("stays", "the other bytes")
    #expect(ground.running.stepEvict("stays"))
    let older = try keysetParts(ground)
    #expect(!older.isEmpty)
    let stored = try #require(try ground.row("gone")?.stored)
    #expect(try shred(ground, ["gone"])?.counts.done == 1)
    #expect(try ground.row("gone")?.state == .shredded)
    #expect(try ground.text("gone") == nil)
    #expect(throws: EngineError.shredded("gone")) { try ground.running.fetch("gone") }
    #expect(throws: EngineError.shredded("gone")) { try ground.running.status("gone") }
    #expect(try holders(of: "very secret", on: ground.depotDisk) == [])
    #expect(try ground.local.head(try ObjectKey(bytes: stored.key), nil) == nil)
    // An older copy of the keyset, which somebody kept, is wrapped by a key that is no more.
    for var text in try files(ground.stateDisk, below: "secrets").values {
      let key = try KeyEncryptionKey(taking: &text)
      #expect(throws: StoreError.self) { try KeysetCopy(older, key) }
    }
    #expect(try ground.running.fetch("stays") == 15)
    #expect(try ground.text("stays") == "the other bytes")
    // The newer copy of the keyset came with the shred, and the older one went.
    let newer = try keysetParts(ground)
    #expect(!newer.isEmpty && Set(newer).isDisjoint(with: older))
  }

  /// The parts of the keyset that lie in the primary.
  private func keysetParts(_ ground: SimulatedGround) throws -> [[UInt8]] {
    try ground.local.list(ListRequest(prefix: Array("keysets/".utf8))).objects.map { object in
      let sink = BytesSink(bytesMax: 1 << 24)
      _ = try ground.local.download(object.key, to: sink, DownloadRequest())
      return sink.bytes
    }
  }

  @Test func `a file written after its shred gets a key of its own, and is stored`() throws {
    let ground = try ground()
    try ground.store("a", "first")
    #expect(try shred(ground, ["a"])?.counts.done == 1)
    try ground.store("a", "second")
    #expect(try ground.row("a")?.state == .clean)
    #expect(try ground.row("a")?.stored?.sealing?.version == 2)
    #expect(ground.running.stepEvict("a"))
    #expect(try ground.running.fetch("a") == 6)
    #expect(try ground.text("a") == "second")
  }

  @Test func `dirty, pinned, changed and open files are not shredded`() throws {
    let ground = try ground()
    for name in ["pinned", "open", "rewritten"] as [FilePath] { try ground.store(name, "hello") }
    try ground.write("dirty", "hello")
    let gate = try ground.gate()
    _ = try gate.carryOut("cache.pin", ["selection": ["paths": ["pinned"]]])
    let plan = try #require(
      try gate.call(
        "data.shred", ["selection": ["paths": ["pinned", "dirty", "open"]], "dryRun": true],
        by: SimulatedGround.owner
      ).plan)
    let reasons = plan.refusals(from: 0, limit: 9).map(\.reason)
    #expect(reasons.contains("it is pinned"))
    #expect(reasons.contains { $0.hasPrefix("it is dirty") })
    #expect(plan.itemCount == 1)
    gate.shutDown()
    let held = try OpenFile("open", .reading, on: ground.depotDisk)
    #expect(try shred(ground, ["open"])?.counts.refused == 1)
    #expect(try held.size == 5)
    try ground.write("rewritten", "newer", tells: false)
    #expect(try shred(ground, ["rewritten"])?.counts.changed == 1)
    #expect(try ground.text("rewritten") == "newer")
    #expect(try shred(ground, ["pinned"], ["force": true])?.counts.done == 1)
    #expect(try ground.row("pinned")?.state == .shredded)
  }

  @Test func `where nothing is sealed, or keys are shared, shredding is refused with the reason`()
    throws
  {
    let open = try SimulatedGround()
    try open.store("a", "hello")
    let refusal = try open.gate().refusal("data.shred", ["selection": ["paths": ["a"]]])
    #expect(refusal?.token == .guarded)
    #expect(refusal?.sentence.contains("'encrypt' is off") == true)
    #expect(try open.text("a") == "hello")
    let shared = try ground { $0.sealing.scope = .depot }
    let other = try shared.gate().refusal("data.shred", ["selection": ["paths": ["a"]]])
    #expect(other?.sentence.contains("share keys") == true)
  }

  @Test func `what was stored before 'encrypt' was set still reads, and is no shred's to destroy`()
    throws
  {
    let ground = try ground { $0.sealing.isOn = false }
    try ground.store("plain", "hello")
    #expect(try ground.row("plain")?.stored?.sealing == nil)
    ground.settings.sealing.isOn = true
    try ground.reopen()
    try ground.running.stepManifest()
    try ground.store("sealed", "hello")
    #expect(try ground.row("sealed")?.stored?.sealing != nil)
    #expect(ground.running.stepEvict("plain"))
    #expect(try ground.running.fetch("plain") == 5)
    #expect(
      try ground.gate().refusal("data.shred", ["selection": ["paths": ["plain"]]])?.token
        == .conflict)
  }

  @Test func `a restore that is under way when its file is shredded leaves nothing`() throws {
    let ground = try ground()
    try ground.store("a", "the very secret")
    #expect(ground.running.stepEvict("a"))
    let generation = try #require(try ground.row("a")?.generation)
    let engine = ground.running
    ground.cold.hook {
      $0.afterDownload = { _ in
        do throws(EngineError) {
          let outcome = try engine.shredding?.run(
            "a", judged: generation, takesPinned: false, reason: "")
          #expect(outcome == .done)
        } catch {
          Issue.record("the shred failed: \(error)")
        }
      }
    }
    #expect(throws: EngineError.shredded("a")) { try ground.running.fetch("a") }
    #expect(try ground.text("a") == nil)
    #expect(try holders(of: "very secret", on: ground.depotDisk) == [])
  }

  @Test(arguments: [false, true])
  func `what is written before an interrupted shred goes on has another key`(
    _ isDeleted: Bool
  ) throws {
    let ground = try ground()
    try ground.store("a", "the very secret")
    let row = try #require(try ground.row("a"))
    let aside = Depot.evicting.appending(Departure.asideName(of: "a", generation: row.generation))
    try ground.depotDisk.rename("a", to: aside, replacing: false)
    var turn = try ground.running.ledger.turn(of: "a")
    try turn.append(.shredded(reason: ""))
    try ground.kill()
    if isDeleted { try ground.running.delete("a") }
    try ground.store("a", "second")
    #expect(try ground.row("a")?.stored?.sealing?.version == 2)
    let id = DataKeyID(SealingScope(of: "a", under: .file).keyScope, generation: 1)
    guard case .shredded = try ground.running.store.dataKey(id) else {
      Issue.record("the older key lives")
      return
    }
    let work = try #require(ground.running.shredding)
    #expect(
      try work.run("a", judged: row.generation, takesPinned: false, reason: "")
        == .changed("it is not what the plan saw"))
    #expect(ground.running.stepEvict("a"))
    #expect(try ground.running.fetch("a") == 6)
  }

  @Test func `a shred that a crash interrupted is finished by its job`() throws {
    let ground = try ground()
    try ground.store("a", "the very secret")
    let row = try #require(try ground.row("a"))
    let scope = SealingScope(of: "a", under: .file).keyScope
    let id = DataKeyID(scope, generation: 1)
    // As it is between the event and the key: aside, shredded by its row, and the key alive.
    let aside = Depot.evicting.appending(Departure.asideName(of: "a", generation: row.generation))
    try ground.depotDisk.rename("a", to: aside, replacing: false)
    var turn = try ground.running.ledger.turn(of: "a")
    try turn.append(.shredded(reason: ""))
    try ground.kill()
    #expect(try ground.text("a") == nil)
    #expect(try holders(of: "very secret", on: ground.depotDisk) == [])
    let work = try #require(ground.running.shredding)
    #expect(
      try work.run("a", judged: row.generation, takesPinned: false, reason: "") == .alreadyDone)
    guard case .shredded = try ground.running.store.dataKey(id) else {
      Issue.record("the key lives")
      return
    }
  }
}
