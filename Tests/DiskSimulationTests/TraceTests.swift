// A run depends on its seed and on nothing else, and says what it did.

import Ambient
import DiskSimulation
import DurableFiles
import Glibc
import Testing

@Suite struct TraceTests {
  /// Some work of every kind, with faults, from one seed.
  private static func run(_ seed: UInt64, _ plan: FaultPlan) -> SimulatedDisk {
    var disk = SimulatedDisk(seed: seed, faults: plan)
    for round in 0..<60 {
      do throws(DiskError) {
        let path = FilePath.root.appending("file-\(round % 7)")
        if try disk.status(at: path) == nil { try disk.put(path, filled(2_000, UInt8(round))) }
        let file = try OpenFile(path, .writing, on: disk)
        try file.append(filled(round * 20, UInt8(round)))
        if round % 3 == 0 { try file.sync() }
        _ = try file.read(at: 0, count: 5_000)
        if round % 5 == 0 { try disk.rename(path, to: "moved", replacing: true) }
        if round % 6 == 0 { try disk.syncDirectory(.root) }
        _ = try disk.list(.root)
      } catch .crashed {
        disk = disk.reopen()
      } catch .latched {
        disk = disk.reopen()
      } catch {
        continue
      }
    }
    return disk
  }

  private static var plan: FaultPlan {
    Fault.allCases.reduce(FaultPlan.none) { plan, fault in plan.arming(fault, oneIn: 20) }
  }

  @Test func `the same seed gives the same run, to the last bit`() {
    for seed: UInt64 in 1...10 {
      let (first, second) = (Self.run(seed, Self.plan), Self.run(seed, Self.plan))
      #expect(first.traceDigest == second.traceDigest)
      #expect(first.firedFaults == second.firedFaults)
      #expect(first.lastOperations == second.lastOperations)
      #expect(first.operations == second.operations)
    }
  }

  @Test func `the same seed gives the same run in another process`() async throws {
    let result = try await #require(
      processExitsWith: .success, observing: [\.standardErrorContent]
    ) {
      let digest = Array("\(TraceTests.run(7, TraceTests.plan).traceDigest)".utf8)
      _ = unsafe write(STDERR_FILENO, digest, digest.count)
    }
    let told = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(told.contains("\(Self.run(7, Self.plan).traceDigest)"))
  }

  @Test func `another seed gives another run`() {
    let digests = (1...40).map { Self.run(UInt64($0), Self.plan).traceDigest }
    #expect(Set(digests).count == 40)
    let faultless = (1...40).map { Self.run(UInt64($0), .none).traceDigest }
    #expect(Set(faultless).count == 40)
  }

  @Test func `every fault fires in some run`() {
    var counts: [Fault: Int] = [:]
    for seed: UInt64 in 1...100 where counts.count < Fault.allCases.count {
      counts.merge(Self.run(seed, Self.plan).faultCounts, uniquingKeysWith: +)
    }
    for fault in Fault.allCases { #expect(counts[fault, default: 0] > 0, "\(fault)") }
  }

  @Test func `a digest tells the order and the content of what was done`() throws {
    func digest(_ work: (SimulatedDisk) throws -> Void) rethrows -> TraceDigest {
      let disk = SimulatedDisk(seed: 1)
      try work(disk)
      return disk.traceDigest
    }
    let digests = try [
      digest { try $0.put("a", [1, 2]) }, digest { try $0.put("a", [2, 1]) },
      digest { try $0.put("b", [1, 2]) }, digest { try $0.put("a", [1, 2, 0]) },
      digest { _ in }, digest { _ = try $0.status(at: "a") },
    ]
    #expect(Set(digests).count == digests.count)
    #expect(digests[0].description.utf8.count == 32)
    #expect(try digest { try $0.put("a", [1, 2]) } == digests[0])
  }

  @Test func `the last operations are told in words`() throws {
    let disk = SimulatedDisk(seed: 1)
    let file = try OpenFile("a", .creating(mode: 0o600), on: disk)
    try file.write([1, 2, 3], at: 5)
    #expect(throws: DiskError.absent("b")) { try disk.remove("b") }
    #expect(
      disk.lastOperations == [
        "1 process 100 open a 0 0", "2 process 100 write a 5 3",
        "3 process 100 remove b 0 0: b does not exist",
      ])
    for _ in 0..<100 { _ = try file.size }
    #expect(disk.lastOperations.count == 64)
    #expect(disk.lastOperations.last == "103 process 100 status a 0 0")
    #expect(disk.operations == 103)
  }

  @Test func `time passes with every operation, and files know when they were changed`() throws {
    let clock = ManualClock()
    let start = clock.wall.now()
    let disk = SimulatedDisk(seed: 1, clock: clock)
    try disk.put("a", [1])
    let first = try #require(try disk.status(at: "a"))
    #expect(first.modifiedNanoseconds > start.microseconds * 1_000)
    try OpenFile("a", .writing, on: disk).write([2], at: 0)
    let second = try #require(try disk.status(at: "a"))
    #expect(second.modifiedNanoseconds > first.modifiedNanoseconds)
    #expect(clock.wall.now() - start < .milliseconds(1))
  }

  @Test func `a wait of the only thread lets the time pass and ends`() throws {
    let clock = ManualClock()
    let disk = SimulatedDisk(seed: 1, clock: clock)
    let words = try disk.sharedWords("w", count: 1, writing: true)
    let before = clock.monotonic.now()
    #expect(words.wait(0, while: 0, timeout: .seconds(60)) == 0)
    #expect(clock.monotonic.now() - before == .seconds(60))
    #expect(words.wait(0, while: 1, timeout: .seconds(60)) == 0)
    #expect(clock.monotonic.now() - before == .seconds(60))
  }
}
