// Every fault that a demo can stage, from the engine that meets it to the screen that tells of it: its condition
// stands on the overview with cause, age, evidence and the key that helps, and is gone when its cause is.

import Ambient
import Bytes
import CacheEngine
import Console
import DurableFiles
import Manifest
import Operations
import ScratchFiles
import Terminal
import Testing
import Triage
import Views
import Widgets

@testable import Demo

@Suite struct FaultConditionTests {
  /// How long a condition may take to come, and to go.
  private static let patience = Duration.seconds(150)
  private static let pause = Duration.milliseconds(100)

  @Test(arguments: Fault.allCases)
  func `a fault is told on the overview while it lasts, and not longer`(_ fault: Fault) throws {
    let scratch = try Scratch()
    let sandbox = try DemoDepot(
      DemoOptions(files: 60, seed: 11, fault: fault, place: scratch.path("")))
    sandbox.start()
    var triage = Triage(bounds: TriageBounds(overflowTold: .seconds(1)))
    func found() -> (snapshot: EngineSnapshot, condition: Condition)? {
      guard let snapshot = sandbox.snapshot() else { return nil }
      return triage.judge(snapshot).first { $0.rule == fault.rawValue }.map { (snapshot, $0) }
    }
    let told = eventually { found() }
    if let told {
      checkOverview(of: told.snapshot, told.condition, permissions(of: sandbox))
      #expect(sandbox.waitUntilReady(timeout: Self.patience), "the fault was not staged")
      try lift(fault, sandbox)
      let isGone = eventually { () -> Bool? in
        if fault == .filesIntegrity { readDamaged(sandbox) }
        return sandbox.snapshot() != nil && found() == nil ? true : nil
      }
      #expect(isGone == true, "\(fault.rawValue) does not go: \(String(describing: found()))")
    } else {
      Issue.record("\(fault.rawValue) is not told")
    }
    try sandbox.end()
  }

  private func eventually<Result>(_ look: () -> Result?) -> Result? {
    let end = MonotonicClock.live.now() + Self.patience
    while MonotonicClock.live.now() < end {
      if let result = look() { return result }
      _ = Pause.live.wait(Self.pause, nil)
    }
    return nil
  }

  // MARK: - The screen

  private func permissions(of sandbox: DemoDepot) -> Permissions {
    let operations = sandbox.gate?.registry.operations.map(\.name) ?? []
    return Permissions(
      missing: Dictionary(uniqueKeysWithValues: operations.map { ($0, []) }), isReadOnly: false,
      who: "anna")
  }

  /// The condition stands there with everything that somebody needs.
  private func checkOverview(
    of snapshot: EngineSnapshot, _ condition: Condition, _ permissions: Permissions
  ) {
    let moment = Moment(wall: snapshot.taken, monotonic: MonotonicClock.live.now())
    var model = ConsoleModel(
      depot: "sandbox", version: "0", ownsEngine: false, permissions: permissions,
      size: GridSize(rows: 50, columns: 200), brush: Brush(.unicode), at: moment)
    _ = model.begin()
    _ = model.handle(.snapshot(snapshot), at: moment)
    // Others may be told besides: the cursor goes to this one, which then says everything.
    for _ in 0..<20 where !isSelected(condition, model) {
      _ = model.handle(.terminal(.key(Key(.down))), at: moment)
    }
    let screen = model.surface().lines.joined(separator: "\n")
    let diagnosis = condition.diagnosis
    for words in [diagnosis.title, diagnosis.cause] + diagnosis.evidence.prefix(1) {
      // Long sentences are wrapped, so their beginning is looked for.
      #expect(screen.contains(words.prefix(60)), "'\(words)' is not on:\n\(screen)")
    }
    #expect(screen.contains(" for ") || screen.contains("just now"), "since when?\n\(screen)")
    let remedy = CommandName(diagnosis.remedy.command)
    let key = model.keymap.sequences(of: remedy).first?.shown
    #expect(key != nil, "\(remedy) has no key")
    let line = screen.split(separator: "\n").first { $0.contains(diagnosis.title) }
    #expect(key.map { line?.contains(" \($0) ") == true } == true, "no key in \(line ?? "")")
  }

  private func isSelected(_ condition: Condition, _ model: ConsoleModel) -> Bool {
    let line = model.surface().lines.first { $0.contains(condition.diagnosis.title) }
    return line.map { $0.contains(Character(GlyphSet.unicode.pointer)) } ?? false
  }

  // MARK: - Lifting

  private func lift(_ fault: Fault, _ sandbox: DemoDepot) throws {
    if fault == .filesIntegrity { try mend(sandbox) }
    sandbox.ground.stage.set(nil)
    if fault.needsRestart || fault == .watcherDegraded { sandbox.restart() }
    guard fault == .uploadsFailed else { return }
    // What gave up is tried again when somebody asks for it.
    let gate = try #require(sandbox.gate)
    let caller = Caller(uid: ThisProcess.user, from: .console)
    let all: JSONValue = ["selection": ["all": true]]
    _ = try gate.call("upload.retry", all, by: caller)
  }

  /// Makes the damaged objects what they were.
  private func mend(_ sandbox: DemoDepot) throws {
    let engine = try #require(sandbox.engine)
    for path in sandbox.crew.books.flatMap(\.damaged) {
      guard let stored = try engine.row(at: path)?.stored else { continue }
      let object = try OpenFile(FilePath(bytes: stored.key), .writing, on: sandbox.ground.cold)
      let first = try object.readExactly(at: 0, count: 1)
      try object.write([first[0] ^ 0xFF], at: 0)
    }
  }

  /// Has them read, so that the engine sees that they are right again.
  private func readDamaged(_ sandbox: DemoDepot) {
    for path in sandbox.crew.books.flatMap(\.damaged) { sandbox.crew.read(path) }
  }
}
