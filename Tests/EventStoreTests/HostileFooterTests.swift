// A footer is trusted for speed and never for safety: whatever stands in it, a query ends with events,
// with fewer events, or with an error that names the file, and the process goes on.

import Ambient
import DurableFiles
import ScratchFiles
import Testing

@testable import EventStore

@Suite struct HostileFooterTests {
  private let scratch: Scratch
  private let path: FilePath = "segments/0000000000000001-00000000.segment"

  init() throws {
    scratch = try Scratch()
    var options = StoreOptions()
    options.segmentBytes = 2_048
    let store = try EventStore.open(on: scratch.disk, options)
    for number in 0..<30 { try store.append(.of("file:\(number % 3)", "\(number)")) }
    try store.close()
  }

  /// Asks what readers ask; refusals are good answers.
  private func query() throws {
    func ask(_ body: () throws -> Void) throws {
      do { try body() } catch is StoreError { return }
    }
    try ask {
      let reader = try EventReader.open(on: scratch.disk)
      for region in [
        Region.everything, Region(entityPrefix: "file"), Region(entityPrefix: "file:1"),
        Region(scope: "test"), Region(kind: .category(1)),
      ] {
        try ask { _ = try reader.events(in: region) }
        try ask { _ = try reader.events(in: region, order: .newestFirst) }
      }
      try ask { _ = try reader.latest("file:1") }
      for sequence in 1...8 as ClosedRange<UInt64> {
        try ask { _ = try reader.event(sequence) }
        try ask { _ = try reader.inclusionProof(of: sequence) }
        try ask { _ = try reader.ancestors(of: reader.event(sequence).header.id) }
      }
    }
  }

  /// Nothing, everything, and the largest numbers of eight and of four bytes that are still positive.
  private static let numbers: [[UInt8]] = [
    [0, 0, 0, 0], [255, 255, 255, 255], [255, 255, 255, 255, 255, 255, 255, 127],
    [254, 255, 255, 255], [255, 255, 255, 127],
  ]

  @Test(arguments: numbers)
  func `no number in a footer ends the process`(_ number: [UInt8]) throws {
    let file = try OpenFile(path, .writing, on: scratch.disk)
    let bytes = try file.readAll(bytesMax: 1 << 20)
    let footer = try #require(
      bytes.indices.last { bytes[$0...].starts(with: Array("LARDFIL".utf8)) })
    for offset in stride(from: footer, to: bytes.count, by: 4) {
      let count = min(number.count, bytes.count - offset)
      try file.write(Array(number.prefix(count)), at: UInt64(offset))
      try query()
      try file.write(Array(bytes[offset..<offset + count]), at: UInt64(offset))
    }
    #expect(try EventReader.verify(on: scratch.disk).isIntact)
  }
}
