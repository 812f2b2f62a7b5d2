// File events as bytes, and in an event store.

import Ambient
import DiskSimulation
import DurableFiles
import EventStore
import Testing

@testable import Manifest

struct FileEventTests {
  @Test func `every transition is read back as it was written`() throws {
    for transition in try Sample.everyTransition() {
      let event = FileEvent(Sample.path, transition)
      #expect(try FileEvent(kind: transition.kind, payload: event.encoded()) == event)
    }
  }

  @Test func `bytes that end early, go on or say something else are refused`() throws {
    for transition in try Sample.everyTransition() {
      let bytes = FileEvent(Sample.path, transition).encoded()
      for count in 0..<bytes.count {
        #expect(throws: PayloadFault.self) {
          try FileEvent(kind: transition.kind, payload: Array(bytes.prefix(count)))
        }
      }
      #expect(throws: PayloadFault.self) {
        try FileEvent(kind: transition.kind, payload: bytes + [0])
      }
      #expect(throws: PayloadFault.self) {
        try FileEvent(kind: EventKind(rawValue: 0x1FFF), payload: bytes)
      }
    }
  }

  @Test func `a path that leads elsewhere is refused`() throws {
    #expect(throws: PayloadFault.self) {
      try FileEvent(kind: Transition.evicted.kind, payload: [4] + Array("../a".utf8))
    }
    #expect(throws: PayloadFault.self) {
      try FileEvent(kind: Transition.evicted.kind, payload: [0])
    }
  }

  @Test func `a long fault is cut between two characters`() throws {
    let fault = String(repeating: "é", count: 1_000)
    let event = FileEvent(Sample.path, .failed(attempts: 1, fault: fault))
    let read = try FileEvent(kind: event.transition.kind, payload: event.encoded())
    guard case .failed(1, let kept) = read.transition else {
      Issue.record("it became \(read.transition)")
      return
    }
    #expect(kept.utf8.count <= FileEvent.textBytesMax)
    #expect(kept.hasPrefix("ééé") && kept.hasSuffix("é…"))
  }

  @Test func `an event that was judged on an older generation is refused by the store`() throws {
    var registry = PayloadRegistry()
    FileEvent.register(in: &registry)
    var options = StoreOptions()
    options.payloads = registry
    options.maintenance = .inline
    let store = try EventStore.open(on: SimulatedDisk(seed: 1), options)
    let written = FileEvent(Sample.path, .written(Sample.hot(), .closed))
    #expect(try store.append(written.event(judged: nil)).header.streamSequence == 1)
    #expect(
      try store.append(FileEvent(Sample.path, .pinned).event(judged: 1)).header.streamSequence == 2)
    #expect(throws: StoreError.self) {
      try store.append(FileEvent(Sample.path, .evicted).event(judged: 1))
    }
    try store.close()
  }
}
