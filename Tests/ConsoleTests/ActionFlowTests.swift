// The way of an action, as a conversation: what is asked of the gate, what the person has to type, and
// what is never done.

import Ambient
import Bytes
import Console
import Operations
import Terminal
import Testing
import Views
import Widgets

/// A screen with two files, one of them under the cursor, that changes its order when it is told to.
private struct TwoFiles: Screen {
  var order = ["art/a.psd", "art/b.psd"]
  var cursor = "art/a.psd"

  var selection: Selection? { Selection(paths: [cursor]) }

  mutating func handle(_ event: ScreenEvent, _ context: ScreenContext) -> [ScreenRequest] {
    if case .command(.sort) = event { order.reverse() }
    return []
  }

  func draw(into surface: inout Surface, _ region: Region, _ context: ScreenContext) {}
}

@Suite struct ActionFlowTests {
  private func console(columns: Int = 100, rows: Int = 40) -> ConsoleModel {
    var model = ConsoleModel(
      depot: "/srv/depot", version: "0.1.0", ownsEngine: true, permissions: Sample.permissions(),
      size: GridSize(rows: rows, columns: columns), brush: Brush(.unicode), at: Sample.moment,
      entries: [ScreenEntry(.files, "Files") { TwoFiles() }])
    _ = model.begin(with: .files)
    _ = model.handle(.snapshot(Sample.stored), at: Sample.moment)
    return model
  }

  private func plan(
    _ items: Int, bytes: Int64 = 1_000, refused: [JSONValue] = [], reversible: Bool = true,
    remarks: [JSONValue] = ["reason"], missing: [JSONValue] = []
  ) -> JSONValue {
    let listed = (0..<min(items, 100)).map { index -> JSONValue in
      ["item": .string("art/\(index).psd"), "bytes": 10, "generation": "1"]
    }
    return [
      "plan": "d1", "operation": "cache.evict", "items": JSONValue(items),
      "refused": JSONValue(refused.count), "bytes": .integer(bytes), "estimateSeconds": 12.0,
      "after": ["diskFree": 2_000_000_000], "firstItems": .array(listed),
      "firstRefusals": .array(refused), "missing": .array(missing),
      "reversible": .bool(reversible), "remarks": .array(remarks),
    ]
  }

  private struct Load {
    let ticket: UInt64
    let operation: String
    let input: JSONValue
  }

  private func loads(_ effects: [ConsoleEffect]) -> [Load] {
    effects.compactMap { effect in
      guard case .load(let ticket, let operation, let input) = effect else { return nil }
      return Load(ticket: ticket, operation: operation, input: input)
    }
  }

  private func text(_ model: ConsoleModel) -> String {
    model.surface().lines.joined(separator: "\n")
  }

  /// Presses a key and answers the plan that is asked for.
  private func planned(
    _ model: inout ConsoleModel, _ keys: [String], _ plan: JSONValue
  ) throws -> [ConsoleEffect] {
    var effects: [ConsoleEffect] = []
    for key in keys { effects = model.press(key) }
    let load = try #require(loads(effects).first)
    #expect(load.input["dryRun"] == true)
    return model.handle(.loaded(load.ticket, .success(Answer(plan))), at: Sample.moment)
  }

  @Test func `what can be taken back is done with one Enter, and taken back with z`() throws {
    var model = console()
    _ = try planned(
      &model, ["E"], plan(2, refused: [["item": "art/x", "bytes": 5, "reason": "it is dirty"]]))
    for words in [
      "2 items", "1 item", "it is dirty", "about 12 s", "disk free 1.86 GiB", "art/0.psd",
    ] {
      #expect(text(model).contains(words), "\(words)")
    }
    let commit = try #require(loads(model.press("Enter")).first)
    #expect(commit.operation == "cache.evict")
    #expect(commit.input["plan"] == "d1" && commit.input["dryRun"] == nil)
    _ = model.handle(
      .loaded(commit.ticket, .success(Answer(.null, receipt: "evt:77", job: "job:5"))),
      at: Sample.moment)
    #expect(text(model).contains("evt:77") && text(model).contains("job:5"))
    _ = model.press("Esc")
    let undo = try #require(loads(model.press("z")).first)
    #expect(undo.operation == "cache.rehydrate" && undo.input["dryRun"] == true)
    #expect(undo.input["selection"]?["paths"] == ["art/0.psd", "art/1.psd"])
  }

  @Test func `an action is about what was under the cursor, wherever that goes`() throws {
    var model = console()
    let load = try #require(loads(model.press("E")).first)
    #expect(load.input["selection"]?["paths"] == ["art/a.psd"])
    _ = model.handle(.loaded(load.ticket, .success(Answer(plan(1)))), at: Sample.moment)
    // The list below is sorted anew while the plan is open.
    #expect(model.press("s").isEmpty)
    #expect(try #require(loads(model.press("Enter")).first).input["plan"] == "d1")
  }

  @Test func `what is big wants its count, and nothing else will do`() throws {
    var model = console()
    _ = try planned(&model, ["E"], plan(4_200))
    #expect(loads(model.press("Enter")).filter { $0.operation == "cache.evict" }.isEmpty)
    #expect(text(model).contains("Type  4200  to evict."))
    _ = model.type("42")
    #expect(loads(model.press("Enter")).isEmpty)
    #expect(text(model).contains("that is not it"))
    _ = model.type("00")
    #expect(loads(model.press("Enter")).first?.operation == "cache.evict")
  }

  @Test func `what is for ever wants a name and a reason, and counts down`() throws {
    var model = console()
    _ = try planned(&model, ["a", "X"], plan(1, reversible: false))
    #expect(text(model).contains("This cannot be taken back by anybody."))
    #expect(loads(model.press("Enter")).isEmpty)
    _ = model.type("0.psd")
    #expect(loads(model.press("Enter")).isEmpty)
    #expect(loads(model.press("Enter")).isEmpty)
    #expect(text(model).contains("say why"))
    _ = model.type("asked for by legal")
    #expect(loads(model.press("Enter")).isEmpty)
    #expect(text(model).contains("shred in 5 s"))
    var moment = Sample.moment
    var effects: [ConsoleEffect] = []
    for _ in 0..<5 {
      moment.monotonic = try #require(model.deadline)
      #expect(loads(effects).isEmpty)
      effects = model.handle(.timeUp, at: moment)
    }
    let commit = try #require(loads(effects).first)
    #expect(commit.operation == "data.shred" && commit.input["reason"] == "asked for by legal")
    #expect(moment.monotonic - Sample.moment.monotonic == .seconds(5))
  }

  @Test func `what is for ever and keeps no reason asks for none`() throws {
    var model = console()
    _ = try planned(&model, ["a", "X"], plan(1, reversible: false, remarks: []))
    _ = model.press("Enter")
    _ = model.type("0.psd")
    #expect(loads(model.press("Enter")).isEmpty)
    #expect(text(model).contains("shred in 5 s"))
    var effects: [ConsoleEffect] = []
    while loads(effects).isEmpty {
      var moment = Sample.moment
      moment.monotonic = try #require(model.deadline)
      effects = model.handle(.timeUp, at: moment)
    }
    #expect(loads(effects).first?.input["reason"] == nil)
  }

  @Test func `a failure is acknowledged that is under the cursor`() throws {
    var model = console()
    _ = model.press("a")
    let load = try #require(loads(model.press("a")).first)
    #expect(load.operation == "failure.acknowledge" && load.input["dryRun"] == true)
    #expect(load.input["selection"]?["paths"] == ["art/a.psd"])
  }

  @Test func `any key stops the countdown, and nothing was done`() throws {
    var model = console()
    let idle = model.deadline
    _ = try planned(&model, ["a", "X"], plan(1, reversible: false))
    _ = model.press("Enter")
    _ = model.type("0.psd")
    _ = model.press("Enter")
    _ = model.type("why not")
    _ = model.press("Enter")
    #expect(model.deadline != idle)
    #expect(loads(model.press("x")).isEmpty)
    #expect(model.deadline == idle && text(model).contains("stopped; nothing was done"))
  }

  @Test func `a plan of nothing says why, and opens nothing`() throws {
    var model = console()
    _ = try planned(
      &model, ["E"],
      plan(0, refused: [["item": "art/a.psd", "bytes": 5, "reason": "it is not stored yet"]]))
    #expect(model.surface().lines.last!.contains("evict: art/a.psd: it is not stored yet"))
    #expect(!text(model).contains("a plan; nothing is done yet"))
  }

  @Test func `what is about no files is planned and done all the same`() throws {
    var model = console()
    let effects = try planned(&model, ["a", "b"], plan(0))
    #expect(loads(effects).isEmpty && text(model).contains("this, at once"))
    let commit = try #require(loads(model.press("Enter")).first)
    #expect(commit.operation == "backend.probe" && commit.input["plan"] == "d1")
  }

  @Test func `who lacks a grant sees the plan, and is told what is missing`() throws {
    var model = console()
    _ = try planned(&model, ["E"], plan(1, missing: ["cache.write"]))
    #expect(loads(model.press("Enter")).isEmpty)
    #expect(model.surface().lines.last!.contains("anna lacks cache.write"))
  }

  @Test func `the rest of a long plan is asked for page by page`() throws {
    var model = console()
    let more = loads(try planned(&model, ["E"], plan(150)))
    let page = try #require(more.first)
    #expect(page.operation == "plan.page" && page.input["first"] == 100)
    let items = (100..<150).map { index -> JSONValue in
      ["item": .string("art/\(index).psd"), "bytes": 10, "generation": "1"]
    }
    _ = model.handle(
      .loaded(
        page.ticket,
        .success(Answer(["items": .array(items), "refusals": [], "isEnd": true]))),
      at: Sample.moment)
    _ = model.press("G")
    #expect(text(model).contains("art/149.psd"))
  }

  @Test func `while a plan is open nothing else is begun and no other screen is shown`() throws {
    var model = console()
    _ = try planned(&model, ["E"], plan(1))
    #expect(model.press("a").isEmpty && model.press("e").isEmpty)
    #expect(model.surface().lines.last!.contains("finish this first"))
    #expect(model.press("2").isEmpty)
    #expect(text(model).contains("a plan; nothing is done yet"))
  }

  @Test func `a plan that is closed before it came is not shown when it comes`() throws {
    var model = console()
    let load = try #require(loads(model.press("E")).first)
    let effects = model.press("Esc")
    guard case .cancel(load.ticket)? = effects.first else {
      Issue.record("the call goes on: \(effects)")
      return
    }
    _ = model.handle(.loaded(load.ticket, .success(Answer(plan(1)))), at: Sample.moment)
    #expect(!text(model).contains("a plan; nothing is done yet"))
  }

  @Test func `a job that leaves things alone says how many and why not`() throws {
    var model = console()
    _ = try planned(&model, ["E"], plan(3))
    let commit = try #require(loads(model.press("Enter")).first)
    let follow = try #require(
      loads(
        model.handle(
          .loaded(commit.ticket, .success(Answer(.null, receipt: "evt:7", job: "job:5"))),
          at: Sample.moment)
      ).first)
    #expect(follow.operation == "jobs.page")
    let jobs: JSONValue = [
      "jobs": [
        [
          "job": "job:5", "operation": "cache.evict", "phase": "finished", "items": 3,
          "settled": 3, "bytes": 30, "bytesDone": 20, "counts": ["done": 2, "changed": 1],
        ]
      ], "isEnd": true,
    ]
    _ = model.handle(.loaded(follow.ticket, .success(Answer(jobs))), at: Sample.moment)
    #expect(text(model).contains("3 of 3 items, finished"))
    #expect(text(model).contains("2 done, 1 changed"))
  }
}
