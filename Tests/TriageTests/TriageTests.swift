// What triage says of one engine that is well and of many that are not.

import Ambient
import Testing
import Triage
import Views

struct TriageTests {
  @Test func `an engine that is well has nothing wrong`() {
    var triage = Triage()
    #expect(triage.judge(Snapshots.well()) == [])
  }

  @Test(arguments: Staged.all)
  func `a trouble is named with cause, evidence, time and remedy, and goes with its cause`(
    _ staged: Staged
  ) throws {
    var triage = Triage()
    var snapshot = Snapshots.well()
    staged.stage(&snapshot)
    let conditions = triage.judge(snapshot)
    #expect(conditions.map(\.rule) == [staged.rule])
    let condition = try #require(conditions.first)
    let text = condition.diagnosis.title + "; " + condition.diagnosis.cause
    for words in staged.says { #expect(text.contains(words), "\(text)") }
    let evidence = condition.diagnosis.evidence.joined(separator: "; ")
    for words in staged.evidence { #expect(evidence.contains(words), "\(evidence)") }
    #expect(condition.since == staged.since ?? Snapshots.now)
    #expect(!condition.diagnosis.remedy.command.isEmpty)
    #expect(condition.diagnosis.remedy.advice.hasSuffix("."))
    #expect(triage.judge(Snapshots.well()) == [])
  }

  @Test func `every rule of the engine is staged by a test`() {
    #expect(Set(Rule.ofEngine.map(\.name)) == Set(Staged.all.map(\.rule)))
  }

  @Test func `what does not say since when counts from when it was first seen`() {
    var triage = Triage()
    let later = WallTime(seconds: Snapshots.now.seconds + 60)
    func failing(at time: WallTime) -> EngineSnapshot {
      var snapshot = Snapshots.well(at: time)
      snapshot.files.failed = Tally(files: 1, bytes: 1)
      return snapshot
    }
    #expect(triage.judge(failing(at: Snapshots.now)).first?.since == Snapshots.now)
    #expect(triage.judge(failing(at: later)).first?.since == Snapshots.now)
    #expect(triage.judge(Snapshots.well(at: later)) == [])
    #expect(triage.judge(failing(at: later)).first?.since == later)
  }

  @Test func `the worst comes first, and of the equally bad the oldest`() {
    var triage = Triage()
    var snapshot = Snapshots.well()
    for staged in Staged.all { staged.stage(&snapshot) }
    let conditions = triage.judge(snapshot)
    #expect(conditions.count > 8)
    for (left, right) in zip(conditions, conditions.dropFirst()) {
      #expect(
        left.severity > right.severity
          || left.severity == right.severity && left.since <= right.since)
    }
  }

  @Test func `two backends in trouble are two conditions`() {
    var triage = Triage()
    var snapshot = Snapshots.well()
    let trouble = Trouble(reason: "no route", since: Staged.hour)
    snapshot.backends = [
      BackendView(name: "one", isPrimary: true, state: .down(trouble)),
      BackendView(name: "two", isPrimary: false, state: .down(trouble)),
    ]
    let conditions = triage.judge(snapshot)
    #expect(conditions.map(\.diagnosis.subject) == ["one", "two"])
    #expect(conditions.last?.diagnosis.evidence.contains { $0.contains("not stored") } == false)
  }

  @Test func `another room's rule is judged like the engine's own`() {
    let rule = Rule("license.near", .notice) { snapshot, _ in
      [
        Diagnosis(
          "Nearly there", cause: "it grows", evidence: ["\(snapshot.files.all.files) files"],
          remedy: Remedy(command: "show.log", "Wait."))
      ]
    }
    var triage = Triage(Rule.ofEngine + [rule])
    #expect(triage.judge(Snapshots.well()).map(\.diagnosis.evidence) == [["1002 files"]])
  }
}
