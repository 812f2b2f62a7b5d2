// How many receipts denials leave: each until there are too many, and then as many as time allows.

import Ambient
import Bytes
import DiskSimulation
import Testing

@testable import Operations

@Suite struct DenialBudgetTests {
  @Test func `denials leave receipts up to a bound, and what left none is counted in the next`() {
    var budget = DenialBudget()
    let clock = ManualClock()
    let start = clock.monotonic.now()
    for _ in 0..<DenialBudget.receiptsMax { #expect(budget.take(at: start) == 0) }
    for _ in 0..<3 { #expect(budget.take(at: start) == nil) }
    clock.advance(by: DenialBudget.interval)
    #expect(budget.take(at: clock.monotonic.now()) == 3)
    #expect(budget.take(at: clock.monotonic.now()) == nil)
    clock.advance(by: .seconds(86_400 * 365))
    for index in 0..<DenialBudget.receiptsMax {
      #expect(budget.take(at: clock.monotonic.now()) == (index == 0 ? 1 : 0))
    }
    #expect(budget.take(at: clock.monotonic.now()) == nil)
  }

  @Test func `whoever is denied for ever fills the log no further, and the log says how often`()
    throws
  {
    let scene = try Scene([Sample.module([Sample.write()])])
    var unrecorded = 0
    for _ in 0..<(DenialBudget.receiptsMax + 20) {
      let refusal = scene.refusal("note.write", ["text": "x"], by: Sample.stranger)
      #expect(refusal?.token == .denied)
      #expect(refusal?.missing == [.cacheWrite])
      if refusal?.receipt == nil { unrecorded += 1 }
    }
    #expect(unrecorded == 20)
    #expect(try scene.receipts().count == DenialBudget.receiptsMax)
    // Whoever may act leaves receipts all the same.
    _ = try scene.gate.call("note.write", ["text": "x"], by: Sample.anna)
    scene.disk.clock.advance(by: DenialBudget.interval)
    _ = scene.refusal("note.write", ["text": "x"], by: Sample.stranger)
    #expect(try scene.receipts().last?.reason.contains("before it, 20 left no receipt") == true)
  }
}
