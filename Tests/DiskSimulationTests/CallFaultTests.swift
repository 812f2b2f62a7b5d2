// Each fault that hits a call: that it fires, and what the code above then sees.

import Ambient
import DiskSimulation
import DurableFiles
import Synchronization
import Testing

@Suite struct CallFaultTests {
  private let page = 4_096

  @Test func `a short read returns some of the bytes, and whole reads are whole all the same`()
    throws
  {
    let disk = SimulatedDisk(seed: 1)
    try disk.put("a", pattern(1_000))
    disk.arm(.none.arming(.shortRead, oneIn: 2))
    let file = try OpenFile("a", .reading, on: disk)
    for _ in 0..<100 { #expect(try file.read(at: 0, count: 1_000) == pattern(1_000)) }
    disk.arm(.none.arming(.shortRead, oneIn: 1))
    var bytes = filled(1_000, 0)
    var span = bytes.mutableSpan
    let got = try disk.read(file.id, at: 0, into: &span, range: 0..<1_000)
    #expect((1..<1_000).contains(got))
    #expect(Array(bytes[..<got]) == Array(pattern(1_000)[..<got]))
    #expect(disk.faultCounts[.shortRead]! > 50)
  }

  @Test func `a short write takes some of the bytes, and whole writes are whole all the same`()
    throws
  {
    let disk = SimulatedDisk(seed: 1, faults: .none.arming(.shortWrite, oneIn: 2))
    for index in 0..<100 {
      let path = FilePath.root.appending("\(index)")
      try disk.put(path, pattern(1_000))
      #expect(try disk.get(path) == pattern(1_000))
    }
    disk.arm(.none.arming(.shortWrite, oneIn: 1))
    let file = try OpenFile("a", .creating(mode: 0o600), on: disk)
    let put = try disk.write(file.id, pattern(1_000).span, at: 0)
    #expect((1..<1_000).contains(put))
    #expect(try file.size == UInt64(put))
    #expect(disk.faultCounts[.shortWrite]! > 50)
  }

  @Test func `an interrupted call did nothing and is made again, but not for ever`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none.arming(.interrupted, oneIn: 3))
    let file = try OpenFile("a", .creating(mode: 0o600), on: disk)
    for index in 0..<50 {
      try file.append(pattern(100, seed: index))
      try file.sync()
      try file.truncate(to: UInt64(index * 100 + 90))
      try file.allocate(to: UInt64(index * 100 + 100))
    }
    #expect(try file.size == 5_000)
    #expect(try file.read(at: 0, count: 90) == Array(pattern(100, seed: 0)[..<90]))
    #expect(disk.faultCounts[.interrupted]! > 50)
    disk.arm(.none.arming(.interrupted, oneIn: 1))
    #expect(throws: DiskError.interrupted("a")) { try file.write([1], at: 0) }
    #expect(throws: DiskError.interrupted("a")) { try file.sync() }
    disk.arm(.none)
    #expect(try file.read(at: 0, count: 1) == [pattern(100, seed: 0)[0]])
  }

  @Test func `a read that fails says so`() throws {
    let disk = SimulatedDisk(seed: 1)
    try disk.put("a", [1])
    try disk.put("b", [2])
    disk.arm(.none.arming(.readFails, oneIn: 1, below: "a"))
    #expect(throws: DiskError.io("a")) { try disk.get("a") }
    #expect(try disk.get("b") == [2])
    #expect(disk.faultCounts == [.readFails: 1])
  }

  @Test func `a write that fails leaves some first part of its bytes or none`() throws {
    var parts: Set<Int> = []
    for seed in 1...200 {
      let disk = SimulatedDisk(seed: UInt64(seed))
      try disk.put("a", filled(10, 0))
      disk.arm(.none.arming(.writeFails, at: 0))
      let file = try OpenFile("a", .writing, on: disk)
      #expect(throws: DiskError.io("a")) { try file.write(filled(10, 1), at: 0) }
      let bytes = try file.read(at: 0, count: 10)
      let part = bytes.prefix { $0 == 1 }.count
      #expect(bytes == filled(part, 1) + filled(10 - part, 0))
      parts.insert(part)
      #expect(disk.faultCounts == [.writeFails: 1])
    }
    #expect(parts == Set(0...10))
  }

  @Test func `a disk that is said to be full refuses, and takes more later`() throws {
    let disk = SimulatedDisk(seed: 1)
    let file = try OpenFile("a", .creating(mode: 0o600), on: disk)
    disk.arm(.none.arming(.full, oneIn: 1))
    #expect(throws: DiskError.full("a")) { try file.write([1], at: 0) }
    #expect(throws: DiskError.full("a")) { try file.allocate(to: 10) }
    #expect(throws: DiskError.full("a")) { try file.setAttribute("x", to: [1]) }
    #expect(throws: DiskError.full("b")) { try disk.put("b", []) }
    #expect(throws: DiskError.full("c")) { try disk.makeDirectory("c", mode: 0o700) }
    #expect(throws: DiskError.full("d")) { try disk.clone("a", to: "d", mode: 0o600) }
    #expect(disk.faultCounts == [.full: 6])
    disk.arm(.none)
    try file.write([1], at: 0)
    #expect(try disk.names() == ["a"])
  }

  @Test func `a disk holds no more pages than it has, and gives them back`() throws {
    let disk = SimulatedDisk(seed: 1, capacity: ByteCount(10 * page))
    let space = try disk.spaceLeft()
    #expect(space.bytes == Int64(10 * page))
    try disk.put("a", pattern(6 * page))
    let file = try OpenFile("b", .creating(mode: 0o600), on: disk)
    #expect(try disk.write(file.id, pattern(9 * page).span, at: 0) == 4 * page)
    #expect(throws: DiskError.full("b")) { try file.write([1], at: UInt64(4 * page)) }
    #expect(throws: DiskError.full("b")) { try file.allocate(to: UInt64(5 * page)) }
    #expect(throws: DiskError.full("c")) { try disk.clone("a", to: "c", mode: 0o600) }
    try file.write([1], at: UInt64(4 * page - 1))
    #expect(try disk.names() == ["a", "b"])
    do {
      let held = try OpenFile("a", .reading, on: disk)
      try disk.remove("a")
      #expect(throws: DiskError.full("b")) { try file.allocate(to: UInt64(5 * page)) }
      #expect(try held.size == UInt64(6 * page))
    }
    try file.allocate(to: UInt64(10 * page))
    #expect(try disk.spaceLeft().bytes == 0)
    try file.write(pattern(6 * page), at: UInt64(4 * page))
  }

  @Test func `after a failed sync everything but reading is refused to that process`() throws {
    let disk = SimulatedDisk(seed: 1)
    try disk.put("a", [1])
    let file = try OpenFile("a", .writing, on: disk)
    let other = disk.startProcess()
    disk.arm(.none.arming(.syncFails, at: 0))
    #expect(throws: DiskError.io("a")) { try file.sync() }
    #expect(disk.faultCounts == [.syncFails: 1])
    let refused = DiskError.latched("a")
    #expect(throws: refused) { try file.sync() }
    #expect(throws: refused) { try file.write([2], at: 0) }
    #expect(throws: refused) { try file.append([2]) }
    #expect(throws: refused) { try file.truncate(to: 0) }
    #expect(throws: refused) { try file.allocate(to: 1) }
    #expect(throws: refused) { try file.set(FileAttributes(mode: 0)) }
    #expect(throws: refused) { try file.setAttribute("x", to: []) }
    #expect(throws: refused) { try file.lock() }
    #expect(throws: refused) { try disk.open("a", .writing) }
    #expect(throws: refused) { try disk.remove("a") }
    #expect(throws: refused) { try disk.rename("a", to: "b", replacing: true) }
    #expect(throws: DiskError.latched("b")) { try disk.put("b", []) }
    #expect(throws: DiskError.latched("b")) { try disk.makeDirectory("b", mode: 0o700) }
    #expect(throws: DiskError.latched("b")) { try disk.removeDirectory("b") }
    #expect(throws: DiskError.latched("b")) { try disk.clone("a", to: "b", mode: 0o600) }
    #expect(throws: DiskError.latched(.root)) { try disk.syncDirectory(.root) }
    #expect(throws: DiskError.latched("b")) {
      try disk.sharedWords("b", count: 1, writing: true)
    }
    #expect(try file.read(at: 0, count: 1) == [1])
    #expect(try disk.names() == ["a"])
    try other.put("b", [])
    try disk.reopen().put("c", [])
  }

  @Test func `a sync of a directory fails as that of a file does`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none.arming(.syncFails, oneIn: 1))
    try disk.put("a", [1])
    #expect(throws: DiskError.io(.root)) { try disk.syncDirectory(.root) }
    #expect(throws: DiskError.latched(.root)) { try disk.syncDirectory(.root) }
  }

  @Test func `what a failed sync did not write is lost, though a later sync succeeds`() throws {
    var lost = 0
    for seed in 1...40 {
      let disk = SimulatedDisk(seed: UInt64(seed))
      try disk.putDurably("a", filled(4 * page, 0))
      let file = try OpenFile("a", .writing, on: disk)
      try file.write(filled(4 * page, 1), at: 0)
      disk.arm(FaultPlan.none.arming(.syncFails, at: 0))
      #expect(throws: DiskError.io("a")) { try file.sync() }
      let restarted = disk.reopen()
      let again = try OpenFile("a", .writing, on: restarted)
      #expect(try again.read(at: 0, count: 4 * page) == filled(4 * page, 1))
      try again.sync()
      restarted.crash()
      let bytes = try restarted.reopen().get("a")
      for start in stride(from: 0, to: 4 * page, by: page) {
        let kept = Array(bytes[start..<start + page])
        #expect(kept == filled(page, 0) || kept == filled(page, 1))
        if kept == filled(page, 0) { lost += 1 }
      }
    }
    #expect(lost > 20)
  }

  @Test func `a dropped sync reports success, and its bytes and names go with the power`() throws {
    let plan = FaultPlan.none.arming(.pageLost, oneIn: 1).arming(.nameLost, oneIn: 1)
    let disk = SimulatedDisk(seed: 1, faults: plan)
    try disk.putDurably("a", filled(10, 0))
    disk.arm(plan.arming(.syncDropped, oneIn: 1))
    let file = try OpenFile("a", .writing, on: disk)
    try file.write(filled(10, 1), at: 0)
    try file.sync()
    try disk.putDurably("b", [])
    disk.crash()
    let after = disk.reopen()
    #expect(try after.get("a") == filled(10, 0))
    #expect(try after.names() == ["a"])
    #expect(after.faultCounts[.syncDropped] == 3)
  }

  @Test func `rot flips one bit of what is stored, for good`() throws {
    let disk = SimulatedDisk(seed: 3)
    try disk.putDurably("a", pattern(9_000))
    try disk.put("b", pattern(9_000))
    disk.arm(.none.arming(.bitRot, oneIn: 1, timesMax: 1))
    // What is only in memory does not rot.
    #expect(try disk.get("b") == pattern(9_000))
    let read = try disk.get("a")
    let flipped = zip(read, pattern(9_000)).map { ($0 ^ $1).nonzeroBitCount }.reduce(0, +)
    #expect(flipped == 1)
    #expect(try disk.get("a") == read)
    disk.crash()
    #expect(try disk.reopen().get("a") == read)
    #expect(disk.firedFaults.filter { $0.fault == .bitRot }.map(\.path) == ["a"])
  }

  @Test func `a misdirected page lands on another and leaves its own place as it was`() throws {
    let disk = SimulatedDisk(seed: 5)
    try disk.putDurably("a", filled(page, 1) + filled(page, 2) + filled(page, 3))
    let file = try OpenFile("a", .writing, on: disk)
    disk.arm(.none.arming(.misdirectedWrite, oneIn: 1))
    try file.write(filled(page, 9), at: UInt64(page))
    try file.sync()
    let bytes = try file.read(at: 0, count: 3 * page)
    let pages = (0..<3).map { bytes[$0 * page] }
    #expect(pages == [9, 2, 3] || pages == [1, 2, 9])
    #expect(disk.faultCounts == [.misdirectedWrite: 1])
    disk.crash()
    #expect(try disk.reopen().get("a") == bytes)
  }

  @Test func `a misdirected page of a small file lands in another file`() throws {
    let disk = SimulatedDisk(seed: 5)
    try disk.putDurably("a", filled(100, 1))
    try disk.putDurably("b", filled(100, 2))
    disk.arm(.none.arming(.misdirectedWrite, oneIn: 1))
    let file = try OpenFile("a", .writing, on: disk)
    try file.write(filled(100, 9), at: 0)
    try file.sync()
    #expect(try disk.get("a") == filled(100, 1))
    #expect(try disk.get("b") == filled(100, 9))
    #expect(disk.firedFaults.last?.detail == "page 0 landed on page 0 of b")
  }

  @Test func `civil time jumps both ways, and monotonic time never goes back`() throws {
    let clock = ManualClock()
    let disk = SimulatedDisk(seed: 1, faults: .none.arming(.clockJump, oneIn: 1), clock: clock)
    var (back, forth) = (0, 0)
    var wall = clock.wall.now()
    var monotonic = clock.monotonic.now()
    for _ in 0..<100 {
      _ = try disk.status(at: "a")
      let moved = clock.wall.now() - wall
      if moved < .zero { back += 1 }
      if moved > .seconds(1) { forth += 1 }
      #expect(moved <= .seconds(7_201) && moved >= .seconds(-7_201))
      #expect(clock.monotonic.now() > monotonic)
      (wall, monotonic) = (clock.wall.now(), clock.monotonic.now())
    }
    #expect(back > 20 && forth > 20)
    #expect(disk.faultCounts == [.clockJump: 100])
  }

  @Test func `power fails before a call had any effect, or after it had all of it`() throws {
    var outcomes: Set<Bool> = []
    for seed in 1...30 {
      let disk = SimulatedDisk(seed: UInt64(seed), faults: .none)
      try disk.put("a", [1])
      disk.arm(.none.arming(.crash, at: disk.operations + 1))
      #expect(throws: DiskError.crashed) { try disk.remove("a") }
      #expect(throws: DiskError.crashed) { try disk.status(at: "a") }
      #expect(disk.faultCounts == [.crash: 1])
      outcomes.insert(try disk.reopen().status(at: "a") == nil)
    }
    #expect(outcomes == [true, false])
  }

  @Test func `a process is killed around a call, and all that was written is still there`() throws {
    var outcomes: Set<Bool> = []
    for seed in 1...30 {
      let disk = SimulatedDisk(seed: UInt64(seed), faults: .none)
      try disk.put("a", [1])
      let other = disk.startProcess()
      disk.arm(.none.arming(.killed, at: disk.operations + 1))
      #expect(throws: DiskError.crashed) { try disk.put("b", [2]) }
      #expect(!disk.isRunning && disk.isPowered && other.isRunning)
      #expect(try other.get("a") == [1])
      #expect(disk.faultCounts == [.killed: 1])
      outcomes.insert(try other.status(at: "b") == nil)
      #expect(disk.reopen().machineStart == other.machineStart)
    }
    #expect(outcomes == [true, false])
  }

  @Test func `another process gets its turn after every call, and may end what comes next`() throws
  {
    let disk = SimulatedDisk(seed: 1)
    let other = disk.startProcess()
    let sizes = Mutex<[UInt64]>([])
    disk.afterEachCall {
      do throws(DiskError) {
        let size = try other.status(at: "a")?.size ?? 99
        sizes.withLock { $0.append(size) }
        if size == 2 { disk.crash() }
      } catch .crashed {
        // It has lost its power, too.
      } catch {
        Issue.record("\(error)")
      }
    }
    let file = try OpenFile("a", .creating(mode: 0o600), on: disk)
    try file.write([1], at: 0)
    try file.write([1], at: 1)
    #expect(throws: DiskError.crashed) { try file.write([1], at: 2) }
    disk.afterEachCall(nil)
    #expect(sizes.withLock { $0.prefix(3) } == [0, 1, 2])
    #expect(disk.reopen().machineStart == 2)
  }

  @Test func `a rule holds below its path and no oftener than it says`() throws {
    let disk = SimulatedDisk(seed: 1)
    try disk.makeDirectory("d", mode: 0o700)
    try disk.put("d/a", [1])
    try disk.put("dd", [1])
    disk.arm(.none.arming(.readFails, oneIn: 1, below: "d", timesMax: 2))
    #expect(try disk.get("dd") == [1])
    #expect(throws: DiskError.io("d/a")) { try disk.get("d/a") }
    #expect(throws: DiskError.io("d/a")) { try disk.get("d/a") }
    #expect(try disk.get("d/a") == [1])
    let operations = disk.firedFaults.map(\.operation)
    #expect(operations.count == 2 && operations[0] < operations[1])
    #expect(
      disk.firedFaults[0].description == "readFails on d/a at operation \(operations[0])")
  }
}
