// The way of a call through the gate, and what it leaves behind.

import Ambient
import Bytes
import Digests
import DiskSimulation
import DurableFiles
import EventStore
import Synchronization
import Testing

@testable import Operations

@Suite struct DispatchTests {
  @Test func `the tokens of refusals are these, for ever`() {
    #expect(
      RefusalToken.allCases.map(\.rawValue) == [
        "unknown-operation", "denied", "invalid-input", "guard", "conflict", "not-found",
        "over-limit", "undeclared-effect", "handler-failure", "sink-failure", "cancelled",
        "shutting-down",
      ])
  }

  @Test func `looking leaves no receipt, acting leaves one`() throws {
    let scene = try Scene([Sample.module([Sample.write(), Sample.count])])
    let reply = try scene.gate.call("note.write", ["text": "hello"], by: Sample.anna)
    #expect(reply.output == ["written": true])
    let looked = try scene.gate.call("note.count", [:], by: Sample.stranger)
    #expect(looked.output == ["count": 1])
    #expect(looked.receipt == nil)
    let receipts = try scene.receipts()
    #expect(receipts.count == 1)
    #expect(receipts.first == reply.receipt?.body)
    #expect(receipts.first?.kind == .act)
    #expect(receipts.first?.caller.uid == 1_000)
    #expect(receipts.first?.input == Blake3.digest(of: Array(#"{"text":"hello"}"#.utf8)))
    #expect(receipts.first?.output == Blake3.digest(of: Array(#"{"written":true}"#.utf8)))
  }

  @Test func `effects and receipt are one batch and one sync`() throws {
    let scene = try Scene([Sample.module([Sample.write()])])
    _ = try scene.gate.call("note.write", ["text": "first"], by: Sample.anna)
    let before = scene.disk.operations
    let reply = try scene.gate.call("note.write", ["text": "second"], by: Sample.anna)
    let done = scene.disk.lastOperations.suffix(scene.disk.operations - before)
    #expect(done.count { $0.contains("sync") } == 1, "\(done)")
    let proof = try #require(reply.receipt?.proof)
    let batch = try #require(proof.header.batch)
    #expect(batch.count == 2)
    #expect(try scene.store.reader.event(proof.sequence - 1).header.batch?.id == batch.id)
    #expect(try scene.store.reader.event(proof.sequence - 1).header.kind == Sample.note)
  }

  @Test func `every gate is passed in its order`() throws {
    let order = Mutex<[String]>([])
    let note = { @Sendable (what: String) in order.withLock { $0.append(what) } }
    let policy = Guard("policy") { (_) throws(OperationFault) in
      note("guard")
      return nil
    }
    let write = Sample.write(guards: [policy]) { (_, handle) throws(OperationFault) in
      note("handler")
      try handle.append(Sample.event("x"))
      return ["written": true]
    }
    let scene = try Scene(
      [Sample.module([write])],
      sink: { store in
        ReceiptSink { (events) throws(StoreError) in
          note("sink")
          return try store.append(effects: events)
        }
      },
      adjusting: { options in
        options.observe = { note("\($0)".contains("started") ? "started" : "ended") }
      })
    _ = try scene.gate.call("note.write", ["text": "x"], by: Sample.anna)
    #expect(order.withLock { $0 } == ["guard", "started", "handler", "sink", "ended"])
    order.withLock { $0 = [] }
    // What is wrong with the input comes to light before the guard, and a missing grant before that.
    #expect(scene.refusal("note.write", ["text": 7])?.token == .invalidInput)
    #expect(order.withLock { $0 } == ["sink", "ended"])
    #expect(scene.refusal("note.write", ["text": 7], by: Sample.stranger)?.token == .denied)
  }

  @Test func `a caller without the grant is denied by name, and the denial is recorded`() throws {
    let scene = try Scene([Sample.module([Sample.write()])])
    let refusal = try #require(
      scene.refusal("note.write", ["text": "x"], by: Sample.stranger))
    #expect(refusal.token == .denied)
    #expect(refusal.missing == [.cacheWrite])
    #expect(
      refusal.sentence
        == "mallory (uid 4711) on the control socket lacks cache.write, which 'note.write' needs")
    #expect(try scene.noteCount() == 0)
    let receipt = try #require(try scene.receipts().last)
    #expect(receipt.token == .denied)
    #expect(receipt.kind == .refusal)
    #expect(receipt.caller.uid == 4_711)
    #expect(refusal.receipt?.body == receipt)
  }

  @Test func `guards, wrong input and handlers that fail leave receipts, and nothing else`() throws
  {
    let policy = Guard("no shouting") { (question) throws(OperationFault) in
      question.input["text"]?.string == "HO" ? "that is loud" : nil
    }
    let write = Sample.write(guards: [policy]) { (input, handle) throws(OperationFault) in
      try handle.append(Sample.event("half"))
      switch input["text"]?.string {
      case "conflict": throw .conflict("it changed")
      case "missing": throw .notFound("it is gone")
      case "many": throw .overLimit("too many")
      case "wrong": return ["written": "perhaps"]
      default: throw .failed("it broke")
      }
    }
    let scene = try Scene([Sample.module([write])])
    let cases: [(JSONValue, RefusalToken, String)] = [
      (["text": "HO"], .guarded, "no shouting: that is loud"),
      (["text": true], .invalidInput, "'text' must be text of at most 100 bytes, and is true"),
      (["text": "conflict"], .conflict, "it changed"),
      (["text": "missing"], .notFound, "it is gone"),
      (["text": "many"], .overLimit, "too many"),
      (["text": "x"], .handlerFailure, "it broke"),
      (
        ["text": "wrong"], .handlerFailure,
        "the output of 'note.write' is not what it declares: "
          + "'written' must be true or false, and is 'perhaps'"
      ),
    ]
    for (input, token, sentence) in cases {
      let refusal = scene.refusal("note.write", input)
      #expect(refusal?.token == token)
      #expect(refusal?.sentence == sentence)
    }
    #expect(try scene.receipts().map(\.token) == cases.map(\.1))
    #expect(try scene.receipts().map(\.reason) == cases.map(\.2))
    #expect(try scene.noteCount() == 0)
  }

  @Test func `an operation that nobody knows is told apart and leaves nothing`() throws {
    let scene = try Scene([])
    #expect(
      scene.refusal("cache.evcit", [:])
        == Refusal(.unknownOperation, "there is no operation 'cache.evcit'"))
    #expect(try scene.receipts().isEmpty)
  }

  @Test func `an effect outside the row is refused before it happens, even when swallowed`() throws
  {
    let board = Switchboard()
    let reaches: [(String, @Sendable (OperationHandle) throws(OperationFault) -> Void)] = [
      (
        "append",
        { (handle) throws(OperationFault) in
          try handle.append(Sample.event("x", kind: Sample.other))
        }
      ),
      ("control", { (handle) throws(OperationFault) in try handle.use("undeclared", [:]) }),
      ("projection", { (handle) throws(OperationFault) in _ = try handle.query("jobs", [:]) }),
      (
        "read",
        { (handle) throws(OperationFault) in
          _ = try handle.events(in: Region(kind: .exactly(Sample.other)))
        }
      ),
    ]
    for (what, reach) in reaches {
      let write = Sample.write { (_, handle) throws(OperationFault) in
        try handle.append(Sample.event("declared"))
        do throws(OperationFault) {
          try reach(handle)
        } catch {
          // A handler that takes no for an answer must not get away with it.
        }
        return ["written": true]
      }
      let scene = try Scene(
        [Sample.module([write], controls: [board.control("undeclared", .atOnce)])])
      let refusal = scene.refusal("note.write", ["text": "x"])
      #expect(refusal?.token == .undeclaredEffect, "\(what)")
      #expect(try scene.noteCount() == 0, "\(what)")
      let receipts = try scene.receipts()
      #expect(receipts.map(\.token) == [.undeclaredEffect], "\(what)")
      #expect(receipts.first?.reason.contains("without declaring it") == true, "\(what)")
    }
    #expect(board.all.isEmpty)
  }

  @Test func `a guard that reaches for an effect comes to nothing, even when it swallows that`()
    throws
  {
    let policy = Guard("greedy") { (question) throws(OperationFault) in
      do throws(OperationFault) {
        try question.handle.append(Sample.event("x"))
      } catch {
        // A guard that takes no for an answer must not get away with it.
      }
      return nil
    }
    let scene = try Scene([Sample.module([Sample.write(guards: [policy])])])
    #expect(scene.refusal("note.write", ["text": "x"])?.token == .undeclaredEffect)
    #expect(try scene.noteCount() == 0)
  }

  @Test func `a refusal and a reply are values that a wire carries`() throws {
    let scene = try Scene([Sample.module([Sample.write()])])
    let refusal = try #require(scene.refusal("note.write", ["text": "x"], by: Sample.stranger))
    #expect(refusal.json["token"] == "denied")
    #expect(refusal.json["missing"] == ["cache.write"])
    #expect(refusal.json["receipt"].flatMap { OperationReceipt($0) } == refusal.receipt)
    let reply = try scene.gate.call("note.write", ["text": "x"], by: Sample.anna)
    #expect(reply.json["output"] == reply.output)
    #expect(reply.json["receipt"].flatMap { OperationReceipt($0) } == reply.receipt)
  }

  @Test func `a sink that fails commits nothing and turns nothing`() throws {
    let board = Switchboard()
    var row = Sample.writeRow
    row.hostControlsUsed = ["lamp"]
    let write = Sample.write(row: row) { (_, handle) throws(OperationFault) in
      try handle.append(Sample.event("x"))
      try handle.use("lamp", ["on": true])
      return ["written": true]
    }
    let isBroken = Mutex(true)
    let scene = try Scene(
      [Sample.module([write], controls: [board.control("lamp", .staged)])],
      sink: { store in
        ReceiptSink { (events) throws(StoreError) in
          if isBroken.withLock({ $0 }) { throw .full("segments") }
          return try store.append(effects: events)
        }
      })
    let refusal = scene.refusal("note.write", ["text": "x"])
    #expect(refusal?.token == .sinkFailure)
    #expect(refusal?.receipt == nil)
    #expect(try scene.noteCount() == 0)
    #expect(try scene.receipts().isEmpty)
    #expect(board.all.isEmpty)
    isBroken.withLock { $0 = false }
    _ = try scene.gate.call("note.write", ["text": "x"], by: Sample.anna)
    #expect(board.all == [#"lamp {"on":true}"#])
  }

  @Test func `a batch that the disk does not take leaves no part of it`() throws {
    let scene = try Scene([Sample.module([Sample.write()])])
    _ = try scene.gate.call("note.write", ["text": "first"], by: Sample.anna)
    scene.disk.arm(.honest.arming(.syncFails, at: scene.disk.operations))
    #expect(scene.refusal("note.write", ["text": "second"])?.token == .sinkFailure)
    let again = try EventStore.open(on: scene.disk.reopen(), Scene.storeOptions(scene.disk))
    let notes = try again.reader.events(in: Region(kind: .exactly(Sample.note))).events.count
    let receipts = try again.reader.events(in: Region(kind: .exactly(EffectKind.receipt))).events
    #expect(notes == receipts.count)
    #expect(try again.reader.verify().isIntact)
  }

  @Test func `a control that acts at once answers, and stands in the receipt whatever follows`()
    throws
  {
    let board = Switchboard()
    var row = Sample.writeRow
    row.hostControlsUsed = ["probe"]
    let write = Sample.write(row: row) { (input, handle) throws(OperationFault) in
      let answer = try handle.use("probe", ["n": 1])
      if input["text"]?.string == "fail" { throw .failed("after \(answer.text())") }
      try handle.append(Sample.event("x"))
      return ["written": true]
    }
    let scene = try Scene([Sample.module([write], controls: [board.control("probe", .atOnce)])])
    _ = try scene.gate.call("note.write", ["text": "x"], by: Sample.anna)
    #expect(
      scene.refusal("note.write", ["text": "fail"])?.sentence == #"after {"turned":"probe"}"#)
    #expect(try scene.receipts().map(\.controls) == [["probe"], ["probe"]])
    #expect(board.all.count == 2)
  }

  @Test func `a staged control that fails leaves a second receipt that says so`() throws {
    let board = Switchboard()
    var row = Sample.writeRow
    row.hostControlsUsed = ["stuck"]
    let write = Sample.write(row: row) { (_, handle) throws(OperationFault) in
      try handle.append(Sample.event("x"))
      try handle.use("stuck", [:])
      return ["written": true]
    }
    let scene = try Scene(
      [Sample.module([write], controls: [board.control("stuck", .staged, failing: true)])])
    #expect(scene.refusal("note.write", ["text": "x"])?.token == .handlerFailure)
    #expect(try scene.receipts().map(\.token) == [nil, .handlerFailure])
    #expect(try scene.noteCount() == 1)
  }

  @Test func `a standing control is set again to what the log says when the gate is opened`() throws
  {
    let board = Switchboard()
    let row = EffectRow(
      receiptsEmitted: [.act], hostControlsUsed: ["brake"], capabilitiesRequired: [.cacheWrite])
    let set = Operation(
      "brake.set", "Set the brake", .control, input: .object([Sample.text]), output: .nothing,
      receipt: .act, effects: row,
      work: .act(
        plan: { (_, _, _) throws(OperationFault) in },
        act: { (input, handle) throws(OperationFault) in
          try handle.use("brake", input)
          return .object([:])
        }))
    let module = Sample.module([set], controls: [board.control("brake", .standing)])
    let scene = try Scene([module])
    _ = try scene.gate.call("brake.set", ["text": "on"], by: Sample.anna)
    _ = try scene.gate.call("brake.set", ["text": "off"], by: Sample.anna)
    scene.gate.shutDown()
    try scene.store.close()
    let again = try Scene([module], on: scene.disk.reopen())
    #expect(
      board.all == [
        #"brake {"text":"on"}"#, #"brake {"text":"off"}"#, #"brake {"text":"off"}"#,
      ])
    again.gate.shutDown()
  }

  @Test func `a handle that outlives its call does nothing`() throws {
    let kept = Mutex<OperationHandle?>(nil)
    let write = Sample.write { (_, handle) throws(OperationFault) in
      kept.withLock { $0 = handle }
      try handle.append(Sample.event("x"))
      return ["written": true]
    }
    let scene = try Scene([Sample.module([write])])
    _ = try scene.gate.call("note.write", ["text": "x"], by: Sample.anna)
    let handle = try #require(kept.withLock { $0 })
    #expect(throws: OperationFault.failed("the call is over")) {
      try handle.append(Sample.event("late"))
    }
  }

  @Test func `a call that nobody wants any more, or whose time is over, comes to nothing`() throws {
    let clock = ManualClock()
    let cancellation = Cancellation()
    let write = Sample.write { (input, handle) throws(OperationFault) in
      try handle.append(Sample.event("x"))
      if input["text"]?.string == "slow" { clock.advance(by: .seconds(2)) }
      if input["text"]?.string == "dropped" { cancellation.cancel() }
      return ["written": true]
    }
    let scene = try Scene(
      [Sample.module([write])], adjusting: { $0.monotonicClock = clock.monotonic })
    let deadline = clock.monotonic.now() + .seconds(1)
    for (text, flag) in [("slow", Cancellation()), ("dropped", cancellation)] {
      do throws(Refusal) {
        _ = try scene.gate.call(
          "note.write", ["text": .string(text)], by: Sample.anna,
          deadline: text == "slow" ? deadline : nil, cancellation: flag)
        Issue.record("\(text) was done")
      } catch {
        #expect(error.token == .cancelled)
      }
    }
    #expect(try scene.noteCount() == 0)
  }

  @Test func `shutting down refuses new calls and waits for those under way`() throws {
    let isInside = Monitor(false)
    let mayLeave = Monitor(false)
    let write = Sample.write { (_, handle) throws(OperationFault) in
      isInside.change { $0 = true }
      _ = mayLeave.wait { $0 ? true : nil }
      try handle.append(Sample.event("x"))
      return ["written": true]
    }
    let scene = try Scene([Sample.module([write])])
    let gate = scene.gate
    let outcome = Mutex<RefusalToken?>(nil)
    let caller = Worker("caller") {
      do throws(Refusal) {
        _ = try gate.call("note.write", ["text": "x"], by: Sample.anna)
      } catch {
        outcome.withLock { $0 = error.token }
      }
    }
    _ = isInside.wait { $0 ? true : nil }
    let isShut = Monitor(false)
    let shutting = Worker("shutting") {
      gate.shutDown()
      isShut.change { $0 = true }
    }
    while scene.refusal("jobs.page", [:])?.token != .shuttingDown {}
    #expect(!isShut.withLock { $0 })
    mayLeave.change { $0 = true }
    caller.join()
    shutting.join()
    #expect(outcome.withLock { $0 } == nil)
    #expect(try scene.noteCount() == 1)
  }

  @Test func `shutting down cancels what is under way when its patience ends`() throws {
    let isInside = Monitor(false)
    let write = Sample.write { (_, handle) throws(OperationFault) in
      isInside.change { $0 = true }
      while !handle.cancellation.wait(timeout: .seconds(60)) {}
      try handle.checkWanted()
      return ["written": true]
    }
    let scene = try Scene([Sample.module([write])])
    let gate = scene.gate
    let caller = Worker("caller") {
      do throws(Refusal) {
        _ = try gate.call("note.write", ["text": "x"], by: Sample.anna)
      } catch {
        isInside.change { $0 = error.token == .cancelled }
      }
    }
    _ = isInside.wait { $0 ? true : nil }
    gate.shutDown(patience: .milliseconds(1))
    caller.join()
    #expect(isInside.withLock { $0 })
    #expect(try scene.receipts().map(\.token) == [.cancelled])
  }

  @Test func `a handler that fails costs its own call and no other`() throws {
    let scene = try Scene(
      [
        Sample.module([
          Sample.write("note.break") { (_, _) throws(OperationFault) in throw .failed("no") },
          Sample.write(),
        ])
      ])
    let gate = scene.gate
    Worker.each(8, named: "caller") { number in
      for _ in 0..<20 {
        do throws(Refusal) {
          _ = try gate.call(
            number % 2 == 0 ? "note.break" : "note.write", ["text": "x"], by: Sample.anna)
        } catch {
          precondition(error.token == .handlerFailure && number % 2 == 0, "\(error)")
        }
      }
    }
    #expect(try scene.noteCount() == 80)
    #expect(try scene.receipts().count == 160)
  }
}
