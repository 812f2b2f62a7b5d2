// Keys: every path has one, none shares it, and the path comes back from it.

import Ambient
import ColdStorage
import DurableFiles
import EventStore
import Manifest
import Testing

@testable import CacheEngine

@Suite struct ObjectNamingTests {
  private let text = ObjectNaming(
    limits: KeyLimits(bytesMax: 1_024, isText: true),
    lineage: Lineage(id: EventID(high: 1, low: 2)))

  private static func path(_ bytes: [UInt8]) throws -> FilePath { try FilePath(bytes: bytes) }

  @Test func `a key shows the path that a person knows`() {
    let key = text.key(of: "main/src/a.c,v", generation: 7)
    #expect(key.description.hasPrefix("files/main/src/a.c,v~"))
    #expect(key.bytes.count == "files/main/src/a.c,v~".utf8.count + 16)
  }

  @Test func `any bytes that a name may have make a valid key, and come back from it`() throws {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<2_000 {
      let components = (0..<1 + generator.below(4)).map { _ in
        (0..<1 + generator.below(12)).map { _ -> UInt8 in
          let byte = UInt8(generator.below(256))
          return byte == 0 || byte == UInt8(ascii: "/") ? UInt8(ascii: "~") : byte
        }
      }
      let bytes = Array(components.joined(separator: [UInt8(ascii: "/")]))
      guard let path = try? FilePath(bytes: bytes) else { continue }
      let key = text.key(of: path, generation: 1)
      try key.check(against: KeyLimits(bytesMax: 1_024, componentBytesMax: 255, isText: true))
      #expect(ObjectNaming.path(in: key) == path)
    }
  }

  @Test func `a name that a backend keeps for itself is spelled otherwise`() {
    let key = text.key(of: ".larder-locks/.p4cache~0123456789abcdef", generation: 1)
    #expect(key.description.hasPrefix("files/%2elarder-locks/%2ep4cache%7e0123456789abcdef~"))
  }

  @Test func `each generation has an object of its own, and so has each engine`() {
    let other = ObjectNaming(
      limits: KeyLimits(bytesMax: 1_024, isText: true),
      lineage: Lineage(id: EventID(high: 1, low: 3)))
    let keys = [
      text.key(of: "a", generation: 1), text.key(of: "a", generation: 2),
      other.key(of: "a", generation: 1),
    ]
    #expect(Set(keys).count == 3)
    #expect(keys.allSatisfy { $0.bytes.starts(with: text.prefix(of: "a")) })
    #expect(text.key(of: "a", generation: 1) == keys[0])
  }

  @Test func `no object of one path begins with the prefix of another`() {
    let paths: [FilePath] = ["a", "a/b", "a~", "ab", "a.b", "a%7e", "b"]
    for path in paths {
      for other in paths where other != path {
        #expect(!text.key(of: other, generation: 1).bytes.starts(with: text.prefix(of: path)))
      }
    }
  }

  @Test func `a path that no key can hold is kept under its digest, and its name beside it`() throws
  {
    let long = try Self.path(
      Array(repeatElement(Array("é".utf8) + Array("/".utf8), count: 160).joined()) + [0x61])
    let key = text.key(of: long, generation: 1)
    #expect(key.description.hasPrefix("long/") && key.bytes.count == 5 + 64 + 17)
    #expect(ObjectNaming.path(in: key) == nil)
    #expect(text.nameKey(of: long) == nil)
    #expect(ObjectLabel.fits(long))

    let longer = try Self.path(
      Array(repeatElement(Array("é".utf8) + Array("/".utf8), count: 400).joined()) + [0x61])
    #expect(!ObjectLabel.fits(longer))
    #expect(text.nameKey(of: longer)?.description.hasPrefix("names/") == true)
    #expect(text.nameKey(of: "short") == nil)
  }

  @Test func `a component that grows too long by its version goes under its digest`() throws {
    let naming = ObjectNaming(
      limits: KeyLimits(bytesMax: 3_800, componentBytesMax: 255, isText: false),
      lineage: Lineage(id: EventID(high: 1, low: 2)))
    let fits = try Self.path([UInt8](repeating: 0x61, count: 238))
    let exceeds = try Self.path([UInt8](repeating: 0x61, count: 239))
    #expect(!naming.isLong(fits))
    #expect(naming.isLong(exceeds))
    try naming.key(of: fits, generation: 1).check(
      against: KeyLimits(bytesMax: 3_800, componentBytesMax: 255, isText: false))
  }

  @Test(arguments: [
    "files/a", "files/a~12", "other/a~0123456789abcdef", "files/a%7~0123456789abcdef",
    "files/A%41~0123456789abcdef", "files/a/%2e%2e/b~0123456789abcdef", "files/~0123456789abcdef",
  ])
  func `an object that somebody else named tells no path`(_ key: String) throws {
    #expect(ObjectNaming.path(in: try ObjectKey(key)) == nil)
  }

  @Test func `a label comes back as it was written`() throws {
    let details = FileDetails(
      size: 12, mode: 0o4_751, owner: 1_000, group: 50, modifiedNanoseconds: -1_234_567_890_123)
    let path = try Self.path([0x61, 0xFF, 0x2F, 0x62])
    for label in [
      ObjectLabel(details, generation: 77), ObjectLabel(details, generation: 1, path: path),
    ] {
      try label.metadata.check()
      let status = ObjectStatus(
        key: "files/a~0123456789abcdef", size: 12, etag: ETag("x"), modified: WallTime(seconds: 1),
        metadata: label.metadata)
      #expect(ObjectLabel(of: status) == label)
    }
  }

  @Test(arguments: [
    ("larder-format", "2"), ("larder-mode", "9"), ("larder-mode", "17777"), ("larder-owner", "1"),
    ("larder-modified", "soon"), ("larder-generation", "-1"), ("larder-path", "%2"),
  ])
  func `a label that is not ours is none`(_ name: String, _ value: String) {
    let details = FileDetails(size: 1, mode: 0o644, owner: 0, group: 0, modifiedNanoseconds: 0)
    var metadata = ObjectLabel(details, generation: 1).metadata
    metadata[name] = value
    let status = ObjectStatus(
      key: "k", size: 1, etag: ETag("x"), modified: WallTime(seconds: 1), metadata: metadata)
    #expect(ObjectLabel(of: status) == nil)
  }
}
