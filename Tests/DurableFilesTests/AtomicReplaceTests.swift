// Files that appear whole or not at all, and the sweeping of what crashes left.

import Ambient
import DurableFiles
import Glibc
import ScratchFiles
import Testing

@Suite final class AtomicReplaceTests {
  private let grounds = Grounds()
  private let entropy = Entropy.seeded(1)

  @Test(arguments: DiskKind.allCases)
  func `a file appears with its mode when it is committed, and not before`(_ kind: DiskKind) throws
  {
    let disk = try grounds.make(kind).disk
    try disk.makeDirectory("d", mode: 0o700)
    var file = try AtomicReplace("d/a", mode: 0o444, on: disk, entropy: entropy)
    try file.append([1, 2])
    try file.append([3])
    try file.file.setAttribute("x", to: [9])
    #expect(try disk.status(at: "d/a") == nil)
    let status = try file.commit(replacing: false)
    #expect(status == (try disk.status(at: "d/a")))
    #expect(status.mode == 0o444 && status.size == 3)
    #expect(try disk.get("d/a") == [1, 2, 3])
    #expect(try OpenFile("d/a", .reading, on: disk).attribute("x") == [9])
    #expect(try disk.names("d") == ["a"])
  }

  @Test(arguments: DiskKind.allCases)
  func `a file that is there is replaced only when told`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.put("a", [1])
    let old = try OpenFile("a", .reading, on: disk)
    #expect(throws: DiskError.exists("a")) {
      try AtomicReplace.write(
        [2], to: "a", mode: 0o600, replacing: false, on: disk, entropy: entropy)
    }
    #expect(try disk.get("a") == [1])
    try AtomicReplace.write(
      [2], to: "a", mode: 0o600, replacing: true, on: disk, entropy: entropy)
    #expect(try disk.get("a") == [2])
    #expect(try old.read(at: 0, count: 1) == [1])
    #expect(try disk.names() == ["a"])
  }

  @Test(arguments: DiskKind.allCases)
  func `a file that is let go leaves nothing`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    do {
      var file = try AtomicReplace("a", mode: 0o600, on: disk, entropy: entropy)
      try file.append(pattern(10_000))
      #expect(try disk.names().count == 1)
    }
    #expect(try disk.names().isEmpty)
    #expect(throws: DiskError.self) {
      _ = try AtomicReplace("no/a", mode: 0o600, on: disk, entropy: entropy)
    }
  }

  @Test(arguments: DiskKind.allCases)
  func `a directory at the name is not replaced`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.makeDirectory("a", mode: 0o700)
    #expect(throws: DiskError.isADirectory("a")) {
      try AtomicReplace.write(
        [2], to: "a", mode: 0o600, replacing: true, on: disk, entropy: entropy)
    }
    #expect(try disk.names() == ["a"])
  }

  @Test(arguments: DiskKind.allCases)
  func `a name that is drawn twice is drawn again`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    let first = try AtomicReplace("a", mode: 0o600, on: disk, entropy: .seeded(7))
    let second = try AtomicReplace("b", mode: 0o600, on: disk, entropy: .seeded(7))
    #expect(first.file.path != second.file.path)
    let stuck = Entropy { [UInt8](repeating: 0, count: $0) }
    try disk.put(".larder-0000000000000000.tmp", [])
    #expect(throws: DiskError.exists(".larder-0000000000000000.tmp")) {
      _ = try AtomicReplace("c", mode: 0o600, on: disk, entropy: stuck)
    }
  }

  @Test(arguments: DiskKind.allCases)
  func `what crashes left is swept, and what is being written is not`(_ kind: DiskKind) throws {
    let ground = try grounds.make(kind)
    let disk = ground.disk
    let kept: [FilePath] = [
      ".larder-0000000000000000.tmp.old", ".larder-000000000000000.tmp",
      ".larder-000000000000000G.tmp", "larder-0000000000000000.tmp", "a",
    ]
    for path in kept { try disk.put(path, [1]) }
    for index in 0..<9 { try disk.put(FilePath(".larder-000000000000000\(index).tmp"), [1]) }
    try disk.makeDirectory(".larder-00000000000000aa.tmp", mode: 0o700)
    var living = try AtomicReplace("b", mode: 0o600, on: disk, entropy: entropy)
    #expect(try ground.other().sweepTemporaries(in: .root) == 9)
    #expect(try disk.names().count == kept.count + 2)
    try living.append([5])
    try living.commit(replacing: false)
    #expect(try disk.get("b") == [5])
    #expect(try disk.sweepTemporaries(in: .root) == 0)
    #expect(throws: DiskError.absent("none")) { try disk.sweepTemporaries(in: "none") }
  }

  @Test(arguments: 1...4)
  func `a process killed at any moment leaves the old file or the new`(_ round: Int) async throws {
    let scratch = try Scratch()
    let disk = try PosixDisk(root: scratch.path)
    try disk.put("a", filled(100_000, 0))
    let killed = await #expect(processExitsWith: .signal(SIGKILL)) {
      [root = scratch.path as String, round = round as Int] in
      let disk = try PosixDisk(root: root)
      let entropy = Entropy.live
      // Some files are written first, so that each round is killed at another moment.
      for value in 1...UInt8(200) {
        if value == 3 {
          Worker("killer") {
            var turns = 0
            while turns < round * 40_000 { turns += 1 }
            kill(getpid(), SIGKILL)
          }.detach()
        }
        try AtomicReplace.write(
          [UInt8](repeating: value, count: 100_000), to: "a", mode: 0o600, replacing: true,
          on: disk, entropy: entropy)
      }
    }
    #expect(killed != nil)
    let bytes = try disk.get("a")
    #expect(bytes.count == 100_000 && Set(bytes).count == 1 && bytes[0] >= 2)
    try disk.sweepTemporaries(in: .root)
    #expect(try disk.names() == ["a"])
  }

  private func filled(_ count: Int, _ byte: UInt8) -> [UInt8] {
    [UInt8](repeating: byte, count: count)
  }
}
