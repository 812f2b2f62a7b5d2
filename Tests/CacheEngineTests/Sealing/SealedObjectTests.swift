// Objects sealed and opened: the same bytes from every side, parts found by reckoning, and every
// change of what is stored noticed.

import Ambient
import Bytes
import ColdStorage
import Digests
import DurableFiles
import EventStore
import Synchronization
import Testing

@testable import CacheEngine

@Suite struct SealedObjectTests {
  private static let scope = SealingScope(of: "main/a.c,v", under: .file)
  private let key = SealedObjectTests.key(1)
  private let name: ObjectKey = "a"

  private static func key(
    _ number: UInt64, generation: UInt32 = 1, scope: SealingScope = scope
  ) -> DataKey {
    DataKey(
      DataKeyID(scope.keyScope, generation: generation),
      SecretBytes(count: 32, from: .seeded(number)))
  }

  private func plaintext(_ count: Int, seed: UInt64 = 5) -> [UInt8] {
    Entropy.seeded(seed).bytes(count)
  }

  private func sealed(_ plaintext: [UInt8], under key: DataKey? = nil, seed: UInt64 = 9) throws
    -> [UInt8]
  {
    let source = SealedSource(BytesSource(plaintext), under: key ?? self.key, .seeded(seed))
    var bytes = [UInt8](repeating: 0, count: Int(source.size))
    try source.read(at: 0, into: &bytes, count: bytes.count)
    return bytes
  }

  /// What a sink makes of an object that arrives in pieces.
  private func opened(
    _ sealed: [UInt8], under key: DataKey? = nil, piece: Int = 10_000
  ) throws(StorageError) -> [UInt8] {
    let target = BytesSink(bytesMax: 1 << 24)
    let sink = OpeningSink(name, under: key ?? self.key, into: target)
    try sink.begin(size: UInt64(sealed.count))
    for start in stride(from: 0, to: sealed.count, by: piece) {
      let end = min(start + piece, sealed.count)
      try sink.write(sealed.span.extracting(start..<end), at: UInt64(start))
    }
    let digest = try sink.finish()
    let bytes = target.bytes
    #expect(digest == Blake3.digest(of: bytes))
    return bytes
  }

  private func refusal(_ sealed: [UInt8], under key: DataKey? = nil) -> String? {
    do throws(StorageError) {
      _ = try opened(sealed, under: key)
      return nil
    } catch .integrity(let object, let detail) {
      #expect(object == name)
      return detail
    } catch {
      return "\(error)"
    }
  }

  private static let sizes = [0, 1, 65_535, 65_536, 65_537, 131_072, 300_001]

  @Test(arguments: sizes)
  func `what is sealed opens, however it arrives`(_ count: Int) throws {
    let plaintext = plaintext(count)
    let sealed = try sealed(plaintext)
    let chunks = max(1, (count + 65_535) / 65_536)
    #expect(sealed.count == 96 + count + 40 * chunks)
    for piece in [1_000, 65_576, 1 << 20] {
      #expect(try opened(sealed, piece: piece) == plaintext)
    }
  }

  @Test(arguments: sizes)
  func `whoever reads in any pieces, in any order and again, gets the same bytes`(
    _ count: Int
  ) throws {
    let plaintext = plaintext(count)
    let source = SealedSource(BytesSource(plaintext), under: key, .seeded(9))
    let whole = try sealed(plaintext)
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<40 {
      let start = generator.below(whole.count)
      let count = 1 + generator.below(min(whole.count - start, 150_000))
      var bytes = [UInt8](repeating: 0xEE, count: count + 3)
      try source.read(at: UInt64(start), into: &bytes, count: count)
      #expect(bytes[..<count] == whole[start..<start + count])
      #expect(bytes[count...] == [0xEE, 0xEE, 0xEE])
    }
    var all = whole
    try source.read(at: 0, into: &all, count: all.count)
    #expect(source.plaintextDigest == Blake3.digest(of: plaintext))
  }

  @Test func `no plaintext is in the object, and two sealings of it share nothing`() throws {
    let plaintext = [UInt8](repeating: UInt8(ascii: "a"), count: 200_000)
    let (one, other) = (try sealed(plaintext), try sealed(plaintext, seed: 10))
    #expect(one.firstRange(of: plaintext[..<16]) == nil)
    let chunks = [one[96..<65_672], one[65_672..<131_248], other[96..<65_672]].map { Array($0) }
    #expect(Set(chunks.map { Array($0[24...]) }).count == 3)
  }

  @Test func `a file that changes between two readings never gets one nonce twice`() throws {
    let source = ChangingSource(bytes: plaintext(70_000))
    let sealing = SealedSource(source, under: key, .seeded(9))
    var before = [UInt8](repeating: 0, count: 65_576)
    try sealing.read(at: 96, into: &before, count: before.count)
    source.change(at: 100)
    // Others were read meanwhile, so that the shelf does not have it any more.
    let again = SealedSource(source, under: key, .seeded(9))
    var after = before
    try again.read(at: 96, into: &after, count: after.count)
    #expect(before[..<24] != after[..<24])
    source.change(at: 100)
    let back = SealedSource(source, under: key, .seeded(9))
    try back.read(at: 96, into: &after, count: after.count)
    #expect(before == after)
  }

  // MARK: - What is noticed

  @Test func `every byte counts`() throws {
    let sealed = try sealed(plaintext(33))
    for index in sealed.indices {
      for bit in [0, 7] {
        var changed = sealed
        changed[index] ^= UInt8(1 << bit)
        #expect(refusal(changed) != nil, "byte \(index), bit \(bit)")
      }
    }
  }

  @Test func `chunks have their places`() throws {
    let sealed = try sealed(plaintext(150_000))
    let head = Array(sealed[..<96])
    let (first, second) = (Array(sealed[96..<65_672]), Array(sealed[65_672..<131_248]))
    let last = Array(sealed[131_248...])
    #expect(refusal(head + first + second + last) == nil)
    #expect(
      refusal(head + second + first + last) == "its chunk 0 does not open under its key")
    #expect(
      refusal(head + first + first + last) == "its chunk 1 does not open under its key")
    for cut in [head + first + second, head + first, head] {
      #expect(refusal(cut) == "it has \(cut.count) bytes, and \(sealed.count) were sealed")
    }
    #expect(refusal(sealed + last) != nil)
    #expect(refusal(sealed + [0]) != nil)
    #expect(refusal(Array(sealed.dropLast())) != nil)
  }

  @Test func `an object that was cut and says so itself does not open`() throws {
    // Whoever can write the store makes a header that fits; without the key no chunk opens with it.
    let sealed = try sealed(plaintext(131_072))
    let header = try SealedHeader.decode(Array(sealed[..<96]))
    let shorter = SealedHeader(key: header.key, salt: header.salt, plaintextBytes: 65_536)
    let forged = shorter.encode() + sealed[96..<65_672]
    #expect(refusal(forged) == "its chunk 0 does not open under its key")
  }

  @Test func `chunks of another object of the same key do not open`() throws {
    let (one, other) = (
      try sealed(plaintext(100_000)), try sealed(plaintext(100_000, seed: 6), seed: 11)
    )
    #expect(refusal(Array(one[..<65_672] + other[65_672...])) != nil)
    #expect(refusal(Array(other[..<96] + one[96...])) != nil)
  }

  @Test func `another key is told by its name, and another of the same name by the chunks`() throws
  {
    let sealed = try sealed(plaintext(10))
    let text = "it is sealed under another key than the one that is recorded"
    #expect(refusal(sealed, under: Self.key(1, generation: 2)) == text)
    let neighbour = SealingScope(of: "main/b.c,v", under: .file)
    #expect(refusal(sealed, under: Self.key(1, scope: neighbour)) == text)
    #expect(
      refusal(sealed, under: Self.key(2)) == "its chunk 0 does not open under its key")
  }

  @Test func `what is no sealed object is told as that`() throws {
    let sealed = try sealed(plaintext(10))
    #expect(
      refusal(plaintext(1_000)) == "it is not a sealed object, and should be one")
    #expect(refusal([]) == "it ends early")
    #expect(refusal(Array(sealed[..<50])) == "it ends early")
    var newer = sealed
    newer[8] = 2
    #expect(
      refusal(newer) == "it is sealed in format 2, which a later version of larder knows")
    var damaged = sealed
    damaged[50] ^= 1
    #expect(refusal(damaged) == "its header does not match its hash")
  }

  @Test func `what comes out of order is refused, and a new beginning begins anew`() throws {
    let plaintext = plaintext(70_000)
    let sealed = try sealed(plaintext)
    let target = BytesSink(bytesMax: 1 << 20)
    let sink = OpeningSink(name, under: key, into: target)
    #expect(sink.isOrdered)
    try sink.begin(size: UInt64(sealed.count))
    try sink.write(sealed.span.extracting(0..<66_000), at: 0)
    #expect(throws: StorageError.integrity(name, "its bytes came out of order")) {
      try sink.write(sealed.span.extracting(67_000..<68_000), at: 67_000)
    }
    #expect(throws: StorageError.integrity(name, "it ends early")) { try sink.finish() }
    try sink.begin(size: UInt64(sealed.count))
    try sink.write(sealed.span, at: 0)
    #expect(try sink.finish() == Blake3.digest(of: plaintext))
    #expect(target.bytes == plaintext)
  }

  // MARK: - In a store

  @Test(arguments: sizes)
  func `an object in a store is read whole and in parts`(_ count: Int) throws {
    let ground = try Ground()
    let plaintext = plaintext(count)
    let source = SealedSource(BytesSource(plaintext), under: key, .live)
    let transfer = try ground.local.upload(name, from: source, UploadRequest())
    #expect(transfer.object.size == source.size)
    #expect(source.plaintextDigest == Blake3.digest(of: plaintext))
    let objects = SealedObjects(store: ground.local)
    let whole = BytesSink(bytesMax: 1 << 20)
    #expect(
      try objects.download(name, under: key, to: whole) == Blake3.digest(of: plaintext))
    #expect(whole.bytes == plaintext)

    let header = try objects.header(of: name)
    #expect(header.plaintextBytes == UInt64(count) && header.key == key.id)
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<12 {
      let start = generator.below(count + 10)
      let end = start + generator.below(200_000)
      let sink = BytesSink(bytesMax: 1 << 20)
      try objects.download(
        name, under: key, header, part: UInt64(start)..<UInt64(end), to: sink)
      #expect(sink.bytes == Array(plaintext[min(start, count)..<min(end, count)]))
    }
  }

  @Test func `a part that was changed is refused, and others still open`() throws {
    let ground = try Ground()
    var sealed = try sealed(plaintext(150_000))
    sealed[70_000] ^= 1
    _ = try ground.local.upload(name, from: BytesSource(sealed), UploadRequest())
    let objects = SealedObjects(store: ground.local)
    let header = try objects.header(of: name)
    let sink = BytesSink(bytesMax: 1 << 20)
    try objects.download(name, under: key, header, part: 0..<65_536, to: sink)
    #expect(sink.bytes == Array(plaintext(150_000)[..<65_536]))
    #expect(throws: StorageError.integrity(name, "its chunk 1 does not open under its key")) {
      try objects.download(name, under: key, header, part: 65_535..<65_537, to: sink)
    }
  }

  // MARK: - Golden bytes

  @Test func `the format is what it was`() throws {
    // Key 00…1f of the scope `depot`, salt 20…2f, the plaintext "larder".
    let secret = SecretBytes(copying: Array(0..<32).span)
    let depot = SealingScope(of: "x", under: .depot)
    let key = DataKey(DataKeyID(depot.keyScope, generation: 3), secret)
    let header = SealedHeader(key: key.id, salt: Array(0x20..<0x30), plaintextBytes: 6)
    let sealer = try ChunkSealer(header, key)
    let object = sealer.headerBytes + sealer.sealed(Array("larder".utf8), chunk: 0)
    #expect(hexadecimal(object) == Self.golden, "the object is now \(hexadecimal(object))")
    #expect(try opened(object, under: key) == Array("larder".utf8))
  }

  private static let golden =
    "4c4152444f424a0101001000030000006d4471814dc601f56784ecd0e6f9aa582021222324252627"
    + "28292a2b2c2d2e2f060000000000000000000000000000004e3d75cd53bf3695cd6718b23b473c30"
    + "7afcfe7655ff5f0515b6e765c6535eb8c0b9f9aeedae3a7465469d729693180e3e037e17cb467cf6"
    + "0527ce35e884205651749b26bc6342c6c53f3b9698b5"
}

@Suite struct SealingScopeTests {
  @Test func `what shares a key is what the setting says`() {
    func name(_ path: FilePath, _ kind: SealingScopeKind) -> String {
      SealingScope(of: path, under: kind).name
    }
    #expect(name("a/b", .file) == "file:\(Blake3.digest(of: Array("a/b".utf8)))")
    #expect(name("a/b", .file) != name("a/c", .file))
    #expect(name("a/b", .directory) == name("a/c", .directory))
    #expect(name("a/b", .directory) != name("a/b/c", .directory))
    #expect(name("a", .directory) == "directory:\(Blake3.digest(of: []))")
    #expect(name("a/b", .depot) == "depot" && name("c", .depot) == "depot")
  }
}

/// Bytes that somebody changes between two readings.
private final class ChangingSource: ObjectSource {
  private let bytes: Mutex<[UInt8]>

  init(bytes: [UInt8]) {
    self.bytes = Mutex(bytes)
  }

  var size: UInt64 { UInt64(bytes.withLock(\.count)) }

  func change(at index: Int) {
    bytes.withLock { $0[index] ^= 0x55 }
  }

  func read(at offset: UInt64, into target: inout [UInt8], count: Int) throws(StorageError) {
    try BytesSource(bytes.withLock { $0 }).read(at: offset, into: &target, count: count)
  }
}
