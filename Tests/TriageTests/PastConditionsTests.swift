// What was wrong and is over.

import Ambient
import Testing

@testable import Triage

struct PastConditionsTests {
  private static func condition(_ rule: String, since seconds: Int64 = 0) -> Condition {
    Condition(
      rule: rule, severity: .warning,
      diagnosis: Diagnosis(
        rule, cause: "a test", evidence: [], remedy: Remedy(command: "show.log", "Look.")),
      since: WallTime(seconds: seconds))
  }

  @Test func `a condition that goes is over from the snapshot on that lacks it`() {
    var past = PastConditions()
    past.take([Self.condition("a"), Self.condition("b")], at: WallTime(seconds: 10))
    #expect(past.list.isEmpty)
    past.take([Self.condition("b")], at: WallTime(seconds: 20))
    #expect(past.list.map(\.condition.rule) == ["a"])
    #expect(past.list.map(\.ended) == [WallTime(seconds: 20)])
  }

  @Test func `one that comes and goes is told once, with how often`() {
    var past = PastConditions()
    for round in 0..<3 {
      past.take(
        [Self.condition("a", since: Int64(round))], at: WallTime(seconds: Int64(10 * round)))
      past.take([], at: WallTime(seconds: Int64(10 * round + 5)))
    }
    #expect(past.list.map(\.times) == [3])
    #expect(past.list.first?.condition.since == WallTime(seconds: 2))
    #expect(past.list.first?.ended == WallTime(seconds: 25))
  }

  @Test func `what is there again is not over`() {
    var past = PastConditions()
    past.take([Self.condition("a")], at: WallTime(seconds: 0))
    past.take([], at: WallTime(seconds: 1))
    let again = [Self.condition("a", since: 2)]
    past.take(again, at: WallTime(seconds: 2))
    #expect(past.over(besides: again).isEmpty)
    #expect(past.over(besides: []).count == 1)
  }

  @Test func `no more are kept than there is room for, the newest of them`() {
    var past = PastConditions()
    for number in 0..<(PastConditions.keptMax + 8) {
      past.take([Self.condition("rule \(number)")], at: WallTime(seconds: Int64(number)))
    }
    #expect(past.list.count == PastConditions.keptMax)
    #expect(past.list.first?.condition.rule == "rule \(PastConditions.keptMax + 6)")
  }
}
