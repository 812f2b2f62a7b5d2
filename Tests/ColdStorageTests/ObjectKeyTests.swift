// The rules of keys, as a table: what is refused, with which rule, and what is taken.

import Testing

@testable import ColdStorage

@Suite struct ObjectKeyTests {
  @Test(arguments: [
    ("", KeyFault.empty),
    ("/a", .absolute),
    ("/", .absolute),
    ("a//b", .emptyComponent),
    ("a/", .emptyComponent),
    (".", .dotComponent),
    ("..", .dotComponent),
    ("a/./b", .dotComponent),
    ("a/../b", .dotComponent),
    ("../a", .dotComponent),
    ("a/..", .dotComponent),
    ("a\0b", .nul),
    ("a\\b", .backslash),
    ("..\\a", .backslash),
    (".p4cache", .reserved),
    (".p4cache/manifest.sqlite", .reserved),
  ])
  func `a key that no store should hold is refused with its rule`(
    text: String, fault: KeyFault
  ) {
    #expect(throws: StorageError.self) { try ObjectKey(text) }
    #expect(ObjectKey.fault(in: Array(text.utf8)) == fault)
  }

  @Test(arguments: [
    "a", "a/b", "...", "a/...", "..a", ".hidden", "a/.p4cache", ".p4cache2", " ", "a b", "a%2Fb",
    "a+b#c?d~e", "\"quoted\" 'name'", "depot/main/file.c,v", "file,d/1.1024.gz", "grün/文件/🎻",
    "a\nb", "-", "*",
  ])
  func `an awkward but harmless key is taken as it is`(text: String) throws {
    #expect(try ObjectKey(text).bytes == Array(text.utf8))
  }

  @Test func `keys that look alike are two keys`() {
    let composed = ObjectKey("caf\u{E9}")
    let decomposed = ObjectKey("cafe\u{301}")
    #expect(composed != decomposed)
    #expect(decomposed < composed)
  }

  @Test func `keys are ordered by their bytes and not by their components`() throws {
    let keys = try ["a/b", "a-b", "a", "a0", "a/b/c", "B", "\u{FF}"].map { try ObjectKey($0) }
    #expect(keys.sorted().map(\.description) == ["B", "a", "a-b", "a/b", "a/b/c", "a0", "ÿ"])
  }

  @Test func `a key of bytes that are no text is a key until a backend wants text`() throws {
    let key = try ObjectKey(bytes: [0x61, 0xFF])
    #expect(key.description == "a\\xff")
    try key.check(against: KeyLimits(bytesMax: 10, isText: false))
    #expect(throws: StorageError.invalidKey("a\\xff", .notText)) {
      try key.check(against: KeyLimits(bytesMax: 10, isText: true))
    }
  }

  @Test func `a backend's longest key is taken and the next one refused`() throws {
    let limits = KeyLimits(bytesMax: 1_024, isText: true)
    try ObjectKey(String(repeating: "k", count: 1_024)).check(against: limits)
    let tooLong = String(repeating: "k", count: 1_025)
    #expect(throws: StorageError.invalidKey(tooLong, .tooLong(bytesMax: 1_024))) {
      try ObjectKey(tooLong).check(against: limits)
    }
  }

  @Test func `a backend's longest component is taken and the next one refused`() throws {
    let limits = KeyLimits(bytesMax: 4_000, componentBytesMax: 255, isText: false)
    let longest = String(repeating: "k", count: 255)
    try ObjectKey("a/\(longest)/b").check(against: limits)
    #expect(
      throws: StorageError.invalidKey("a/k\(longest)", .componentTooLong(bytesMax: 255))
    ) {
      try ObjectKey("a/k\(longest)").check(against: limits)
    }
  }

  @Test func `the base name is the last component made safe to print`() {
    #expect(ObjectKey("a/b/c d").baseName == "c d")
    #expect(ObjectKey("a/b\n").baseName == "b\\x0a")
    #expect(ObjectKey("alone").baseName == "alone")
  }

  @Test func `every rule says what to do in one sentence`() {
    let faults: [(KeyFault, String)] = [
      (.empty, "it is empty; give the object a name"),
      (.absolute, "it begins with '/'; write it relative to the store"),
      (
        .emptyComponent,
        "it has an empty component; write one '/' between names and none at the end"
      ),
      (.dotComponent, "it has a '.' or '..' component; write the path that it leads to"),
      (.nul, "it contains NUL; no store can hold such a name"),
      (.backslash, "it contains a backslash; separate names with '/'"),
      (.reserved, "'.p4cache' belongs to the engine and is never stored"),
      (.tooLong(bytesMax: 9), "it has more than the 9 bytes that this backend allows"),
      (
        .componentTooLong(bytesMax: 9),
        "one of its components has more than the 9 bytes that this backend allows"
      ),
      (.notText, "this backend holds names in UTF-8 only, and it is none"),
      (
        .reservedByBackend(".larder~"),
        "names that begin with '.larder~' belong to this backend; choose another"
      ),
    ]
    for (fault, sentence) in faults { #expect(fault.description == sentence) }
  }
}

@Suite struct KeyPrefixTests {
  @Test func `a prefix stands before every key and is taken off again`() throws {
    let prefix = try KeyPrefix("team/depot")
    let key: ObjectKey = "main/file.c,v"
    #expect(prefix.name(of: key) == Array("team/depot/main/file.c,v".utf8))
    #expect(prefix.key(of: prefix.name(of: key)) == key)
    #expect(try KeyPrefix("team/depot/") == prefix)
  }

  @Test func `no prefix changes nothing`() throws {
    #expect(KeyPrefix.none.name(of: "a/b") == Array("a/b".utf8))
    #expect(try KeyPrefix("") == .none)
  }

  @Test(arguments: ["team/depot", "team/depot/", "team/depot2/a", "other", "team/depot/a/../b"])
  func `a name outside the prefix is nobody's key`(name: String) throws {
    #expect(try KeyPrefix("team/depot").key(of: Array(name.utf8)) == nil)
  }

  @Test(arguments: ["/", "/a", "a//b", "../a", "a\\b", "a//", ".p4cache/x"])
  func `a prefix follows the rules of keys`(text: String) {
    #expect(throws: StorageError.self) { try KeyPrefix(text) }
  }
}
