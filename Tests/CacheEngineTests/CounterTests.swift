// Every counter of an engine, moved by the thing that it counts.

import Ambient
import ColdStorage
import DiskSimulation
import DurableFiles
import Manifest
import Telemetry
import Testing

@testable import CacheEngine

@Suite struct CounterTests {
  @Test func `each counter moves where its thing happens, and none is forgotten here`() throws {
    let ground = try SimulatedGround {
      $0.server.watcherUsers = [0]
      $0.cache.scrubBytesPerSecond = ByteCount(100)
      $0.depot.fetchesUnknown = true
    }
    var seen: Set<String> = []
    func moves(
      _ names: Set<String>, _ body: () throws -> Void, line: Int = #line
    ) throws {
      let before = values(ground.running.counters)
      try body()
      let after = values(ground.running.counters)
      let moved = Set(after.filter { $0.value > before[$0.key, default: 0] }.keys)
      #expect(names.isSubset(of: moved), "line \(line): only \(moved.sorted()) moved")
      seen.formUnion(names)
    }

    try moves(["changes"]) { try ground.write("a", "text") }
    try moves(["uploads", "uploadedBytes"]) { ground.running.stepUploads(max: 1) }
    try moves(["evictions", "evictedBytes"]) { #expect(ground.running.stepEvict("a")) }
    try moves(["restores", "restoredBytes"]) { _ = try ground.running.fetch("a") }
    try moves(["hits"]) { _ = try ground.running.fetch("a") }
    try moves(["scrubbedFiles", "scrubbedBytes"]) {
      try ground.running.stepManifest()
      var place = ScrubPlace()
      _ = ground.running.scrubStep(&place)
    }
    try moves(["evictionsRefused"]) {
      let held = try OpenFile("a", .reading, on: ground.depotDisk)
      #expect(!ground.running.stepEvict("a"))
      #expect(try held.size == 4)
    }
    try moves(["uploadsOvertaken"]) {
      try ground.write("b", "first")
      let (disk, cold) = (ground.depotDisk, ground.cold)
      cold.hook {
        $0.afterUpload = { (_) throws(StorageError) in
          do { try SimulatedGround.write("b", "second", on: disk) } catch { throw .cancelled }
        }
      }
      ground.running.stepUploads(max: 1)
      cold.hook { $0.afterUpload = { _ in } }
    }
    try moves(["uploadFailures", "uploadsGivenUp"]) {
      try ground.write("c", "text")
      ground.cold.hook {
        $0.beforeUpload = { (_) throws(StorageError) in throw .tooLarge(size: 4, bytesMax: 3) }
      }
      ground.running.stepUploads(max: 10)
      ground.cold.hook { $0.beforeUpload = { _ in } }
    }
    try moves(["restoreFailures"]) {
      #expect(throws: EngineError.self) { try ground.running.fetch("absent") }
    }
    try moves(["unrecordedRestores"]) {
      #expect(ground.running.stepEvict("a"))
      ground.stateDisk.arm(.none.arming(.full, oneIn: 1))
      #expect(throws: EngineError.self) { try ground.write("unwritten", "text") }
      _ = try ground.running.fetch("a")
      ground.stateDisk.arm(.none)
      ground.clock.advance(by: .seconds(6))
    }
    try moves(["rescans"]) { ground.running.stepRescan(isAsked: true) }
    try moves(["overflows"]) { try ground.running.take(.event(ChangeEvent(.overflow))) }
    try moves(["deletes"]) { try ground.running.delete("a") }
    try moves(["removedObjects"]) {
      try ground.running.stepManifest()
      ground.running.stepOrphans()
    }
    try moves(["writersRejected"]) {
      try ground.write("d", "text", tells: false)
      try ground.running.take(.event(ChangeEvent(.written("d"), process: 1, user: 666)))
    }
    try moves(["writersByOwner"]) {
      try ground.running.take(.event(ChangeEvent(.written("d"))))
    }
    try moves(["adopted"]) {
      let label = ObjectLabel(
        FileDetails(size: 1, mode: 0o644, owner: 0, group: 0, modifiedNanoseconds: 0),
        generation: 1)
      _ = try ground.local.upload(
        "files/e~0011223344556677", from: BytesSource([1]),
        UploadRequest(metadata: label.metadata))
      _ = try ground.running.fetch("e")
    }
    try moves(["refusedRestores"]) {
      for number in 0...RestoreTable.filesMax {
        ground.running.fetch(FilePath.root.appending("wanted\(number)")) { _ in }
      }
    }
    #expect(Set(values(ground.running.counters).keys) == seen)
  }

  /// The counters by the names of their properties.
  private func values(_ counters: EngineCounters) -> [String: UInt64] {
    var values: [String: UInt64] = [:]
    for child in Mirror(reflecting: counters).children {
      guard let name = child.label, let counter = child.value as? Counter else { continue }
      values[name] = counter.value
    }
    return values
  }
}
