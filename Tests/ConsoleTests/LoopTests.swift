// The whole console in one process: keys go in at a scripted terminal, and what a person would see is
// waited for.

import Ambient
import Bytes
import Console
import Operations
import Synchronization
import Terminal
import Testing
import Views

@Suite struct LoopTests {
  /// A plan of one item, as a dry run answers it.
  static let plan: JSONValue = [
    "plan": "9f", "operation": "config.reload", "items": 1, "refused": 0, "bytes": 0,
    "estimateSeconds": nil, "after": [:], "firstItems": [["item": "larder.json5", "bytes": 0]],
    "firstRefusals": [], "missing": [], "reversible": true,
  ]

  @Test func `the first frame shows what is there, and a newer snapshot is shown by itself`() {
    let stage = StagedHost(Sample.quiet)
    var later = Sample.stored
    later.taken = WallTime(seconds: Sample.now.seconds + 1)
    let newer = later
    let (ending, terminal) = run(
      stage,
      [
        .see("12 files (1.20 GiB) not stored"),
        .until("nothing more") { _ in
          stage.show(newer)
          return true
        },
        .see("safe to stop"), .key("q"),
      ])
    #expect(terminal.missed == nil)
    #expect(ending == .stop)
  }

  @Test func `an action is planned, reviewed, done, and leaves a receipt on the screen`() {
    let stage = StagedHost(Sample.stored) { (operation, input) throws(Refusal) in
      if input["dryRun"] == true { return Answer(Self.plan) }
      return Answer(["done": true], receipt: "evt:0123")
    }
    let (_, terminal) = run(
      stage,
      [
        .key("a"), .see("reload"), .key("c"), .see("larder.json5"), .key("Enter"),
        .see("evt:0123"), .key("Enter"), .key("R"), .see("config.reload"), .key("Esc"), .key("q"),
      ])
    #expect(terminal.missed == nil)
    #expect(stage.calls.map(\.operation) == ["config.reload", "config.reload"])
    #expect(stage.calls[1].input["plan"] == "9f" && stage.calls[1].input["dryRun"] == nil)
  }

  @Test func `a refusal is told with its sentence, and nothing is done`() {
    let stage = StagedHost(Sample.stored) { (_, input) throws(Refusal) in
      if input["dryRun"] == true { return Answer(Self.plan) }
      throw Refusal(.conflict, "the plan is about what has changed since; look at it again")
    }
    let (_, terminal) = run(
      stage,
      [
        .key("a"), .key("c"), .see("larder.json5"), .key("Enter"), .see("look at it again"),
        .see("Nothing was done."), .key("Esc"), .key("q"),
      ])
    #expect(terminal.missed == nil)
  }

  @Test func `resizing draws anew, stopping and going on too, and the line's answers are no keys`()
  {
    let stage = StagedHost(Sample.stored)
    let (ending, terminal) = run(
      stage,
      [
        .resize(GridSize(rows: 10, columns: 40)), .see("safe"), .key("C-z"),
        .events([.resumed, .ready, .detail(.slow)]), .key("C-l"), .see("safe"),
        .resize(GridSize(rows: 1, columns: 1)), .resize(GridSize(rows: 24, columns: 80)),
        .see("safe to stop"),
      ])
    #expect(terminal.missed == nil && terminal.stops == 1)
    // The script's end is the terminal's: the engine goes on until everything is stored.
    #expect(ending == .hungUp)
  }

  @Test func `a picture has the answers of everything that the screen asks for`() {
    let stage = StagedHost(Sample.stored)
    let picture = Picture(of: .overview, stage.host, GridSize(rows: 24, columns: 80))
    #expect(picture.surface.lines[0].contains("safe to stop"))
    #expect(picture.json["snapshot"]?["safeToStop"] == true)
  }

  @Test func `the mouse is the terminal's until it is asked for`() {
    let (_, terminal) = run(StagedHost(Sample.stored), [.key("m"), .see("console's"), .key("q")])
    #expect(terminal.hasMouse)
    let (_, other) = run(StagedHost(Sample.stored), [.key("q")])
    #expect(!other.hasMouse)
  }

  @Test func `a console that nothing happens to draws nothing`() {
    let (_, terminal) = run(StagedHost(Sample.stored), [.events([.woken]), .events([.woken])])
    #expect(terminal.framesShown == 1)
  }

  @Test func `a copy goes elsewhere besides, which is told, and what is known is kept at the end`()
  {
    let kept = Mutex<JSONValue>(.null)
    let copied = Mutex<[UInt8]>([])
    let stage = StagedHost(Sample.stored)
    let (clock, waker) = (ManualClock(at: Sample.now), Waker())
    var terminal = ScriptedTerminal(
      GridSize(rows: 30, columns: 100),
      [.key("Y"), .see("the text is in a file"), .key("q")], clock: clock, waker: waker)
    var options = ConsoleOptions(clock: clock.wall, monotonic: clock.monotonic)
    options.keep = { memory in kept.withLock { $0 = memory } }
    options.copyElsewhere = { text, isTaken in
      copied.withLock { $0 = text }
      return .good(isTaken ? "the text is in a file too" : "no")
    }
    _ = ConsoleLoop.run(stage.host, on: &terminal, waker: waker, options)
    #expect(terminal.missed == nil)
    #expect(copied.withLock { $0 } == Array("larder console --once overview --json".utf8))
    #expect(kept.withLock { $0 }["recent"] == [])
  }

  @Test func `a snapshot that says nothing new costs no frame`() {
    let stage = StagedHost(Sample.stored)
    var later = Sample.stored
    later.taken = Sample.now + .seconds(5)
    let same = later
    var more = Sample.quiet
    more.taken = Sample.now + .seconds(6)
    let newer = more
    let (_, terminal) = run(
      stage,
      [
        .see("safe to stop"),
        .until("the same") { _ in
          stage.show(same)
          return true
        }, .events([]),
        .until("something else") { _ in
          stage.show(newer)
          return true
        }, .see("12 files (1.20 GiB) not stored"), .key("q"), .key("s"),
      ])
    #expect(terminal.missed == nil)
    // The first, that of what is new, and that of the question before leaving.
    #expect(terminal.framesShown == 3)
  }
}
