// A dispatcher without an engine: everything can be looked at, nobody may act, nothing is written.

import Bytes
import DiskSimulation
import DurableFiles
import EventStore
import ScratchFiles
import Testing

@testable import Operations

@Suite struct ReadOnlyTests {
  /// Every file and directory below a disk's root, with its bytes and all that is said of it.
  private func everything(_ disk: any Disk, below path: FilePath = .root) throws -> [String] {
    var found: [String] = []
    for entry in try disk.list(path) {
      let inside = path.appending(entry.name)
      let status = try #require(try disk.status(at: inside))
      found.append("\(inside) \(status)")
      if status.kind == .directory {
        found += try everything(disk, below: inside)
      } else {
        let bytes = try OpenFile(inside, .reading, on: disk).readAll(bytesMax: 1 << 24)
        found.append(hexadecimal(bytes))
      }
    }
    return found.sorted()
  }

  @Test func `looking works, acting is denied and remembered, and not one byte is written`() throws
  {
    let scratch = try Scratch()
    let ledger = Ledger()
    let disk = scratch.disk
    let modules = [
      ledger.module(), OperationModule("notes", operations: [Sample.write(), Sample.count]),
    ]
    do {
      let store = try EventStore.open(on: disk)
      var options = DispatchOptions()
      options.jobs.workers = 0
      let gate = try Dispatcher.live(
        store, OperationRegistry(modules), grants: Grants(owner: 1_000), options)
      _ = try gate.call("note.write", ["text": "hello"], by: Sample.anna)
      _ = try gate.call("item.stamp", ["count": 3], by: Sample.anna)
      // Neither is closed: the writer is gone as if it had been killed.
      try store.flush()
    }
    let before = try everything(disk)
    let quiet = try PosixDisk(root: scratch.path(""), readOnly: true)
    let gate = try Dispatcher.readOnly(
      OperationRegistry(modules), reader: EventReader.open(on: quiet))
    #expect(gate.isReadOnly)
    #expect(try gate.call("note.count", [:], by: Sample.anna).output == ["count": 1])
    #expect(
      try gate.call("jobs.page", [:], by: Sample.anna).output["jobs"]?.array?.first?["items"] == 3)
    #expect(try gate.call("events.page", [:], by: Sample.anna).output["isEnd"] == true)
    let plan = try gate.call("item.stamp", ["count": 2, "dryRun": true], by: Sample.anna).plan
    #expect(plan?.itemCount == 2)
    var acting = 0
    for operation in gate.registry.operations where operation.operationClass.acts {
      acting += 1
      do throws(Refusal) {
        _ = try gate.call(operation.name, ["text": "x", "count": 1, "job": "x"], by: Sample.anna)
        Issue.record("\(operation.name) was done")
      } catch {
        #expect(error.token == .denied)
        #expect(
          Set(error.missing) == operation.effects.capabilitiesRequired, "\(operation.name)")
        #expect(error.receipt == nil)
      }
    }
    #expect(acting == 6)
    #expect(gate.refusals.refusals.map(\.refusal.token) == Array(repeating: .denied, count: acting))
    #expect(ledger.begun == 0)
    gate.shutDown()
    #expect(try everything(disk) == before)
  }

  @Test func `refusals are remembered up to a bound, the newest ones`() throws {
    let gate = try Dispatcher.readOnly(OperationRegistry([Sample.module([Sample.write()])]))
    for number in 0..<(OperationsLimits.refusalsMax + 3) {
      do throws(Refusal) {
        _ = try gate.call(
          "note.write", ["text": .string("\(number)")],
          by: Caller(uid: UInt32(number), from: .console))
      } catch {
        #expect(error.token == .denied)
      }
    }
    #expect(gate.refusals.total == OperationsLimits.refusalsMax + 3)
    #expect(gate.refusals.refusals.count == OperationsLimits.refusalsMax)
    #expect(gate.refusals.refusals.first?.caller.uid == 3)
  }

  @Test func `without any store what needs one is not found`() throws {
    let gate = try Dispatcher.readOnly(OperationRegistry([]))
    do throws(Refusal) {
      _ = try gate.call("events.page", [:], by: Sample.anna)
      Issue.record("events were found")
    } catch {
      #expect(error.token == .notFound)
    }
    #expect(try gate.call("jobs.page", [:], by: Sample.anna).output == ["jobs": [], "isEnd": true])
  }

  @Test
  func `on a live engine every acting operation is denied to a stranger, and changes nothing`()
    throws
  {
    let ledger = Ledger()
    let scene = try Scene([ledger.module(), OperationModule("notes", operations: [Sample.write()])])
    var denied = 0
    for operation in scene.gate.registry.operations where operation.operationClass.acts {
      let refusal = scene.refusal(operation.name, [:], by: Sample.stranger)
      #expect(refusal?.token == .denied)
      #expect(refusal?.missing.isEmpty == false)
      #expect(refusal?.receipt?.body.token == .denied)
      denied += 1
    }
    #expect(try scene.receipts().map(\.token) == Array(repeating: .denied, count: denied))
    #expect(try scene.noteCount() == 0)
    #expect(scene.gate.jobTable.jobs.isEmpty)
  }
}
