// What every disk promises of open files: bytes, sizes, attributes, locks, memory.

import Ambient
import DurableFiles
import Testing

@Suite final class FileContractTests {
  private let grounds = Grounds()

  @Test(arguments: DiskKind.allCases)
  func `a file is made empty, with exactly the mode asked for`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    for mode: UInt16 in [0o600, 0o777, 0o444, 0o6755, 0o000] {
      let path = FilePath.root.appending("mode-\(mode)")
      let file = try OpenFile(path, .creating(mode: mode), on: disk)
      #expect(try file.status.mode == mode)
      #expect(try file.status.kind == .regular)
      #expect(try file.size == 0)
      #expect(throws: DiskError.exists(path)) { try disk.put(path, []) }
    }
  }

  @Test(arguments: DiskKind.allCases)
  func `a file that is not there cannot be opened`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    #expect(throws: DiskError.absent("a")) { try disk.open("a", .reading) }
    #expect(throws: DiskError.absent("a")) { try disk.open("a", .writing) }
    #expect(throws: DiskError.absent("no/a")) { try disk.open("no/a", .creating(mode: 0o600)) }
    try disk.put("file", [])
    #expect(throws: DiskError.notADirectory("file")) { try disk.open("file/a", .reading) }
    #expect(throws: DiskError.notADirectory("file")) { try disk.put("file/a", []) }
  }

  @Test(arguments: DiskKind.allCases)
  func `only regular files open, and never through a link`(_ kind: DiskKind) throws {
    let ground = try grounds.make(kind)
    let disk = ground.disk
    try disk.makeDirectory("directory", mode: 0o700)
    try disk.put("directory/file", [1])
    try ground.plantPipe("pipe")
    try ground.plantLink("link", to: "directory/file")
    try ground.plantLink("way", to: "directory")
    try ground.plantLink("out", to: "/etc")
    for access in [FileAccess.reading, .writing] {
      #expect(throws: DiskError.isADirectory("directory")) { try disk.open("directory", access) }
      #expect(throws: DiskError.isADirectory(.root)) { try disk.open(.root, access) }
      #expect(throws: DiskError.notRegular("pipe")) { try disk.open("pipe", access) }
      #expect(throws: DiskError.escapes("link")) { try disk.open("link", access) }
      #expect(throws: DiskError.escapes("way/file")) { try disk.open("way/file", access) }
      #expect(throws: DiskError.escapes("out/passwd")) { try disk.open("out/passwd", access) }
    }
    for taken: FilePath in ["directory", "pipe", "link", "out"] {
      #expect(throws: DiskError.exists(taken)) { try disk.put(taken, []) }
    }
    #expect(throws: DiskError.escapes("way/new")) { try disk.put("way/new", []) }
  }

  @Test(arguments: DiskKind.allCases)
  func `bytes are read back from where they were written`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    let file = try OpenFile("a", .creating(mode: 0o600), on: disk)
    let bytes = pattern(10_000)
    try file.write(bytes, at: 5_000)
    #expect(try file.size == 15_000)
    #expect(try file.read(at: 5_000, count: 10_000) == bytes)
    #expect(try file.read(at: 0, count: 5_000).allSatisfy { $0 == 0 })
    try file.write([9, 9], at: 4_999)
    #expect(try file.read(at: 4_998, count: 4) == [0, 9, 9, bytes[1]])
    #expect(try file.read(at: 14_999, count: 100) == [bytes[9_999]])
    #expect(try file.read(at: 15_000, count: 100).isEmpty)
    #expect(try file.read(at: 99_000, count: 1).isEmpty)
    #expect(throws: DiskError.endsEarly("a", offset: 15_000)) {
      try file.readExactly(at: 14_000, count: 2_000)
    }
    #expect(try OpenFile("a", .reading, on: disk).read(at: 5_001, count: 1) == [bytes[1]])
  }

  @Test(arguments: DiskKind.allCases)
  func `a read fills its range and nothing else`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.put("a", [1, 2, 3, 4])
    let file = try OpenFile("a", .reading, on: disk)
    var bytes: [UInt8] = [9, 9, 9, 9]
    var span = bytes.mutableSpan
    #expect(try disk.read(file.id, at: 1, into: &span, range: 1..<3) == 2)
    #expect(try disk.read(file.id, at: 0, into: &span, range: 2..<2) == 0)
    #expect(bytes == [9, 2, 3, 9])
  }

  @Test(arguments: DiskKind.allCases)
  func `the whole file is read, unless it is larger than allowed`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    let bytes = pattern(70_000)
    try disk.put("a", bytes)
    let file = try OpenFile("a", .reading, on: disk)
    #expect(try file.readAll(bytesMax: 70_000) == bytes)
    #expect(throws: DiskError.tooLarge("a", max: 69_999)) { try file.readAll(bytesMax: 69_999) }
    try disk.put("empty", [])
    #expect(try OpenFile("empty", .reading, on: disk).readAll(bytesMax: 0).isEmpty)
  }

  @Test(arguments: DiskKind.allCases)
  func `a file opened for reading is not changed through that opening`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.put("a", [1, 2, 3])
    let file = try OpenFile("a", .reading, on: disk)
    let refused = DiskError.denied("a")
    #expect(throws: refused) { try file.write([9], at: 0) }
    #expect(throws: refused) { try file.append([9]) }
    #expect(throws: refused) { try file.truncate(to: 0) }
    #expect(throws: refused) { try file.allocate(to: 10) }
    #expect(throws: refused) { try file.lock() }
    #expect(try disk.get("a") == [1, 2, 3])
  }

  @Test(arguments: DiskKind.allCases)
  func `what is appended goes to the end, wherever that is by then`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    let first = try OpenFile("a", .creating(mode: 0o600), on: disk)
    let second = try OpenFile("a", .writing, on: disk)
    try first.append([1, 2])
    try second.append([3])
    try first.write([9], at: 0)
    try first.append([4, 5])
    #expect(try disk.get("a") == [9, 2, 3, 4, 5])
  }

  @Test(arguments: DiskKind.allCases)
  func `a file that was cut grows back with zeros`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.put("a", pattern(9_000))
    let file = try OpenFile("a", .writing, on: disk)
    try file.truncate(to: 4_100)
    #expect(try file.size == 4_100)
    try file.truncate(to: 9_000)
    #expect(try file.read(at: 0, count: 4_100) == Array(pattern(9_000)[..<4_100]))
    #expect(try file.read(at: 4_100, count: 9_000) == [UInt8](repeating: 0, count: 4_900))
    try file.truncate(to: 4_100)
    try file.write([7], at: 5_000)
    #expect(try file.read(at: 4_100, count: 901) == [UInt8](repeating: 0, count: 900) + [7])
  }

  @Test(arguments: DiskKind.allCases)
  func `reserved space reads as zeros and keeps what was there`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.put("a", [1, 2, 3])
    let file = try OpenFile("a", .writing, on: disk)
    try file.allocate(to: 10_000)
    #expect(try file.size == 10_000)
    try file.allocate(to: 5)
    try file.allocate(to: 0)
    #expect(try file.size == 10_000)
    #expect(try file.read(at: 0, count: 5) == [1, 2, 3, 0, 0])
  }

  @Test(arguments: DiskKind.allCases)
  func `syncs of honest files succeed`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    let file = try OpenFile("a", .creating(mode: 0o600), on: disk)
    try file.write([1], at: 0)
    try file.sync()
    try file.sync(.all)
    try disk.syncDirectory(.root)
    #expect(throws: DiskError.notADirectory("a")) { try disk.syncDirectory("a") }
    #expect(throws: DiskError.absent("b")) { try disk.syncDirectory("b") }
  }

  @Test(arguments: DiskKind.allCases)
  func `a file is told the same by its name and by its opening`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.put("a", pattern(5_000), mode: 0o640)
    let file = try OpenFile("a", .writing, on: disk)
    let status = try file.status
    #expect(try disk.status(at: "a") == status)
    #expect(status.size == 5_000 && status.mode == 0o640 && status.links == 1)
    try disk.put("b", [])
    #expect(try disk.status(at: "b")?.inode != status.inode)
    #expect(try disk.status(at: "b")?.device == status.device)
    try disk.rename("a", to: "c", replacing: false)
    #expect(try disk.status(at: "c")?.inode == status.inode)
    try disk.remove("c")
    #expect(try file.status.links == 0)
  }

  @Test(arguments: DiskKind.allCases)
  func `attributes change one by one`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.put("a", [1])
    let file = try OpenFile("a", .writing, on: disk)
    let before = try file.status
    try file.set(FileAttributes())
    try file.set(FileAttributes(mode: 0o4711))
    #expect(try file.status.mode == 0o4711)
    #expect(try file.status.modifiedNanoseconds == before.modifiedNanoseconds)
    for moment: Int64 in [0, 1_234_567_890_123_456_789, -1, -5_000_000_001] {
      try file.set(FileAttributes(modifiedNanoseconds: moment))
      #expect(try file.status.modifiedNanoseconds == moment)
    }
    #expect(try file.status.mode == 0o4711)
    #expect(try file.status.owner == before.owner)
  }

  @Test(arguments: DiskKind.allCases)
  func `a file can be given to another owner`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.put("a", [1])
    let file = try OpenFile("a", .writing, on: disk)
    let before = try file.status
    guard before.owner == 0 else { return }
    try file.set(FileAttributes(mode: 0o4755, owner: 4_001, group: 4_002))
    let after = try file.status
    #expect(after.owner == 4_001 && after.group == 4_002 && after.mode == 0o4755)
    try file.set(FileAttributes(group: 4_003))
    #expect(try file.status.owner == 4_001)
    #expect(try file.status.group == 4_003)
  }

  @Test(arguments: DiskKind.allCases)
  func `extended attributes are set, replaced and removed`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    let file = try OpenFile("a", .creating(mode: 0o600), on: disk)
    #expect(try file.attribute("colour") == nil)
    try file.setAttribute("colour", to: [1, 2])
    try file.setAttribute("shape", to: [])
    #expect(try file.attribute("colour") == [1, 2])
    #expect(try file.attribute("shape") == [])
    try file.setAttribute("colour", to: pattern(300))
    #expect(try OpenFile("a", .reading, on: disk).attribute("colour") == pattern(300))
    try file.setAttribute("colour", to: nil)
    try file.setAttribute("colour", to: nil)
    #expect(try file.attribute("colour") == nil)
    #expect(try file.attribute("shape") == [])
    #expect(throws: DiskError.tooLarge("a", max: 65_536)) {
      try file.setAttribute("colour", to: pattern(65_537))
    }
  }

  @Test(arguments: DiskKind.allCases)
  func `a lock keeps out every other opening and names its holder`(_ kind: DiskKind) throws {
    let ground = try grounds.make(kind)
    try ground.disk.put("lock", [])
    let refused = DiskError.locked("lock", holder: ground.holder)
    do {
      let first = try OpenFile("lock", .writing, on: ground.disk)
      try first.lock()
      try first.lock()
      do {
        let second = try OpenFile("lock", .writing, on: ground.disk)
        #expect(throws: refused) { try second.lock() }
        let stranger = try OpenFile("lock", .writing, on: ground.other())
        #expect(throws: refused) { try stranger.lock() }
      }
      // Locks of the older kind would have ended with the second opening.
      let third = try OpenFile("lock", .writing, on: ground.disk)
      #expect(throws: refused) { try third.lock() }
      #expect(try first.size == 0)
    }
    try OpenFile("lock", .writing, on: ground.other()).lock()
  }

  @Test(arguments: DiskKind.allCases)
  func `a lease is had only alone, and tells when another wanted the file`(
    _ kind: DiskKind
  ) throws {
    let ground = try grounds.make(kind)
    let disk = ground.disk
    try disk.put("a", [1, 2])
    let file = try OpenFile("a", .reading, on: disk)
    #expect(try !file.isLeased)
    do {
      let other = try OpenFile("a", .reading, on: ground.other())
      #expect(try !file.lease())
      #expect(try other.read(at: 0, count: 1) == [1])
    }
    #expect(try file.lease())
    #expect(try file.isLeased)
    // Moving it disturbs nobody.
    try disk.rename("a", to: "b", replacing: false)
    #expect(try file.isLeased)
    #expect(throws: DiskError.locked("b", holder: 0)) { try ground.other().open("b", .writing) }
    #expect(try !file.isLeased)
    #expect(try file.read(at: 0, count: 2) == [1, 2])
  }

  @Test(arguments: DiskKind.allCases)
  func `a lease ends with its opening`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.put("a", [1])
    do {
      let file = try OpenFile("a", .writing, on: disk)
      #expect(try file.lease())
    }
    #expect(try disk.get("a") == [1])
  }

  @Test(arguments: DiskKind.allCases)
  func `a mapping shows the file, and outlives its name and opening`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    let bytes = pattern(9_000)
    try disk.put("a", bytes)
    let mapped = try OpenFile("a", .reading, on: disk).map(count: 8_999)
    try OpenFile("a", .writing, on: disk).write([77], at: 5)
    try disk.remove("a")
    #expect(mapped.count == 8_999)
    let seen = mapped.withBytes { span in (0..<span.count).map { span[$0] } }
    #expect(seen == bytes[..<5] + [77] + bytes[6..<8_999])
  }

  @Test(arguments: DiskKind.allCases)
  func `no more is mapped than the file has`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.put("a", [1, 2, 3])
    let file = try OpenFile("a", .reading, on: disk)
    #expect(throws: DiskError.endsEarly("a", offset: 3)) { try file.map(count: 4) }
    #expect(try file.map(count: 0).withBytes { $0.count } == 0)
  }

  @Test(arguments: DiskKind.allCases)
  func `words stored by one are loaded by all`(_ kind: DiskKind) throws {
    let ground = try grounds.make(kind)
    let reader = try ground.other(readOnly: true)
    #expect(throws: DiskError.absent("words")) {
      try reader.sharedWords("words", count: 4, writing: false)
    }
    let writing = try ground.disk.sharedWords("words", count: 4, writing: true)
    writing.store(.max, at: 3)
    writing.store(0x0102_0304_0506_0708, at: 0)
    let reading = try reader.sharedWords("words", count: 4, writing: false)
    #expect(reading.count == 4)
    #expect((0..<4).map(reading.load) == [0x0102_0304_0506_0708, 0, 0, .max])
    writing.store(5, at: 2)
    #expect(reading.load(2) == 5)
    let again = try ground.other().sharedWords("words", count: 6, writing: true)
    #expect((0..<6).map(again.load) == [0x0102_0304_0506_0708, 0, 5, .max, 0, 0])
    #expect(throws: DiskError.endsEarly("words", offset: 48)) {
      try reader.sharedWords("words", count: 7, writing: false)
    }
  }

  @Test(arguments: DiskKind.allCases)
  func `a store wakes who waits for the word, also through a reader's mapping`(
    _ kind: DiskKind
  ) throws {
    let ground = try grounds.make(kind)
    let writing = try ground.disk.sharedWords("words", count: 2, writing: true)
    let reading = try ground.other(readOnly: true).sharedWords("words", count: 2, writing: false)
    let answers = Mailbox<UInt64>(messagesMax: 1)
    let waiter = Worker("waiter") {
      var value: UInt64 = 0
      while value < 1_000 {
        value = reading.wait(1, while: value, timeout: .seconds(60))
        _ = writing.load(0)
        writing.store(value, at: 0)
      }
      _ = answers.send(value)
    }
    for value: UInt64 in 1...1_000 {
      writing.store(value, at: 1)
      // Every step is taken together, so a wake that is lost would stall for a minute.
      var seen = writing.load(0)
      while seen < value { seen = writing.wait(0, while: seen, timeout: .seconds(60)) }
    }
    waiter.join()
    #expect(answers.receive() == 1_000)
  }

  @Test(arguments: DiskKind.allCases)
  func `all processes of a machine agree which start of it this is`(_ kind: DiskKind) throws {
    let ground = try grounds.make(kind)
    #expect(ground.disk.machineStart != 0)
    #expect(try ground.other().machineStart == ground.disk.machineStart)
  }

  @Test(arguments: DiskKind.allCases)
  func `who waits in vain goes on when the time is over`(_ kind: DiskKind) throws {
    let words = try grounds.make(kind).disk.sharedWords("words", count: 1, writing: true)
    words.store(7, at: 0)
    #expect(words.wait(0, while: 7, timeout: .milliseconds(1)) == 7)
    #expect(words.wait(0, while: 8, timeout: .seconds(60)) == 7)
    #expect(words.wait(0, while: 7, timeout: .zero) == 7)
  }
}
