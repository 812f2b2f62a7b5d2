// Evictions of single files: what goes is exactly what was stored and what nobody uses.

import Ambient
import DiskSimulation
import DurableFiles
import Manifest
import Testing

@testable import CacheEngine

@Suite struct DepartureTests {
  @Test(arguments: DiskKind.allCases)
  func `a file that is as it was judged leaves, with directories that become empty`(
    _ kind: DiskKind
  ) throws {
    let ground = try Ground(kind)
    try ground.write("keep/b", "stays")
    let hot = try ground.write("keep/sub/a", "goes")
    let departure = try Departure.begin("keep/sub/a", judged: hot, in: ground.depot)
    #expect(try ground.disk.status(at: "keep/sub/a") == nil)
    let isUndisturbed = departure.isUndisturbed
    #expect(isUndisturbed)
    try departure.drop()
    #expect(try ground.names(in: Depot.evicting).isEmpty)
    let left = try #require(try ground.disk.status(at: "keep/sub")).modifiedNanoseconds
    ground.depot.sweepEmptied(
      at: WallTime(microseconds: left / 1_000) + EmptiedDirectories.restingTime + .seconds(1))
    #expect(try ground.disk.status(at: "keep/sub") == nil)
    #expect(try ground.text("keep/b") == "stays")
  }

  @Test(arguments: DiskKind.allCases)
  func `a file that was changed stays where it is`(_ kind: DiskKind) throws {
    let ground = try Ground(kind)
    let hot = try ground.write("a", "first")
    let now = try ground.write("a", "other")
    #expect(throws: EvictionRefusal.differs(now)) {
      _ = try Departure.begin("a", judged: hot, in: ground.depot)
    }
    #expect(try ground.text("a") == "other")
  }

  @Test(arguments: DiskKind.allCases)
  func `bytes that changed under times that were set back are found out`(_ kind: DiskKind) throws {
    let ground = try Ground(kind)
    let hot = try ground.write("a", "first")
    do {
      let file = try OpenFile("a", .writing, on: ground.disk)
      try file.write(Array("other".utf8), at: 0)
      try file.set(FileAttributes(modifiedNanoseconds: hot.details.modifiedNanoseconds))
    }
    #expect(throws: EvictionRefusal.differs(try ground.stamp("a"))) {
      _ = try Departure.begin("a", judged: hot, in: ground.depot)
    }
  }

  @Test(arguments: DiskKind.allCases)
  func `a file that a program has open stays, whether it reads or writes`(_ kind: DiskKind) throws {
    let ground = try Ground(kind)
    let hot = try ground.write("a", "first")
    for access in [FileAccess.reading, .writing] {
      let file = try OpenFile("a", access, on: ground.disk)
      #expect(throws: EvictionRefusal.inUse) {
        _ = try Departure.begin("a", judged: hot, in: ground.depot)
      }
      #expect(try file.size == 5)
    }
    try Departure.begin("a", judged: hot, in: ground.depot).drop()
  }

  @Test func `what is no file is left alone`() throws {
    let ground = try Ground()
    let hot = try ground.write("a", "first")
    for kind in [FileKind.other, .symbolicLink] {
      try ground.disk.remove("a")
      try ground.machine?.plant(kind, at: "a")
      #expect(throws: EvictionRefusal.gone) {
        _ = try Departure.begin("a", judged: hot, in: ground.depot)
      }
      #expect(try ground.disk.status(at: "a")?.kind == kind)
    }
  }

  @Test(arguments: DiskKind.allCases)
  func `a file that is put back stands where it was, and its new stamp is told`(
    _ kind: DiskKind
  ) throws {
    let ground = try Ground(kind)
    let hot = try ground.write("dir/a", "first")
    let departure = try Departure.begin("dir/a", judged: hot, in: ground.depot)
    try ground.disk.removeDirectory("dir")
    guard case .back(let now) = departure.putBack() else {
      Issue.record("it was not put back")
      return
    }
    #expect(try ground.text("dir/a") == "first")
    #expect(try ground.stamp("dir/a") == now)
    #expect(!now.isSame(as: hot))
  }

  @Test(arguments: DiskKind.allCases)
  func `a file whose name was taken meanwhile is kept aside, and the newcomer stays`(
    _ kind: DiskKind
  ) throws {
    let ground = try Ground(kind)
    for number in 1...2 {
      let hot = try ground.write("a", "old \(number)")
      let departure = try Departure.begin("a", judged: hot, in: ground.depot)
      try ground.write("a", "new \(number)")
      guard case .displaced(let kept) = departure.putBack() else {
        Issue.record("it was not displaced")
        return
      }
      #expect(try ground.text("a") == "new \(number)")
      #expect(try ground.text(kept) == "old \(number)")
    }
    #expect(try ground.names(in: Depot.displaced).count == 2)
  }

  @Test func `a program that opens the file while it lies aside is seen`() throws {
    let ground = try Ground()
    let hot = try ground.write("a", "first")
    let departure = try Departure.begin("a", judged: hot, in: ground.depot)
    let aside = Depot.evicting.appending(Departure.asideName(of: "a"))
    #expect(throws: DiskError.locked(aside, holder: 0)) {
      _ = try OpenFile(aside, .writing, on: ground.disk)
    }
    let isUndisturbed = departure.isUndisturbed
    #expect(!isUndisturbed)
    let outcome = departure.putBack()
    #expect(outcome == .back(try ground.stamp("a")))
  }

  @Test func `a file of the same name that lies aside from before is not replaced`() throws {
    let ground = try Ground()
    let aside = Depot.evicting.appending(Departure.asideName(of: "a"))
    try ground.write(aside, "from before")
    let hot = try ground.write("a", "first")
    #expect(throws: EvictionRefusal.inTheWay) {
      _ = try Departure.begin("a", judged: hot, in: ground.depot)
    }
    #expect(try ground.text(aside) == "from before")
    #expect(try ground.text("a") == "first")
  }
}
