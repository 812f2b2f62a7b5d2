// The scanning watcher on a simulated disk: a test decides when time passes, and nobody waits.

import Ambient
import DiskSimulation
import DurableFiles
import Testing

@Suite struct SimulatedWatchTests {
  @Test func `changes are told when their time has come on the clock`() throws {
    let clock = ManualClock()
    let disk = SimulatedDisk(seed: 1, clock: clock)
    try disk.put("before", [1])
    let watcher = try ScanWatcher(
      on: disk.startProcess(readOnly: true), every: .seconds(60), clock: clock.monotonic,
      pause: .advancing(clock))
    try disk.put("a", [1])
    #expect(try watcher.next(timeout: .seconds(10)) == [])
    let start = clock.monotonic.now()
    #expect(
      try watcher.next(timeout: .seconds(3_600)) == [
        ChangeEvent(.created("a")), ChangeEvent(.written("a")),
      ])
    #expect(clock.monotonic.now() - start < .seconds(60))
    try disk.rename("before", to: "after", replacing: false)
    #expect(
      try watcher.next(timeout: .seconds(3_600)) == [
        ChangeEvent(.moved(from: "before", to: "after"))
      ])
    watcher.stop()
    #expect(try watcher.next(timeout: .seconds(3_600)) == nil)
  }

  @Test func `a watcher whose process has died says so`() throws {
    let clock = ManualClock()
    let disk = SimulatedDisk(seed: 1, clock: clock)
    let watched = disk.startProcess()
    let watcher = try ScanWatcher(
      on: watched, every: .seconds(60), clock: clock.monotonic, pause: .advancing(clock))
    watched.kill()
    #expect(throws: DiskError.crashed) { try watcher.next(timeout: .seconds(60)) }
  }
}
