// A depot that seals what it stores, through the real binary: nobody reads the cold store, and what was
// shredded is gone for good, out of every copy that was made before, while its neighbours come back.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import Glibc
import ScratchFiles
import Testing

@testable import larder

@Suite struct SealedDepotTests {
  private static let secret = "the salaries of all"
  private static let other = "the names of all"

  private let ground: RunningEngine
  private let key: String

  /// A depot with two sealed files.
  init() throws {
    ground = try RunningEngine()
    try ground.scratch.disk.makeDirectory("secrets", mode: 0o700)
    key = ground.scratch.path("secrets/kek")
    let made = try ChildProcess(
      builtProduct("larder"), ["events", "key", "new", key].map { Array($0.utf8) }
    ).wait()
    #expect(made.ending == .exited(0), "\(made.errorText)")
    try ground.configure(settings)
    try ground.write("gone", Self.secret)
    try ground.write("stays", Self.other)
    try ground.storeAll(["gone", "stays"])
  }

  private var settings: String { "min_age: '0s', encrypt: true, key_file: '\(key)'," }

  /// What holds a text below a directory.
  private func holders(of text: String, below path: FilePath) throws -> [String] {
    let wanted = hexadecimal(Array(text.utf8))
    return try ground.everything(below: path).filter { $0.contains(wanted) }
  }

  /// Copies a directory as a backup does, with all that is said of its files.
  private func copy(_ path: String, to target: String) throws {
    let (from, to) = (ground.scratch.path(path), ground.scratch.path(target))
    let copied = try ChildProcess("/bin/cp", ["-a", from, to].map { Array($0.utf8) }).wait()
    #expect(copied.ending == .exited(0), "\(copied.errorText)")
  }

  /// Runs a command on copies of the depot's state and of the cold store.
  private func onCopies(_ words: String...) throws -> EndedChild {
    try ground.replace(
      "old.json5",
      """
      {
        depot_path: '\(ground.scratch.path("old/depot"))',
        primary: { type: 'local', path: '\(ground.scratch.path("old/cold"))' },
        \(settings)
      }
      """)
    return try ChildProcess(
      builtProduct("larder"),
      (words + ["--config", ground.scratch.path("old.json5")]).map { Array($0.utf8) }
    ).wait()
  }

  private func reads(_ name: String, _ text: String) throws {
    #expect(try ground.run("evict", name).ending == .exited(0))
    let engine = try ground.start()
    #expect(try ground.ask("P4CACHE/1 FETCH \(name)") == "OK \(text.utf8.count)")
    #expect(try ground.text("depot/\(name)") == text)
    engine.signal(SIGTERM)
    #expect(try engine.wait().ending == .exited(0))
  }

  @Test func `the cold store has no plaintext, and a shred reaches what it should and no more`()
    throws
  {
    #expect(try holders(of: Self.secret, below: "cold") == [])
    #expect(try holders(of: Self.other, below: "cold") == [])
    #expect(try holders(of: Self.secret, below: "depot").count == 1)

    #expect(try ground.run("shred", "gone").ending == .exited(2))
    let planned = try ground.run("shred", "gone", "--dry-run", "--json")
    #expect(planned.ending == .exited(0), "\(planned.errorText)")
    let digest = try #require(try ground.json(planned)["plan"]?.string)
    #expect(try ground.text("depot/gone") == Self.secret)
    let other = try ground.run("shred", "stays", "--plan", digest)
    #expect(other.ending == .exited(3), "\(other.errorText)")
    let shredded = try ground.run("shred", "gone", "--plan", digest)
    #expect(shredded.ending == .exited(0), "\(shredded.errorText) \(shredded.outputText)")
    #expect(try ground.text("depot/gone") == nil)
    #expect(try holders(of: Self.secret, below: "depot") == [])
    // Older writings of the keyset open nothing any more, so the newest has to be in the cold store.
    let writings = try ground.everything(below: "cold/keysets")
    #expect(writings.contains { $0.contains("/0000000000000001-") })
    #expect(!writings.contains { $0.contains("/0000000000000000-") })

    let engine = try ground.start()
    #expect(try ground.ask("P4CACHE/1 FETCH gone")?.hasPrefix("ERR shredded") == true)
    engine.signal(SIGTERM)
    #expect(try engine.wait().ending == .exited(0))
    try reads("stays", Self.other)
  }

  @Test func `no copy from before a shred gives back what was shredded`() throws {
    for name in ["old", "old/depot"] as [FilePath] {
      try ground.scratch.disk.makeDirectory(name, mode: 0o700)
    }
    #expect(try ground.run("evict", "gone").ending == .exited(0))
    try copy("cold", to: "old/cold")
    try copy("depot/.p4cache", to: "old/depot/.p4cache")
    // The copies are good, as long as the key is the one that they were made under.
    let before = try onCopies("rehydrate", "gone")
    #expect(before.ending == .exited(0), "\(before.errorText) \(before.outputText)")
    #expect(try ground.text("old/depot/gone") == Self.secret)
    try ground.scratch.disk.remove("old/depot/gone")

    let shredded = try ground.run("shred", "gone", "--reason", "they asked", "--yes")
    #expect(shredded.ending == .exited(0), "\(shredded.errorText)")
    for place in ["depot", "cold", "old"] as [FilePath] {
      #expect(try holders(of: Self.secret, below: place) == [])
    }
    let after = try onCopies("rehydrate", "gone")
    #expect(after.ending != .exited(0))
    #expect(after.errorText.contains("key-encryption key"), "\(after.errorText)")
    #expect(try ground.text("old/depot/gone") == nil)

    // Not with today's state and yesterday's cold store either, where the object still is.
    try ground.configure(settings, cold: "old/cold")
    let engine = try ground.start()
    #expect(try ground.ask("P4CACHE/1 FETCH gone")?.hasPrefix("ERR shredded") == true)
    engine.signal(SIGTERM)
    #expect(try engine.wait().ending == .exited(0))
    try reads("stays", Self.other)
  }

  @Test func `an older copy of the keyset is refused in its place, with the older key too`() throws
  {
    try copy("depot/.p4cache/events/keys", to: "keys")
    let olderKey = try #require(try ground.text("secrets/kek"))
    #expect(try ground.run("shred", "gone", "--yes").ending == .exited(0))
    #expect(try ground.text("secrets/kek") != olderKey)
    let newer = try OpenFile(
      "depot/.p4cache/events/keys/keyset", .reading, on: ground.scratch.disk
    ).readAll(bytesMax: 1 << 26)
    let older = try OpenFile("keys/keyset", .reading, on: ground.scratch.disk)
      .readAll(bytesMax: 1 << 26)
    func put(_ keyset: [UInt8]) throws {
      try AtomicReplace.write(
        keyset, to: "depot/.p4cache/events/keys/keyset", mode: 0o600, replacing: true,
        on: ground.scratch.disk, entropy: .live)
    }

    try put(older)
    let refused = try ground.run("drain", "--timeout", "1s")
    #expect(refused.ending != .exited(0))
    #expect(refused.errorText.contains("key"), "\(refused.errorText)")
    let newerKey = try #require(try ground.text("secrets/kek"))
    try ground.replace("secrets/kek", olderKey)
    let again = try ground.run("drain", "--timeout", "1s")
    #expect(again.ending != .exited(0))
    #expect(again.errorText.contains("key"), "\(again.errorText)")

    try ground.replace("secrets/kek", newerKey)
    try put(newer)
    try reads("stays", Self.other)
  }

  @Test func `what is dirty or pinned is not shredded unless that is asked for`() throws {
    #expect(try ground.run("pin", "gone").ending == .exited(0))
    let pinned = try ground.run("shred", "gone", "--yes")
    #expect(pinned.ending == .exited(3), "\(pinned.errorText)")
    #expect(pinned.outputText.contains("it is pinned"), "\(pinned.outputText)")
    #expect(try ground.text("depot/gone") == Self.secret)
    #expect(try ground.run("uploads", "pause").ending == .exited(0))
    try ground.write("stays", "newer bytes of it")
    let engine = try ground.start()
    #expect(try ground.becomesTrue { try ground.standing("stays") == "dirty hot" })
    engine.signal(SIGTERM)
    _ = try engine.wait()
    let dirty = try ground.run("shred", "stays", "--force", "--yes")
    #expect(dirty.ending == .exited(3), "\(dirty.errorText)")
    #expect(dirty.outputText.contains("it is dirty"), "\(dirty.outputText)")
    #expect(try ground.text("depot/stays") == "newer bytes of it")
    #expect(try ground.run("shred", "gone", "--force", "--yes").ending == .exited(0))
    #expect(try ground.text("depot/gone") == nil)
  }
}
