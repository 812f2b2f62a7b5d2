// Someone with the directory in hand, and all the formats known, changes a closed store. Each change
// must be found, with the file and the place; what leaves a store that is whole in itself, as an older
// copy does, is found with a checkpoint that a witness kept.

import Ambient
import Bytes
import Digests
import DurableFiles
import ScratchFiles
import Testing

@testable import EventStore

@Suite struct TamperTests {
  private let scratch: Scratch
  private let first: FilePath = "segments/0000000000000001-00000000.segment"

  /// A closed store of several segments.
  init() throws {
    scratch = try Scratch()
    var options = StoreOptions()
    options.segmentBytes = 4_096
    let store = try EventStore.open(on: scratch.disk, options)
    for number in 0..<40 {
      try store.append(.of("file:\(number % 3)", "payload \(10 + number)"))
    }
    _ = try store.append(batch: [.of("file:1", "batch 1"), .of("file:1", "batch 2")])
    try store.close()
  }

  private func verify(_ witnesses: [Checkpoint] = []) throws -> VerifyReport {
    try EventReader.verify(on: scratch.disk, VerifyOptions(witnesses: witnesses))
  }

  private func bytes(_ path: FilePath) throws -> [UInt8] {
    try OpenFile(path, .reading, on: scratch.disk).readAll(bytesMax: 1 << 20)
  }

  private func put(_ bytes: [UInt8], _ path: FilePath) throws {
    try AtomicReplace.write(
      bytes, to: path, mode: 0o600, replacing: true, on: scratch.disk, entropy: .live)
  }

  /// Where the bodies of a segment's frames stand.
  private func frames(_ file: [UInt8]) -> [(frame: Frame, body: Range<Int>)] {
    var found: [(Frame, Range<Int>)] = []
    var offset = SegmentHeader.count
    while case .frame(let frame, let body, _) = Frame.read(
      file.span, at: offset, base: 0, in: SegmentName(first: 1, generation: 0))
    {
      found.append((frame, body))
      offset = body.upperBound
    }
    return found
  }

  /// Writes envelopes and marks anew around whatever the bodies say now, as a forger would.
  private func mend(_ file: inout [UInt8], _ bodies: [Range<Int>]) {
    let segment = SegmentName(first: 1, generation: 0)
    var chain: UInt32 = 0
    for body in bodies {
      let start = body.lowerBound - Envelope.count
      if file[body.lowerBound] == FrameKind.mark.rawValue {
        for index in 0..<4 {
          file[body.upperBound - 4 + index] = UInt8(truncatingIfNeeded: chain >> UInt32(index * 8))
        }
      }
      let checksum = Envelope.checksum(file.span, body, at: UInt64(start), in: segment)
      for index in 0..<4 {
        file[start + 4 + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(index * 8))
      }
      if file[body.lowerBound] != FrameKind.mark.rawValue { chain = chained(chain, checksum) }
    }
  }

  /// Bodies of two events of the first segment that are of one length, with those of all frames.
  private func twins(_ file: [UInt8]) throws -> (left: Range<Int>, right: Range<Int>) {
    let events = frames(file).compactMap { found -> Range<Int>? in
      if case .event = found.frame, found.body.count > 100 { found.body } else { nil }
    }
    for left in events {
      if let right = events.first(where: {
        $0.lowerBound > left.lowerBound && $0.count == left.count
      }
      ) {
        return (left, right)
      }
    }
    throw StoreError.absent("two events of one length")
  }

  private func swapped(_ file: [UInt8]) throws -> [UInt8] {
    let (left, right) = try twins(file)
    var changed = file
    changed.replaceSubrange(left, with: file[right])
    changed.replaceSubrange(right, with: file[left])
    return changed
  }

  @Test func `the store is intact before it is touched`() throws {
    #expect(try verify().isIntact)
  }

  @Test func `swapped frames are found where they stand`() throws {
    let file = try bytes(first)
    try put(try swapped(file), first)
    let finding = try #require(try verify().findings.first)
    #expect(finding.file == first)
    #expect(finding.offset == UInt64(try twins(file).left.lowerBound - Envelope.count))
  }

  @Test func `swapped frames are found although every checksum was made to fit`() throws {
    let file = try bytes(first)
    var changed = try swapped(file)
    mend(&changed, frames(file).map(\.body))
    try put(changed, first)
    let report = try verify()
    #expect(report.mismatches.isEmpty)
    #expect(report.gaps.contains { $0.file == first })
  }

  @Test func `a changed payload is found although every checksum was made to fit`() throws {
    let file = try bytes(first)
    let all = frames(file)
    let (index, payload) = try #require(
      all.indices.lazy.compactMap { index -> (Int, Range<Int>)? in
        if case .event(let event) = all[index].frame, event.payload.count == 10 {
          (index, event.payload)
        } else {
          nil
        }
      }.first)
    var changed = file
    changed[payload.lowerBound] ^= 1
    mend(&changed, all.map(\.body))
    try put(changed, first)
    let finding = try #require(try verify().mismatches.first)
    #expect(finding.offset == UInt64(all[index].body.lowerBound - Envelope.count))
    #expect(finding.file == first)
  }

  @Test func `a changed header is found although every checksum was made to fit`() throws {
    let file = try bytes(first)
    let all = frames(file)
    guard case .event(let event) = all[2].frame else {
      Issue.record("no event stands there")
      return
    }
    // Each byte of the header in turn, the kind, the time and the scope among them.
    for offset in event.header {
      var changed = file
      changed[offset] ^= 1
      mend(&changed, all.map(\.body))
      try put(changed, first)
      let findings = try verify().findings
      #expect(findings.contains { $0.file == first }, "byte \(offset - event.header.lowerBound)")
    }
  }

  @Test func `a commitment that fits a changed payload breaks the link after it`() throws {
    let file = try bytes(first)
    let all = frames(file)
    // The entity's next event names this one's commitment.
    guard case .event(let event) = all[2].frame else {
      Issue.record("no event stands there")
      return
    }
    var changed = file
    changed[event.payload.lowerBound] ^= 1
    let header = try EventHeader.decode(changed.span, event.header)
    let payload = Array(changed[event.payload])
    let commitment = ChainHash.commitment(header: header, digest: PayloadDigest(of: payload.span))
    var writer = ByteWriter()
    writer.append(digest: commitment.digest)
    changed.replaceSubrange(event.commitment, with: writer.bytes)
    mend(&changed, all.map(\.body))
    try put(changed, first)
    let report = try verify()
    #expect(report.mismatches.isEmpty)
    #expect(report.dangling.contains { $0.fault.contains("with another hash") })
    #expect(report.others.contains { $0.fault.contains("root") })
  }

  @Test func `a cut tail is found at any length`() throws {
    let last = try #require(
      try scratch.disk.list("segments").map { String(decoding: $0.name, as: UTF8.self) }
        .filter { $0.hasSuffix(".segment") }.max())
    let path = FilePath(stringLiteral: "segments/\(last)")
    let file = try bytes(path)
    for count in stride(from: SegmentHeader.count, to: file.count, by: 17) {
      try put(Array(file[..<count]), path)
      #expect(throws: Never.self) { try #require(!verify().isIntact, "cut to \(count)") }
    }
    try put(file, path)
    #expect(try verify().isIntact)
  }

  @Test func `a frame that is missing is a gap, and renumbers nothing`() throws {
    let other = try Scratch()
    do {
      // Never closed, so there are no tables that would give the gap away.
      let store = try EventStore.open(on: other.disk)
      for number in 0..<9 { try store.append(.of("file:\(number % 2)", "payload \(number)")) }
    }
    try other.disk.remove(StoreNames.words)
    let file = try OpenFile(first, .reading, on: other.disk).readAll(bytesMax: 1 << 24)
    let all = frames(file)
    // The fifth append's frame, and the mark that ends its group.
    let missing = all[10].body.lowerBound - Envelope.count..<all[11].body.upperBound
    var changed = file
    changed.removeSubrange(missing)
    let left = all.filter { !missing.contains($0.body.lowerBound) }.map { found in
      found.body.lowerBound < missing.lowerBound
        ? found.body
        : found.body.lowerBound - missing.count..<found.body.upperBound - missing.count
    }
    mend(&changed, left)
    try AtomicReplace.write(
      changed, to: first, mode: 0o600, replacing: true, on: other.disk, entropy: .live)
    let report = try EventReader.verify(on: other.disk)
    #expect(!report.isIntact)
    #expect(throws: StoreError.self) { try EventStore.open(on: other.disk) }
  }

  @Test func `a segment that is missing is found`() throws {
    try scratch.disk.remove(first)
    let finding = try #require(try verify().findings.first)
    #expect("\(finding.file)".hasPrefix("segments/"))
  }

  @Test func `a segment of another store is found by name`() throws {
    let other = try Scratch()
    var options = StoreOptions()
    options.segmentBytes = 4_096
    let store = try EventStore.open(on: other.disk, options)
    for number in 0..<40 { try store.append(.of("file:\(number % 3)", "payload \(10 + number)")) }
    try store.close()
    let foreign = try OpenFile(first, .reading, on: other.disk).readAll(bytesMax: 1 << 20)
    try put(foreign, first)
    let finding = try #require(try verify().findings.first)
    #expect(finding.file == first)
    #expect(finding.fault.contains("belongs to the store"))
  }

  @Test func `an older copy of the whole store is found with a witness`() throws {
    let names = try files()
    let old = try names.map { ($0, try bytes($0)) }
    let store = try EventStore.open(on: scratch.disk)
    try store.append(.of("file:1", "later"))
    let witness = try store.reader.checkpoint(at: WallTime(microseconds: 1))
    try store.close()
    for path in try files() { try scratch.disk.remove(path) }
    for (path, bytes) in old { try put(bytes, path) }
    #expect(try verify().isIntact)
    let finding = try #require(try verify([witness]).others.first)
    #expect(finding.fault.contains("cut or rolled back"))
  }

  @Test func `a history that was written anew is found with a witness`() throws {
    let names = try files()
    let old = try names.map { ($0, try bytes($0)) }
    let store = try EventStore.open(on: scratch.disk)
    try store.append(.of("file:1", "what happened"))
    let witness = try store.reader.checkpoint(at: WallTime(microseconds: 1))
    try store.close()
    for path in try files() { try scratch.disk.remove(path) }
    for (path, bytes) in old { try put(bytes, path) }
    let forger = try EventStore.open(on: scratch.disk)
    try forger.append(.of("file:1", "what is said"))
    try forger.append(.of("file:1", "and more"))
    try forger.close()
    #expect(try verify().isIntact)
    let finding = try #require(try verify([witness]).others.first)
    #expect(finding.fault.contains("rewritten"))
  }

  private func files() throws -> [FilePath] {
    var found: [FilePath] = []
    for directory in [FilePath.root, "segments"] {
      for entry in try scratch.disk.list(directory) where entry.kind == .regular {
        found.append(directory.appending(entry.name))
      }
    }
    return found
  }
}
