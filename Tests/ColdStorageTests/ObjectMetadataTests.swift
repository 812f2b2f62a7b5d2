// What may travel beside an object's bytes.

import Testing

@testable import ColdStorage

@Suite struct ObjectMetadataTests {
  @Test func `a name is found whatever its case`() {
    let metadata: ObjectMetadata = ["Mode": "0644"]
    #expect(metadata["mode"] == "0644")
    #expect(metadata["MODE"] == "0644")
    #expect(metadata.entries == ["mode": "0644"])
  }

  @Test(arguments: ["mode", "x2", "modified-nanoseconds"])
  func `a plain name is sent`(name: String) throws {
    try ObjectMetadata([name: "v"]).check()
  }

  @Test(arguments: ["", "2x", "-x", "a_b", "a b", "ä", "a:b", "a\n"])
  func `a name that some backend would change is refused`(name: String) {
    #expect(
      throws: StorageError.badMetadata(
        "'\(name)' is no name for metadata: use lower-case letters, digits and hyphens")
    ) { try ObjectMetadata([name: "v"]).check() }
  }

  @Test(arguments: [" v", "v ", "a\nb", "\u{7F}", "ü", "\0"])
  func `a value that some backend would change is refused`(value: String) {
    #expect(throws: StorageError.self) { try ObjectMetadata(["name": value]).check() }
  }

  @Test func `two kibibytes are sent and a byte more is refused`() throws {
    let value = String(repeating: "v", count: ObjectMetadata.bytesMax - 4)
    try ObjectMetadata(["name": value]).check()
    #expect(throws: StorageError.self) { try ObjectMetadata(["name": value + "v"]).check() }
  }
}

@Suite struct BytesSinkTests {
  @Test func `parts land where they belong, in whatever order`() throws {
    let sink = BytesSink(bytesMax: 6)
    try sink.begin(size: 6)
    try sink.write([4, 5, 6].span, at: 3)
    try sink.write([1, 2, 3].span, at: 0)
    #expect(sink.bytes == [1, 2, 3, 4, 5, 6])
  }

  @Test func `what is begun anew holds nothing of the first time`() throws {
    let sink = BytesSink(bytesMax: 6)
    try sink.begin(size: 6)
    try sink.write([9, 9, 9, 9].span, at: 0)
    try sink.begin(size: 2)
    #expect(sink.bytes == [0, 0])
  }

  @Test func `more than it takes is refused before the first byte`() {
    let sink = BytesSink(bytesMax: 6)
    #expect(throws: StorageError.tooLarge(size: 7, bytesMax: 6)) { try sink.begin(size: 7) }
  }

  @Test func `a source in memory gives the bytes at an offset`() throws {
    let source = BytesSource([1, 2, 3, 4, 5])
    var bytes: [UInt8] = [0, 0, 0]
    try source.read(at: 2, into: &bytes, count: 2)
    #expect(bytes == [3, 4, 0])
    #expect(source.size == 5)
  }
}
