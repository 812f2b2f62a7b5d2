// Deletes that are carried out late, and what must not go with them.

import Ambient
import DurableFiles
import Manifest
import Testing

@testable import CacheEngine

@Suite struct FailedDeleteTests {
  private func later(_ time: WallTime) -> WallTime { time + .seconds(1) }

  @Test func `a file that was deleted while no engine ran is deleted at the next start`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "text")
    #expect(ground.running.stepEvict("a"))
    let now = ground.clock.wall.now()
    try ground.running.carryOut(FailedDelete("a", deletedAt: later(now)))
    #expect(try ground.row("a") == nil)
  }

  @Test func `what was written after the delete is another file`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "old")
    let deleted = ground.clock.wall.now()
    ground.clock.advance(by: .seconds(5))
    try ground.write("a", "new", tells: false)
    #expect(throws: ShimRefusal.self) {
      try ground.running.carryOut(FailedDelete("a", deletedAt: deleted))
    }
    #expect(try ground.text("a") == "new")
    try ground.store("a", "new")
    #expect(ground.running.stepEvict("a"))
    #expect(throws: ShimRefusal.self) {
      try ground.running.carryOut(FailedDelete("a", deletedAt: deleted))
    }
    #expect(try ground.running.fetch("a") == 3)
  }

  @Test func `what happened to a file since it was written does not make it another`() throws {
    let ground = try SimulatedGround()
    try ground.store("a", "text")
    let deleted = later(ground.clock.wall.now())
    ground.clock.advance(by: .seconds(5))
    #expect(ground.running.stepEvict("a"))
    try ground.running.carryOut(FailedDelete("a", deletedAt: deleted))
    #expect(try ground.row("a") == nil)
  }

  @Test func `a file of which nothing is known is not found`() throws {
    let ground = try SimulatedGround()
    #expect(throws: ShimRefusal.self) {
      try ground.running.carryOut(FailedDelete("a", deletedAt: ground.clock.wall.now()))
    }
  }
}
