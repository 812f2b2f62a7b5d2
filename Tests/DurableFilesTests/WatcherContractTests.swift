// What every watcher promises. Events are hints: a test waits for what must be told and never
// minds what is told besides, unless it must not be.

import Ambient
import DurableFiles
import Glibc
import ScratchFiles
import Testing

@Suite(.serialized) struct WatcherContractTests {
  @Test(arguments: WatcherKind.allCases)
  func `a file that is made and written is told`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind) else { return }
    try ground.disk.put("a", [1])
    try ground.expect(.created("a"), .written("a"))
    ground.forget()
    try OpenFile("a", .writing, on: ground.disk).append([2])
    try ground.expect(.written("a"))
    #expect(ground.told.allSatisfy { !$0.isDirectory })
  }

  @Test(arguments: WatcherKind.allCases)
  func `what was there before is told only when it changes`(_ kind: WatcherKind) throws {
    let ground = try WatcherUnderTest(kind) { disk in
      try disk.makeDirectories("d/e", mode: 0o700)
      try disk.put("d/e/a", [1])
      try disk.put("d/e/b", [1])
    }
    guard let ground else { return }
    try OpenFile("d/e/a", .writing, on: ground.disk).append([2])
    try ground.expect(.written("d/e/a"))
    try ground.settle()
    #expect(ground.changes(of: "d/e/b").isEmpty)
    #expect(!ground.changes(of: "d/e/a").contains(.created("d/e/a")))
  }

  @Test(arguments: WatcherKind.allCases)
  func `a file that is only read is not told`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind, preparing: { try $0.put("a", [1]) }) else {
      return
    }
    #expect(try ground.disk.get("a") == [1])
    try ground.settle()
    #expect(ground.changes(of: "a").isEmpty)
  }

  @Test(arguments: WatcherKind.allCases)
  func `a removed file is told`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind, preparing: { try $0.put("a", [1]) }) else {
      return
    }
    try ground.disk.remove("a")
    try ground.expect(.removed("a"))
  }

  @Test(arguments: WatcherKind.allCases)
  func `a moved file is told with both names`(_ kind: WatcherKind) throws {
    let ground = try WatcherUnderTest(kind) { disk in
      try disk.makeDirectory("d", mode: 0o700)
      try disk.put("a", [1])
    }
    guard let ground else { return }
    try ground.disk.rename("a", to: "d/b", replacing: false)
    if kind.joinsMoves {
      try ground.expect(.moved(from: "a", to: "d/b"))
    } else {
      try ground.expect(.removed("a"), .created("d/b"), .written("d/b"))
    }
  }

  @Test(arguments: WatcherKind.allCases)
  func `a file that is replaced atomically is told under its name`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind, preparing: { try $0.put("a", [1]) }) else {
      return
    }
    try AtomicReplace.write(
      [2], to: "a", mode: 0o600, replacing: true, on: ground.disk, entropy: .seeded(1))
    while !ground.changes(of: "a").contains(where: { $0 != .removed("a") }) {
      try ground.settle(FilePath.root.appending("mark-\(ground.told.count)"))
    }
  }

  @Test(arguments: WatcherKind.allCases)
  func `new directories are watched from the first moment on`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind) else { return }
    for round in 0..<20 {
      let top = FilePath.root.appending("top-\(round)")
      var path = top
      for _ in 0..<5 {
        try ground.disk.makeDirectory(path, mode: 0o700)
        try ground.disk.put(path.appending("file"), [1])
        path = path.appending("deeper")
      }
      try ground.expect(.created(top), .written(path.parent.appending("file")))
      ground.forget()
      try OpenFile(path.parent.appending("file"), .writing, on: ground.disk).append([2])
      try ground.expect(.written(path.parent.appending("file")))
    }
  }

  @Test(arguments: WatcherKind.allCases)
  func `directories are told as such`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind) else { return }
    try ground.disk.makeDirectory("d", mode: 0o700)
    try ground.expect(.created("d"))
    #expect(ground.told.contains(where: { $0.change == .created("d") && $0.isDirectory }))
    try ground.disk.removeDirectory("d")
    try ground.expect(.removed("d"))
    #expect(ground.told.contains(where: { $0.change == .removed("d") && $0.isDirectory }))
  }

  @Test(arguments: WatcherKind.allCases)
  func `a directory that moves keeps being watched, under its new name`(_ kind: WatcherKind) throws
  {
    let ground = try WatcherUnderTest(kind) { disk in
      try disk.makeDirectories("old/inner", mode: 0o700)
      try disk.put("old/inner/a", [1])
    }
    guard let ground else { return }
    try ground.disk.rename("old", to: "new", replacing: false)
    if kind.joinsMoves {
      try ground.expect(.moved(from: "old", to: "new"))
    } else {
      try ground.expect(.removed("old"), .created("new"), .written("new/inner/a"))
    }
    ground.forget()
    try OpenFile("new/inner/a", .writing, on: ground.disk).append([2])
    try ground.disk.put("new/inner/b", [1])
    try ground.expect(.written("new/inner/a"), .created("new/inner/b"), .written("new/inner/b"))
    try ground.settle()
    #expect(ground.changes(of: "old/inner/a").isEmpty && ground.changes(of: "old/inner/b").isEmpty)
  }

  @Test(arguments: WatcherKind.allCases)
  func `a directory that is made and moved at once is watched where it is`(
    _ kind: WatcherKind
  ) throws {
    guard let ground = try WatcherUnderTest(kind) else { return }
    for round in 0..<20 {
      let (old, new) = (FilePath.root.appending("o\(round)"), FilePath.root.appending("n\(round)"))
      try ground.disk.makeDirectories(old.appending("inner"), mode: 0o700)
      try ground.disk.put(old.appending("inner").appending("a"), [1])
      try ground.disk.rename(old, to: new, replacing: false)
      let file = new.appending("inner").appending("a")
      try ground.settle(FilePath.root.appending("mark-\(round)"))
      try OpenFile(file, .writing, on: ground.disk).append([2])
      try ground.disk.put(new.appending("b"), [1])
      try ground.expect(.written(file), .written(new.appending("b")))
    }
  }

  @Test(arguments: WatcherKind.allCases)
  func `a tree that moves on while it is looked through is told where it is`(
    _ kind: WatcherKind
  ) throws {
    guard let ground = try WatcherUnderTest(kind) else { return }
    try ground.outer.makeDirectory("elsewhere/tree", mode: 0o700)
    for index in 0..<3_000 {
      try ground.outer.put(FilePath("elsewhere/tree").appending("\(index)"), [])
    }
    try ground.outer.rename("elsewhere/tree", to: "watched/first", replacing: false)
    try ground.expect(.created("first"))
    try ground.disk.rename("first", to: "second", replacing: false)
    try ground.settle()
    while try ground.hear() {}
    // A scan had looked through all of it before it moved.
    let place: FilePath = kind.seesSteps ? "second" : "first"
    let files = (0..<3_000).map { Change.written(place.appending("\($0)")) }
    #expect(Set(files).subtracting(ground.told.map(\.change)).isEmpty)
  }

  @Test(arguments: WatcherKind.allCases)
  func `a name that is taken again after a move is told again`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind, preparing: { try $0.put("a", [1]) }) else {
      return
    }
    try OpenFile("a", .writing, on: ground.disk).append([2])
    try ground.disk.rename("a", to: "b", replacing: false)
    try ground.disk.put("a", [3])
    try ground.settle()
    while try ground.hear() {}
    let told = ground.told.map(\.change)
    let left = told.lastIndex { $0 == .moved(from: "a", to: "b") || $0 == .removed("a") }
    let came = try #require(told.lastIndex(of: .written("a")))
    #expect(left.map { $0 < came } ?? !kind.seesSteps)
  }

  @Test(arguments: WatcherKind.allCases)
  func `of what came and went before anyone listened, the last is told last`(
    _ kind: WatcherKind
  ) throws {
    guard let ground = try WatcherUnderTest(kind, preparing: { try $0.put("a", [1]) }) else {
      return
    }
    try ground.disk.remove("a")
    try ground.disk.put("a", [2])
    try ground.disk.put("b", [2])
    try ground.disk.remove("b")
    try ground.settle()
    while try ground.hear() {}
    #expect(ground.changes(of: "a").last == .written("a"))
    #expect(ground.changes(of: "b").last == (kind.seesSteps ? .removed("b") : nil))
  }

  @Test(arguments: WatcherKind.allCases)
  func `a tree that arrives from elsewhere is told with all it holds`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind) else { return }
    try ground.outer.makeDirectories("elsewhere/tree/inner", mode: 0o700)
    try ground.outer.put("elsewhere/tree/inner/a", [1])
    try ground.outer.put("elsewhere/b", [1])
    try ground.outer.rename("elsewhere/tree", to: "watched/tree", replacing: false)
    try ground.outer.rename("elsewhere/b", to: "watched/b", replacing: false)
    try ground.expect(
      .created("tree"), .created("tree/inner"), .created("tree/inner/a"), .written("tree/inner/a"),
      .created("b"), .written("b"))
    ground.forget()
    try ground.disk.put("tree/inner/c", [1])
    try ground.expect(.written("tree/inner/c"))
  }

  @Test(arguments: WatcherKind.allCases)
  func `a tree that leaves is told as removed, and no more of it`(_ kind: WatcherKind) throws {
    let ground = try WatcherUnderTest(kind) { disk in
      try disk.makeDirectories("tree/inner", mode: 0o700)
      try disk.put("tree/inner/a", [1])
    }
    guard let ground else { return }
    try ground.outer.rename("watched/tree", to: "elsewhere/tree", replacing: false)
    try ground.expect(.removed("tree"))
    ground.forget()
    try ground.outer.put("elsewhere/tree/inner/b", [1])
    try ground.outer.put("elsewhere/c", [1])
    try ground.settle()
    #expect(ground.changes(of: "tree/inner/b").isEmpty)
    #expect(Set(ground.told.map(\.change)) == [.created("mark"), .written("mark")])
  }

  @Test(arguments: WatcherKind.allCases)
  func `nothing is told of what is excluded`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind, excluding: ["private", "d/private"]) else {
      return
    }
    for path: FilePath in ["private", "d", "d/private", "d/private/deeper"] {
      try ground.disk.makeDirectory(path, mode: 0o700)
      try ground.disk.put(path.appending("a"), [1])
    }
    try ground.expect(.written("d/a"))
    try ground.disk.rename("d/private/a", to: "out", replacing: false)
    try ground.expect(.created("out"), .written("out"))
    try ground.disk.rename("out", to: "private/in", replacing: false)
    try ground.expect(.removed("out"))
    try ground.settle()
    for event in ground.told {
      let text = "\(event.change)"
      #expect(!text.contains("private"))
    }
  }

  @Test(arguments: WatcherKind.allCases)
  func `names may be any bytes`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind) else { return }
    let path = FilePath.root.appending([0xFF, 0x0A, 0x20])
    try ground.disk.put(path, [1])
    try ground.expect(.created(path), .written(path))
  }

  @Test(arguments: WatcherKind.allCases)
  func `when more happens than is remembered, that is told, and the rest is watched on`(
    _ kind: WatcherKind
  ) throws {
    let ground = try WatcherUnderTest(kind) { try $0.makeDirectory("flood", mode: 0o700) }
    guard let ground else { return }
    // The kernel's queues hold 16,384 events, this scan 5,000 names.
    for index in 0..<20_000 {
      let path = FilePath("flood").appending("\(index)")
      _ = try OpenFile(path, .creating(mode: 0o600), on: ground.disk)
    }
    // No event tells of a directory that is made while the queue is full.
    try ground.disk.makeDirectory("late", mode: 0o700)
    try ground.expect(.overflow)
    try ground.disk.removeTree("flood")
    repeat { ground.forget() } while try ground.watcher.next(timeout: .milliseconds(50)) != []
    try ground.disk.put("late/a", [1])
    try ground.expect(.written("late/a"))
  }

  @Test(arguments: WatcherKind.allCases)
  func `who wrote is told where the kernel knows`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind) else { return }
    try ground.disk.put("mine", [1])
    let others = run("sh", "-c", "echo 1 > \(ground.path)/others")
    #expect(others == 0)
    try ground.expect(.written("mine"), .written("others"))
    let mine = try #require(ground.told.first { $0.change == .written("mine") })
    let theirs = try #require(ground.told.first { $0.change == .written("others") })
    if kind.namesWriters {
      #expect(mine.process == getpid() && mine.user == geteuid())
      #expect(theirs.process != nil && theirs.process != getpid())
    } else {
      #expect(mine.process == nil && theirs.process == nil && mine.user == nil)
    }
  }

  @Test(arguments: WatcherKind.allCases)
  func `one who waits is let go at once when the watcher is stopped`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind) else { return }
    let watcher = ground.watcher
    let ended = Mailbox<Bool>(messagesMax: 1)
    let asking = Mailbox<Bool>(messagesMax: 1)
    let worker = Worker("watcher") {
      do throws(DiskError) {
        _ = asking.send(true)
        while try watcher.next(timeout: .seconds(60)) != nil {}
        _ = ended.send(true)
      } catch {
        _ = ended.send(false)
      }
    }
    #expect(asking.receive() == true)
    let before = MonotonicClock.live.now()
    watcher.stop()
    #expect(ended.receive() == true)
    #expect(MonotonicClock.live.now() - before < .seconds(20))
    worker.join()
    #expect(try watcher.next(timeout: .seconds(60)) == nil)
  }

  @Test(arguments: WatcherKind.allCases)
  func `one who waits in vain is told of nothing when the time is over`(_ kind: WatcherKind) throws
  {
    guard let ground = try WatcherUnderTest(kind) else { return }
    #expect(try ground.watcher.next(timeout: .milliseconds(5)) == [])
    #expect(try ground.watcher.next(timeout: .zero) == [])
  }

  @Test(arguments: WatcherKind.allCases)
  func `events reach a mailbox until it is closed`(_ kind: WatcherKind) throws {
    guard let ground = try WatcherUnderTest(kind) else { return }
    let watcher = ground.watcher
    let box = Mailbox<ChangeEvent>(messagesMax: 4)
    let worker = Worker("watcher") {
      do throws(DiskError) {
        try watcher.run(into: box)
      } catch {
        box.close()
      }
    }
    for index in 0..<50 { try ground.disk.put(FilePath.root.appending("\(index)"), [1]) }
    var missing = Set((0..<50).map { Change.written(FilePath.root.appending("\($0)")) })
    while !missing.isEmpty {
      guard let event = box.receive(timeout: .seconds(30)) else { break }
      missing.remove(event.change)
    }
    #expect(missing.isEmpty)
    watcher.stop()
    worker.join()
  }

  @Test func `the best watcher that is granted is taken`() throws {
    let scratch = try Scratch()
    let disk = try PosixDisk(root: scratch.path)
    let watcher = try disk.watch(scanningEvery: .seconds(1), clock: .live, pause: .live)
    if geteuid() != 0 { #expect(watcher.mechanism != .fanotify) }
    watcher.stop()
    #expect(try watcher.next(timeout: .zero) == nil)
  }
}
