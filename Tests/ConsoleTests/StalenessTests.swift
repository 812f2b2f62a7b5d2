// What a console says of figures that are older than they should be, and what it knows again the next time.

import Ambient
import Bytes
import Console
import Terminal
import Testing
import Views
import Widgets

@Suite struct StalenessTests {
  private func later(_ time: Duration) -> Moment {
    Moment(wall: Sample.now + time, monotonic: Sample.moment.monotonic + time)
  }

  private var later: Moment { later(ConsoleModel.staleAfter) }

  @Test func `figures that nothing newer came for are dimmed and say since when`() throws {
    var model = Sample.model(Sample.stored, columns: 100, rows: 30)
    #expect(model.surface().lines[0].contains("safe to stop"))
    #expect(model.deadline == later.monotonic)
    _ = model.handle(.timeUp, at: later)
    let surface = model.surface()
    #expect(surface.lines[0].contains("nothing new since"))
    #expect(!surface.lines[0].contains("safe to stop"))
    let body = surface.styleLines.dropFirst(3).dropLast().joined()
    #expect(body.contains("stale") && !body.contains("good"))
    #expect(model.deadline == nil, "a console at rest sleeps")
    var newer = Sample.stored
    newer.taken = newer.taken + ConsoleModel.staleAfter
    _ = model.handle(.snapshot(newer), at: later)
    #expect(model.surface().lines[0].contains("safe to stop"))
  }

  @Test func `lists that are asked for by themselves are not dimmed with the snapshot`() {
    var model = Sample.model(Sample.stored, columns: 100, rows: 30)
    _ = model.press("2")
    _ = model.handle(.timeUp, at: later)
    let surface = model.surface()
    #expect(surface.lines[0].contains("nothing new since"))
    #expect(!surface.styleLines.dropFirst(3).dropLast().joined().contains("stale"))
  }

  @Test func `what lies on a disk says when it was looked at, and never ages`() {
    var model = ConsoleModel(
      depot: "/srv/depot", version: "0.1.0", ownsEngine: false, isLive: false,
      permissions: Sample.permissions(readOnly: true), size: GridSize(rows: 24, columns: 80),
      brush: Brush(.unicode), at: Sample.moment)
    _ = model.begin()
    _ = model.handle(.snapshot(Sample.stored), at: Sample.moment)
    #expect(model.deadline == nil)
    #expect(model.surface().lines[0].contains("as it was at"))
  }

  @Test func `what was given, looked for and sorted is known again the next time`() throws {
    var first = ListConsole(columns: 100, rows: 30)
    first.press("2", "f")
    first.type("state:failed")
    first.press("Enter", "s", "c", ":")
    first.type("redraw")
    first.press("Enter")
    // It is kept as text, so that is what must come back.
    let kept = try JSONValue(parsing: Array(first.model.memory.text().utf8))
    var second = ListConsole(columns: 100, rows: 30)
    second.model.recall(kept)
    second.press("2")
    #expect(second.asked.last?.input["order"]?.string == "size")
    #expect(second.asked.last?.input["filter"] == nil, "a filter hides files; it is not kept")
    #expect(second.text.contains("Backend"))
    second.press("f", "Up")
    #expect(second.text.contains("state:failed"))
    second.press("Esc", ":")
    #expect(
      second.lines.first { $0.contains("redraw") || $0.contains("cache.") }?.contains("redraw")
        == true)
  }

  @Test(arguments: [
    "null", "7", "{\"recent\":[1,\"no.such\"],\"screens\":{\"files\":{\"order\":\"x\"}}}",
  ])
  func `a memory that is not ours is left`(_ text: String) throws {
    var console = ListConsole(columns: 100, rows: 30)
    console.model.recall(try JSONValue(parsing: Array(text.utf8)))
    console.press("2")
    #expect(console.asked.last?.input["order"]?.string == "path")
  }
}
