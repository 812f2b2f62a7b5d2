// Restores: a file stands whole and right, or nothing does.

import Ambient
import ColdStorage
import Digests
import DiskSimulation
import DurableFiles
import Manifest
import Testing

@testable import CacheEngine

@Suite struct RestorerTests {
  @Test(arguments: DiskKind.allCases)
  func `a file comes back with its bytes, its mode and its time`(_ kind: DiskKind) throws {
    let ground = try Ground(kind)
    let before = try ground.write("dir/sub/a", "hello", mode: 0o754)
    let copy = try ground.makeCold("dir/sub/a")
    try ground.disk.removeDirectory("dir/sub")
    let outcome = try ground.restorer.restore("dir/sub/a", from: copy)
    #expect(outcome == .restored(try ground.stamp("dir/sub/a")))
    #expect(try ground.text("dir/sub/a") == "hello")
    #expect(try ground.stamp("dir/sub/a").details == before.details)
    #expect(try ground.names(in: Depot.restoring).isEmpty)
  }

  @Test(arguments: DiskKind.allCases)
  func `directories that are missing are made like the nearest that is there`(
    _ kind: DiskKind
  ) throws {
    let ground = try Ground(kind)
    try ground.write("top/dir/sub/a", "hello")
    let copy = try ground.makeCold("top/dir/sub/a")
    try ground.disk.removeTree("top/dir")
    try ground.disk.makeDirectory("other", mode: 0o700)
    try ground.disk.removeDirectory("top")
    try ground.disk.makeDirectory("top", mode: 0o750)
    _ = try ground.restorer.restore("top/dir/sub/a", from: copy)
    #expect(try ground.disk.status(at: "top/dir/sub")?.mode == 0o750)
  }

  @Test(arguments: DiskKind.allCases)
  func `a file that has appeared meanwhile is left alone`(_ kind: DiskKind) throws {
    let ground = try Ground(kind)
    try ground.write("a", "stored")
    let copy = try ground.makeCold("a")
    ground.cold.hook {
      $0.afterDownload = { _ in
        do { try ground.write("a", "newer") } catch { Issue.record(error) }
      }
    }
    #expect(try ground.restorer.restore("a", from: copy) == .superseded)
    #expect(try ground.text("a") == "newer")
    #expect(try ground.names(in: Depot.restoring).isEmpty)
  }

  @Test func `wrong bytes never reach the path, whatever the store says of them`() throws {
    let ground = try Ground()
    try ground.write("a", "stored")
    let copy = try ground.makeCold("a")
    for lie in ["st0red", "store", "stored and more", ""] {
      ground.cold.hook { $0.lie = { _ in Array(lie.utf8) } }
      #expect {
        try ground.restorer.restore("a", from: copy)
      } throws: { error in
        guard case EngineError.integrity("a", _) = error else { return false }
        return true
      }
    }
    #expect(try ground.disk.status(at: "a") == nil)
    #expect(try ground.names(in: Depot.restoring).isEmpty)
  }

  @Test func `an object whose bytes rot is found out`() throws {
    let ground = try Ground(.posix)
    try ground.write("a", "stored")
    var copy = try ground.makeCold("a")
    copy.digest = Blake3.digest(of: [1])
    #expect {
      try ground.restorer.restore("a", from: copy)
    } throws: { error in
      guard case EngineError.integrity("a", _) = error else { return false }
      return true
    }
    #expect(try ground.disk.status(at: "a") == nil)
  }

  @Test func `a missing object and a store that fails are told as what they are`() throws {
    let ground = try Ground()
    try ground.write("a", "stored")
    let copy = try ground.makeCold("a")
    let key = try ObjectKey(bytes: copy.key)
    try ground.local.delete(key, DeleteRequest())
    #expect(throws: EngineError.backend("a", .absent(key))) {
      try ground.restorer.restore("a", from: copy)
    }
    #expect(try ground.names(in: Depot.restoring).isEmpty)
  }

  @Test func `a full depot is an error of its own and leaves nothing behind`() throws {
    let ground = try Ground(capacity: ByteCount(64 << 10))
    try ground.write("a", String(repeating: "x", count: 40 << 10))
    let copy = try ground.makeCold("a")
    try ground.write("b", String(repeating: "y", count: 40 << 10))
    #expect(throws: EngineError.diskFull("a")) {
      try ground.restorer.restore("a", from: copy)
    }
    #expect(try ground.names(in: Depot.restoring).isEmpty)
    try ground.disk.remove("b")
    _ = try ground.restorer.restore("a", from: copy)
    #expect(try ground.text("a").utf8.count == 40 << 10)
  }

  @Test func `a sync that fails costs the restore and not the depot`() throws {
    let ground = try Ground()
    try ground.write("a", "stored")
    let copy = try ground.makeCold("a")
    let machine = try #require(ground.machine)
    let depot = try Depot { () throws(DiskError) in machine.startProcess() }
    let restorer = Restorer(depot: depot, cold: ground.cold, entropy: .seeded(4))
    machine.arm(.none.arming(.syncFails, oneIn: 1, below: Depot.restoring, timesMax: 1))
    #expect(throws: EngineError.self) { try restorer.restore("a", from: copy) }
    #expect(machine.faultCounts[.syncFails] == 1)
    // The disk is met latched, and opened anew.
    #expect(throws: EngineError.self) { try restorer.restore("a", from: copy) }
    _ = try restorer.restore("a", from: copy)
    #expect(try ground.text("a") == "stored")
  }
}
