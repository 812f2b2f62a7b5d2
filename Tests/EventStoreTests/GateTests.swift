// What gates promise: nothing that one denies is committed, every denial is recorded, and a retry of
// what is committed is nobody's business any more.

import Ambient
import Bytes
import Digests
import EventStore
import ScratchFiles
import Synchronization
import Testing

@Suite struct GateTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  /// Denies what says so, and counts how often it was asked.
  private final class Censor: Sendable {
    let asked = Mutex(0)

    var gate: Gate {
      Gate("censor") { [self] question throws(GateFailure) in
        asked.withLock { $0 += 1 }
        switch String(decoding: question.event.payload, as: UTF8.self) {
        case "secret": return .deny("it is a secret")
        case "riddle": throw GateFailure("nobody knows the answer")
        default: return .pass
        }
      }
    }
  }

  private func open(_ gates: [Gate]) throws -> EventStore {
    var options = StoreOptions.still
    options.gates = gates
    return try EventStore.open(on: scratch.disk, options)
  }

  private func denial(
    _ body: () throws(StoreError) -> Void
  ) throws -> (gate: String, reason: String, receipt: Receipt) {
    do throws(StoreError) {
      try body()
    } catch {
      if case .denied(let gate, let reason, let receipt) = error { return (gate, reason, receipt) }
      throw error
    }
    throw Missing()
  }

  private struct Missing: Error {}

  @Test func `a denied event is not stored, and its denial is an event with a receipt`() throws {
    let store = try open([Censor().gate])
    let before = try store.reader.lastSequence
    let denied = try denial { () throws(StoreError) in
      try store.append(.of("file:1", "secret"))
    }
    #expect(denied.gate == "censor" && denied.reason == "it is a secret")
    #expect(try store.reader.lastSequence == before + 1)
    let event = try store.reader.event(denied.receipt.id)
    #expect(event.header.kind == .denial && event.commitment == denied.receipt.commitment)
    let record = try JSONValue(parsing: event.bytes ?? [])
    #expect(record["gate"]?.string == "censor" && record["reason"]?.string == "it is a secret")
    #expect(record["entity"]?.string == "file:1" && record["scope"]?.string == "test")
    #expect(record["kind"]?.string == "1.001")
    #expect(record["digest"]?.string == "\(Blake3.digest(of: Array("secret".utf8)))")
    try store.append(.of("file:1", "public"))
    try store.close()
  }

  @Test func `a gate that fails denies`() throws {
    let store = try open([Censor().gate])
    let denied = try denial { () throws(StoreError) in
      try store.append(.of("file:1", "riddle"))
    }
    #expect(denied.reason.contains("nobody knows"))
    try store.close()
  }

  @Test func `one denied member refuses its batch whole, with one denial`() throws {
    let store = try open([Censor().gate])
    let before = try store.reader.lastSequence
    let denied = try denial { () throws(StoreError) in
      _ = try store.append(batch: [
        .of("file:1", "public"), .of("file:2", "secret"), .of("file:3", "secret"),
      ])
    }
    let record = try JSONValue(parsing: try store.reader.event(denied.receipt.id).bytes ?? [])
    #expect(record["index"]?.integer == 1 && record["count"]?.integer == 3)
    #expect(try store.reader.lastSequence == before + 1)
    #expect(try store.reader.latest("file:1") == nil)
    try store.close()
  }

  @Test func `a member of a fence is asked about too`() throws {
    let store = try open([Censor().gate])
    let fence = try store.openFence()
    _ = try denial { () throws(StoreError) in try fence.append(.of("file:1", "secret")) }
    try fence.append(.of("file:1", "public"))
    try fence.commit()
    #expect(try store.reader.latest("file:1")?.bytes == Array("public".utf8))
    try store.close()
  }

  @Test func `a retry of what is committed is not asked about again`() throws {
    let censor = Censor()
    var event = NewEvent.of("file:1", "public")
    event.key = try IdempotencyKey("key")
    let store = try open([censor.gate])
    let receipt = try store.append(event)
    #expect(try store.append(event) == receipt)
    #expect(censor.asked.withLock { $0 } == 1)
    try store.close()

    // Even a gate that would deny it now is not asked.
    let stricter = try open([Gate("closed") { _ throws(GateFailure) in .deny("always") }])
    #expect(try stricter.append(event) == receipt)
    try stricter.close()
  }

  @Test func `the first gate that denies decides, and later ones are not asked`() throws {
    let censor = Censor()
    let store = try open([
      Gate("first") { _ throws(GateFailure) in .deny("closed") }, censor.gate,
    ])
    let denied = try denial { () throws(StoreError) in try store.append(.of("a", "b")) }
    #expect(denied.gate == "first" && censor.asked.withLock { $0 } == 0)
    try store.close()
  }

  @Test func `a gate may read and append, for nothing is held while it is asked`() throws {
    let box = Mutex<EventStore?>(nil)
    let store = try open([
      Gate("scribe") { question throws(GateFailure) in
        guard question.event.coordinate.entity != "note", let store = box.withLock({ $0 }) else {
          return .pass
        }
        do throws(StoreError) {
          try store.append(.of("note", "asked about \(question.event.coordinate.entity)"))
        } catch {
          throw GateFailure("\(error)")
        }
        return .pass
      }
    ])
    box.withLock { $0 = store }
    try store.append(.of("file:1", "x"))
    #expect(try store.reader.latest("note")?.bytes == Array("asked about file:1".utf8))
    box.withLock { $0 = nil }
    try store.close()
  }

  @Test func `a long reason is kept to its bound`() throws {
    let reason = String(repeating: "ü", count: 5_000)
    let store = try open([Gate("wordy") { _ throws(GateFailure) in .deny(reason) }])
    let denied = try denial { () throws(StoreError) in try store.append(.of("a", "b")) }
    #expect(denied.reason.utf8.count == Gate.reasonBytesMax)
    try store.close()
  }

  @Test(arguments: [["", "a"], ["a", "a"], [String(repeating: "n", count: 65)]])
  func `gates that a denial could not name are refused when the store opens`(
    _ names: [String]
  ) throws {
    #expect(throws: StoreError.self) {
      try open(names.map { name in Gate(name) { _ throws(GateFailure) in .pass } })
    }
  }
}
