// What every disk promises of names: directories, moves, removals, copies, and the root.

import Ambient
import DurableFiles
import Testing

@Suite final class NameContractTests {
  private let grounds = Grounds()

  @Test(arguments: DiskKind.allCases)
  func `what stands at a path is told, and that nothing does`(_ kind: DiskKind) throws {
    let ground = try grounds.make(kind)
    let disk = ground.disk
    #expect(try disk.status(at: "a") == nil)
    #expect(try disk.status(at: "no/way") == nil)
    #expect(try disk.status(at: .root)?.kind == .directory)
    try disk.put("a", [])
    try ground.plantLink("link", to: "a")
    try ground.plantPipe("pipe")
    #expect(try disk.status(at: "a")?.kind == .regular)
    #expect(try disk.status(at: "link")?.kind == .symbolicLink)
    #expect(try disk.status(at: "pipe")?.kind == .other)
    #expect(throws: DiskError.notADirectory("a")) { try disk.status(at: "a/b") }
    #expect(throws: DiskError.escapes("link/b")) { try disk.status(at: "link/b") }
  }

  @Test(arguments: DiskKind.allCases)
  func `names are bytes, whatever they say`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    let names: [[UInt8]] = [
      [0xFF, 0xFE], Array("é".utf8), Array("e\u{301}".utf8), [0x0A], [0x01, 0x7F],
      Array("...".utf8), Array("a b".utf8), [UInt8](repeating: 0x61, count: 255), Array("~".utf8),
    ]
    for (index, name) in names.enumerated() {
      try disk.put(FilePath.root.appending(name), [UInt8(index)])
    }
    let listed = try disk.list(.root).map(\.name)
    #expect(Set(listed) == Set(names) && listed.count == names.count)
    for (index, name) in names.enumerated() {
      #expect(try disk.get(FilePath(bytes: name)) == [UInt8(index)])
    }
  }

  @Test(arguments: DiskKind.allCases)
  func `a name that is too long is refused`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    let long = FilePath.root.appending([UInt8](repeating: 0x61, count: 256))
    #expect(throws: DiskError.badPath("\(long)")) { try disk.put(long, []) }
    #expect(throws: DiskError.badPath("\(long)")) { try disk.makeDirectory(long, mode: 0o700) }
  }

  @Test(arguments: DiskKind.allCases)
  func `a directory lists its names and their kinds`(_ kind: DiskKind) throws {
    let ground = try grounds.make(kind)
    let disk = ground.disk
    #expect(try disk.list(.root).isEmpty)
    try disk.makeDirectory("directory", mode: 0o700)
    try disk.put("directory/inner", [])
    try disk.put("file", [])
    try ground.plantLink("link", to: "nowhere")
    try ground.plantPipe("pipe")
    let kinds = try Dictionary(
      uniqueKeysWithValues: disk.list(.root).map {
        (String(decoding: $0.name, as: UTF8.self), $0.kind)
      })
    #expect(
      kinds == ["directory": .directory, "file": .regular, "link": .symbolicLink, "pipe": .other])
    #expect(try disk.names("directory") == ["inner"])
    #expect(throws: DiskError.notADirectory("file")) { try disk.list("file") }
    #expect(throws: DiskError.absent("none")) { try disk.list("none") }
    #expect(throws: DiskError.escapes("link")) { try disk.list("link") }
  }

  @Test(arguments: DiskKind.allCases)
  func `a directory is listed in pages, each name once`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    for index in 0..<1_000 { try disk.put(FilePath.root.appending("name-\(index)"), []) }
    var seen: [[UInt8]] = []
    var position: ListPosition? = .start
    while let from = position {
      let page = try disk.list(.root, from: from, max: 7)
      #expect(page.entries.count <= 7)
      seen += page.entries.map(\.name)
      // What was told may go; the rest is still told once.
      if let first = page.entries.first { try disk.remove(FilePath(bytes: first.name)) }
      position = page.next
    }
    #expect(seen.count == 1_000 && Set(seen).count == 1_000)
    #expect(throws: DiskError.tooLarge(.root, max: 10)) { try disk.list(.root, max: 10) }
  }

  @Test(arguments: DiskKind.allCases)
  func `a directory is made with exactly the mode asked for`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    for mode: UInt16 in [0o700, 0o777, 0o1777, 0o2770] {
      let path = FilePath.root.appending("mode-\(mode)")
      try disk.makeDirectory(path, mode: mode)
      #expect(try disk.status(at: path)?.mode == mode)
      #expect(throws: DiskError.exists(path)) { try disk.makeDirectory(path, mode: mode) }
    }
    try disk.put("file", [])
    #expect(throws: DiskError.exists("file")) { try disk.makeDirectory("file", mode: 0o700) }
    #expect(throws: DiskError.exists(.root)) { try disk.makeDirectory(.root, mode: 0o700) }
    #expect(throws: DiskError.absent("no/way")) { try disk.makeDirectory("no/way", mode: 0o700) }
    #expect(throws: DiskError.notADirectory("file")) {
      try disk.makeDirectory("file/a", mode: 0o700)
    }
  }

  @Test(arguments: DiskKind.allCases)
  func `a removed file is gone, and stays readable where it is open`(_ kind: DiskKind) throws {
    let ground = try grounds.make(kind)
    let disk = ground.disk
    try disk.put("a", [1, 2])
    let file = try OpenFile("a", .reading, on: disk)
    try disk.remove("a")
    #expect(try file.read(at: 0, count: 2) == [1, 2])
    #expect(throws: DiskError.absent("a")) { try disk.remove("a") }
    try disk.makeDirectory("directory", mode: 0o700)
    #expect(throws: DiskError.isADirectory("directory")) { try disk.remove("directory") }
    try ground.plantLink("link", to: "directory")
    try disk.remove("link")
    #expect(try disk.names() == ["directory"])
  }

  @Test(arguments: DiskKind.allCases)
  func `only an empty directory is removed`(_ kind: DiskKind) throws {
    let ground = try grounds.make(kind)
    let disk = ground.disk
    try disk.makeDirectory("directory", mode: 0o700)
    try disk.put("directory/a", [])
    #expect(throws: DiskError.directoryNotEmpty("directory")) {
      try disk.removeDirectory("directory")
    }
    #expect(throws: DiskError.notADirectory("directory/a")) {
      try disk.removeDirectory("directory/a")
    }
    try ground.plantLink("link", to: "directory")
    #expect(throws: DiskError.notADirectory("link")) { try disk.removeDirectory("link") }
    try disk.remove("directory/a")
    try disk.removeDirectory("directory")
    #expect(throws: DiskError.absent("directory")) { try disk.removeDirectory("directory") }
  }

  @Test(arguments: DiskKind.allCases)
  func `a move takes the file along and replaces only when told`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.makeDirectory("directory", mode: 0o700)
    try disk.put("a", [1])
    try disk.put("b", [2])
    #expect(throws: DiskError.exists("b")) { try disk.rename("a", to: "b", replacing: false) }
    #expect(try disk.get("a") == [1])
    #expect(try disk.get("b") == [2])
    let replaced = try OpenFile("b", .reading, on: disk)
    try disk.rename("a", to: "b", replacing: true)
    #expect(try disk.get("b") == [1])
    #expect(try replaced.read(at: 0, count: 1) == [2])
    try disk.rename("b", to: "directory/c", replacing: false)
    #expect(try disk.names() == ["directory"])
    #expect(try disk.get("directory/c") == [1])
    try disk.rename("directory/c", to: "directory/c", replacing: true)
    try disk.put("b", [2])
    #expect(throws: DiskError.exists("directory/c")) {
      try disk.rename("directory/c", to: "directory/c", replacing: false)
    }
    #expect(throws: DiskError.absent("a")) { try disk.rename("a", to: "z", replacing: true) }
    #expect(throws: DiskError.absent("a")) { try disk.rename("a", to: "z", replacing: false) }
    #expect(throws: DiskError.absent("no/z")) {
      try disk.rename("directory/c", to: "no/z", replacing: true)
    }
    #expect(throws: DiskError.notADirectory("directory/c")) {
      try disk.rename("b", to: "directory/c/d", replacing: true)
    }
  }

  @Test(arguments: DiskKind.allCases)
  func `directories move with what they hold, and replace only empty ones`(
    _ kind: DiskKind
  ) throws {
    let disk = try grounds.make(kind).disk
    for name: FilePath in ["a", "b", "c"] { try disk.makeDirectory(name, mode: 0o700) }
    try disk.put("a/file", [1])
    try disk.put("c/file", [3])
    try disk.put("file", [0])
    try disk.rename("a", to: "b", replacing: true)
    #expect(try disk.get("b/file") == [1])
    #expect(throws: DiskError.directoryNotEmpty("c")) {
      try disk.rename("b", to: "c", replacing: true)
    }
    #expect(throws: DiskError.notADirectory("file")) {
      try disk.rename("b", to: "file", replacing: true)
    }
    #expect(throws: DiskError.isADirectory("b")) {
      try disk.rename("file", to: "b", replacing: true)
    }
    #expect(throws: DiskError.badPath("b/inside")) {
      try disk.rename("b", to: "b/inside", replacing: true)
    }
    #expect(try disk.names() == ["b", "c", "file"])
  }

  @Test(arguments: DiskKind.allCases)
  func `the root itself is neither moved nor removed`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.put("a", [])
    #expect(throws: DiskError.isADirectory(.root)) { try disk.remove(.root) }
    #expect(throws: DiskError.badPath(".")) { try disk.removeDirectory(.root) }
    #expect(throws: DiskError.badPath("b")) { try disk.rename(.root, to: "b", replacing: true) }
    #expect(throws: DiskError.badPath(".")) { try disk.rename("a", to: .root, replacing: true) }
    #expect(throws: DiskError.exists(.root)) { try disk.put(.root, []) }
    #expect(try disk.names() == ["a"])
  }

  @Test(arguments: DiskKind.allCases)
  func `a copy holds the same and goes its own way`(_ kind: DiskKind) throws {
    let ground = try grounds.make(kind)
    let disk = ground.disk
    let bytes = pattern(600_000)
    try disk.put("a", bytes, mode: 0o600)
    try disk.clone("a", to: "b", mode: 0o644)
    #expect(try disk.status(at: "b")?.mode == 0o644)
    try OpenFile("a", .writing, on: disk).write([0, 0], at: 0)
    #expect(try disk.get("b") == bytes)
    try disk.put("empty", [])
    try disk.clone("empty", to: "hollow", mode: 0o600)
    #expect(try disk.get("hollow").isEmpty)
    #expect(throws: DiskError.exists("b")) { try disk.clone("a", to: "b", mode: 0o600) }
    #expect(throws: DiskError.absent("none")) { try disk.clone("none", to: "d", mode: 0o600) }
    #expect(throws: DiskError.absent("no/d")) { try disk.clone("a", to: "no/d", mode: 0o600) }
    #expect(throws: DiskError.isADirectory(.root)) { try disk.clone(.root, to: "d", mode: 0o600) }
    try ground.plantLink("link", to: "a")
    #expect(throws: DiskError.escapes("link")) { try disk.clone("link", to: "d", mode: 0o600) }
    #expect(try disk.names() == ["a", "b", "empty", "hollow", "link"])
  }

  @Test(arguments: DiskKind.allCases)
  func `some space is left, and told`(_ kind: DiskKind) throws {
    #expect(try grounds.make(kind).disk.spaceLeft().bytes > 1 << 20)
  }

  @Test(arguments: DiskKind.allCases)
  func `a disk opened for reading refuses every change and reads everything`(
    _ kind: DiskKind
  ) throws {
    let ground = try grounds.make(kind)
    try ground.disk.makeDirectory("directory", mode: 0o700)
    try ground.disk.put("a", [1])
    _ = try ground.disk.sharedWords("words", count: 1, writing: true)
    let disk = try ground.other(readOnly: true)
    let refused = DiskError.readOnly("a")
    #expect(throws: refused) { try disk.open("a", .writing) }
    #expect(throws: DiskError.readOnly("new")) { try disk.put("new", []) }
    let file = try OpenFile("a", .reading, on: disk)
    #expect(throws: refused) { try file.write([2], at: 0) }
    #expect(throws: refused) { try file.append([2]) }
    #expect(throws: refused) { try file.truncate(to: 0) }
    #expect(throws: refused) { try file.allocate(to: 9) }
    #expect(throws: refused) { try file.sync() }
    #expect(throws: refused) { try file.set(FileAttributes(mode: 0o777)) }
    #expect(throws: refused) { try file.setAttribute("x", to: [1]) }
    #expect(throws: refused) { try file.lock() }
    #expect(throws: DiskError.readOnly("new")) { try disk.makeDirectory("new", mode: 0o700) }
    #expect(throws: refused) { try disk.remove("a") }
    #expect(throws: DiskError.readOnly("directory")) { try disk.removeDirectory("directory") }
    #expect(throws: refused) { try disk.rename("a", to: "b", replacing: true) }
    #expect(throws: DiskError.readOnly(.root)) { try disk.syncDirectory(.root) }
    #expect(throws: DiskError.readOnly("b")) { try disk.clone("a", to: "b", mode: 0o600) }
    #expect(throws: DiskError.readOnly("words")) {
      try disk.sharedWords("words", count: 1, writing: true)
    }
    #expect(try disk.get("a") == [1])
    #expect(try disk.names() == ["a", "directory", "words"])
    #expect(try disk.status(at: "a") == ground.disk.status(at: "a"))
    #expect(try file.attribute("x") == nil)
    #expect(try disk.spaceLeft().bytes > 0)
  }

  @Test(arguments: DiskKind.allCases)
  func `a tree is made and removed, links themselves and not what they lead to`(
    _ kind: DiskKind
  ) throws {
    let ground = try grounds.make(kind)
    let disk = ground.disk
    try disk.makeDirectories("a/b/c", mode: 0o750)
    try disk.makeDirectories("a/b/c", mode: 0o700)
    #expect(try disk.status(at: "a/b")?.mode == 0o750)
    try disk.makeDirectory("kept", mode: 0o700)
    try disk.put("kept/file", [1])
    try ground.plantLink("a/b/link", to: "../../kept")
    for index in 0..<600 {
      try disk.put(FilePath("a/b/c").appending("file-\(index)"), [])
      try disk.makeDirectory(FilePath("a/b").appending("directory-\(index)"), mode: 0o700)
    }
    #expect(throws: DiskError.notADirectory("kept/file")) {
      try disk.makeDirectories("kept/file", mode: 0o700)
    }
    #expect(throws: DiskError.escapes("a/b/link/x")) {
      try disk.makeDirectories("a/b/link/x", mode: 0o700)
    }
    try disk.removeTree("a")
    #expect(try disk.names() == ["kept"])
    #expect(try disk.get("kept/file") == [1])
    #expect(throws: DiskError.absent("a")) { try disk.removeTree("a") }
    #expect(throws: DiskError.notADirectory("kept/file")) { try disk.removeTree("kept/file") }
    try disk.removeTree(.root)
    #expect(try disk.names().isEmpty)
  }
}
