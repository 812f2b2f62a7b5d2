// What may be registered: every disagreement is found when the program starts.

import Bytes
import EventStore
import Testing

@testable import Operations

@Suite struct RegistryTests {
  private func fault(_ operations: [Operation], controls: [HostControl] = []) -> RegistrationFault?
  {
    fault([Sample.module(operations, controls: controls)])
  }

  private func fault(_ modules: [OperationModule]) -> RegistrationFault? {
    do throws(RegistrationFault) {
      _ = try OperationRegistry(modules)
      return nil
    } catch {
      return error
    }
  }

  private func answering(
    name: String = "x", title: String = "Say nothing", _ operationClass: OperationClass,
    _ row: EffectRow, input: Schema = .nothing
  ) -> Operation {
    Operation(
      name, title, operationClass, input: input, output: .nothing, effects: row,
      work: .answer { (_, _) throws(OperationFault) in .object([:]) })
  }

  private func acting(
    _ operationClass: OperationClass, _ row: EffectRow, receipt: ReceiptKind? = .act,
    input: Schema = .nothing
  ) -> Operation {
    Operation(
      "x", "Do nothing", operationClass, input: input, output: .nothing, receipt: receipt,
      effects: row,
      work: .act(
        plan: { (_, _, _) throws(OperationFault) in },
        act: { (_, _) throws(OperationFault) in .object([:]) }))
  }

  @Test func `what a class may have is this table`() {
    let table = OperationClass.allCases.map { operationClass -> String in
      let rules = operationClass.rules
      return [
        operationClass.rawValue, rules.eventsRead.rawValue, rules.projectionsQueried.rawValue,
        rules.eventsAppended.rawValue, rules.receiptsEmitted.rawValue,
        rules.hostControlsUsed.rawValue, rules.capabilitiesRequired.rawValue,
      ].joined(separator: " ")
    }
    #expect(
      table == [
        "inspect may may never never never may",
        "compute never never never never never may",
        "persist may may must must may must",
        "emit may may never must may must",
        "control may may may must must must",
      ])
  }

  @Test func `a row that disagrees with its class is refused`() {
    let full = EffectRow(
      eventsRead: [.any], eventsAppended: [Sample.note], receiptsEmitted: [.act],
      hostControlsUsed: ["c"], capabilitiesRequired: [.cacheWrite])
    func without(_ change: (inout EffectRow) -> Void) -> EffectRow {
      var row = full
      change(&row)
      return row
    }
    let wrong: [(Operation, String)] = [
      (answering(.inspect, EffectRow(eventsAppended: [Sample.note])), "events appended"),
      (answering(.inspect, EffectRow(receiptsEmitted: [.act])), "receipts emitted"),
      (answering(.inspect, EffectRow(hostControlsUsed: ["c"])), "host controls used"),
      (answering(.compute, EffectRow(eventsRead: [.any])), "events read"),
      (answering(.compute, EffectRow(projectionsQueried: ["jobs"])), "projections queried"),
      (acting(.persist, without { $0.eventsAppended = [] }), "events appended"),
      (acting(.persist, without { $0.receiptsEmitted = [] }), "receipts emitted"),
      (acting(.persist, without { $0.capabilitiesRequired = [] }), "capabilities required"),
      (acting(.emit, full), "events appended"),
      (acting(.control, without { $0.hostControlsUsed = [] }), "host controls used"),
    ]
    let control = Switchboard().control("c", .staged)
    for (operation, what) in wrong {
      guard case .disagreement("x", let fault)? = fault([operation], controls: [control]) else {
        Issue.record("\(operation.operationClass) with wrong \(what) was not refused")
        continue
      }
      #expect(fault.contains(what), "\(fault)")
    }
    #expect(fault([acting(.control, full)], controls: [control]) == nil)
    #expect(fault([acting(.persist, full)], controls: [control]) == nil)
  }

  @Test func `work and receipt that do not go with the class are refused`() {
    let row = EffectRow(
      eventsAppended: [Sample.note], receiptsEmitted: [.act], capabilitiesRequired: [.cacheWrite])
    var closing = row
    closing.receiptsEmitted = [.closing]
    for operation in [
      answering(.persist, row), acting(.persist, row, receipt: nil),
      acting(.persist, row, receipt: .intent), acting(.persist, closing),
    ] {
      guard case .disagreement? = fault([operation]) else {
        Issue.record("\(operation) was not refused")
        continue
      }
    }
  }

  @Test func `a name that two modules claim is refused, and both are said`() {
    let one = OperationModule("engine", operations: [Sample.count])
    let two = OperationModule("reports", operations: [Sample.count])
    let wanted = RegistrationFault.claimedTwice(
      "operation", name: "note.count", first: "engine", second: "reports")
    #expect(fault([one, two]) == wanted)
    #expect(
      "\(wanted)" == "the operation 'note.count' is claimed by the modules 'engine' and 'reports'")
    let own = fault([Sample.module([answering(name: "job.pause", .inspect, EffectRow())])])
    #expect(
      own
        == .claimedTwice("operation", name: "job.pause", first: "operations", second: "test"))
    let obey = HostControl("jobs.obey", .staged) { (_) throws(OperationFault) in .null }
    guard case .claimedTwice("control", _, _, _)? = fault([], controls: [obey]) else {
      Issue.record("a control of this room was taken")
      return
    }
  }

  @Test func `unknown capabilities, controls, projections and kinds of jobs are refused`() {
    let capability = answering(
      .inspect, EffectRow(capabilitiesRequired: [Capability("cache.wirte")]))
    #expect(
      fault([capability]) == .unknownCapability(operation: "x", Capability("cache.wirte")))
    let projection = answering(.inspect, EffectRow(projectionsQueried: ["manifest"]))
    #expect(fault([projection]) == .unknown("projection", name: "manifest", operation: "x"))
    let control = acting(
      .control,
      EffectRow(
        receiptsEmitted: [.act], hostControlsUsed: ["nobody"], capabilitiesRequired: [.cacheWrite]))
    #expect(fault([control]) == .unknown("control", name: "nobody", operation: "x"))
    let job = Operation(
      "x", "Work", .persist, input: .nothing, output: Operation.jobOutput, receipt: .intent,
      effects: EffectRow(
        eventsAppended: EffectKind.job, receiptsEmitted: [.intent, .closing],
        capabilitiesRequired: [.cacheWrite]),
      work: .job(kind: "nobody", plan: { (_, _, _) throws(OperationFault) in }))
    #expect(fault([job]) == .unknown("kind of job", name: "nobody", operation: "x"))
  }

  @Test(arguments: ["", "Cache.evict", "cache evict", "cäche", String(repeating: "a", count: 129)])
  func `a name that could be spelled in two ways is refused`(_ name: String) {
    guard
      case .badName("operation", name, _)? = fault([answering(name: name, .inspect, EffectRow())])
    else {
      Issue.record("'\(name)' was not refused")
      return
    }
    #expect(
      fault([answering(name: String(repeating: "a", count: 128), .inspect, EffectRow())]) == nil)
  }

  @Test(arguments: ["", "two\nlines", String(repeating: "a", count: 121)])
  func `a title is one line`(_ title: String) {
    guard case .badTitle? = fault([answering(title: title, .inspect, EffectRow())]) else {
      Issue.record("'\(title)' was not refused")
      return
    }
  }

  @Test func `kinds of events that are the store's or the gate's are nobody's to append`() {
    for kind in [EventKind.opened, EffectKind.receipt, EffectKind.mark] {
      let row = EffectRow(
        eventsAppended: [kind], receiptsEmitted: [.act], capabilitiesRequired: [.cacheWrite])
      guard case .disagreement? = fault([acting(.persist, row)]) else {
        Issue.record("\(kind) was let in")
        continue
      }
    }
    let free = EffectRow(
      eventsAppended: [EventKind(category: 0xD, type: 0x10)!], receiptsEmitted: [.act],
      capabilitiesRequired: [.cacheWrite])
    #expect(fault([acting(.persist, free)]) == nil)
  }

  @Test func `schemas that say nothing, or what every operation says, are refused`() {
    let row = Sample.writeRow
    let taken = SchemaField("dryRun", .flag, "No.")
    let twice = Schema.object([taken, taken])
    var deep = Schema.flag
    for _ in 0..<OperationsLimits.schemaDepthMax { deep = .list(deep, countMax: 1) }
    let wrong: [Operation] = [
      acting(.persist, row, input: .object([taken])), acting(.persist, row, input: .flag),
      answering(.inspect, EffectRow(), input: twice),
      answering(.inspect, EffectRow(), input: .object([SchemaField("deep", deep, "Deep.")])),
      answering(.inspect, EffectRow(), input: .object([SchemaField("c", .choice([]), "None.")])),
    ]
    for operation in wrong {
      guard case .badSchema? = fault([operation]) else {
        Issue.record("\(operation.input) was let in")
        continue
      }
    }
    #expect(fault([answering(.inspect, EffectRow(), input: .object([taken]))]) == nil)
  }
}
