// One segment file as readers see it: its frames, and the indexes that find them. A sealed segment
// is read through a memory map and has its footer's index. The active one is read with positioned
// reads and is covered by at most two indexes: the sidecar of the last clean close, then the tail.

internal import Bytes
internal import Digests
internal import DurableFiles

/// One segment file; immutable but for the tail's index.
final class Segment: Sendable {
  let name: SegmentName
  let path: FilePath
  let header: SegmentHeader
  let file: SegmentFile
  /// The whole file, when nothing in it changes any more.
  private let map: (any MappedBytes)?
  /// What finds its events, in order of sequence and without a gap.
  let indexes: [any SegmentIndex]

  /// The most bytes that a first read of a frame asks for; most frames are shorter.
  private static let firstReadBytes = 1_024

  init(
    header: SegmentHeader, path: FilePath, file: SegmentFile,
    map: (any MappedBytes)?, indexes: [any SegmentIndex]
  ) {
    name = header.name
    self.path = path
    self.header = header
    self.file = file
    self.map = map
    self.indexes = indexes
  }

  /// The index that still grows, or nil for a sealed segment.
  var tail: TailIndex? { indexes.last as? TailIndex }

  /// The first sequence that it holds or will hold.
  var firstSequence: UInt64 { indexes.first?.firstSequence ?? name.first }

  /// The last sequence that it holds; one less than the first when it is empty.
  var lastSequence: UInt64 { indexes.last.map(\.lastSequence) ?? name.first - 1 }

  /// The whole file as it is now; what is durable of it does not change.
  func mapped() throws(StoreError) -> any MappedBytes {
    if let map { return map }
    return try file.map()
  }

  /// Where its frames end, and the last sequence before that, as of one moment.
  var extent: (end: UInt64, lastSequence: UInt64) {
    if let tail { return tail.withTables { ($0.endOffset, $0.accumulator.count) } }
    return (
      (indexes.last as? FooterIndex)?.endOffset ?? UInt64(SegmentHeader.count), lastSequence
    )
  }

  /// The index that covers a sequence, and the event's ordinal there.
  func place(of sequence: UInt64) -> (index: any SegmentIndex, ordinal: Int)? {
    for index in indexes.reversed() where sequence >= index.firstSequence {
      let ordinal = sequence - index.firstSequence
      return ordinal < UInt64(index.count) ? (index, Int(ordinal)) : nil
    }
    return nil
  }

  /// Lends the bytes around a frame and the frame itself; throws where none is.
  func withFrame<Result>(
    at offset: UInt64, _ body: (Span<UInt8>, Frame) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    if let map {
      return try map.withBytes { (bytes: Span<UInt8>) throws(StoreError) -> Result in
        guard offset < UInt64(bytes.count) else { throw damage("ends before its frame", offset) }
        return try lend(bytes, Int(offset), base: 0, offset, body)
      }
    }
    var wanted = Self.firstReadBytes
    while true {
      let bytes = try file.read(at: offset, count: wanted)
      if case .needs(let count) = Frame.read(bytes.span, at: 0, base: offset, in: name) {
        guard count > bytes.count, bytes.count == wanted else {
          throw damage("ends inside a frame", offset)
        }
        wanted = count
        continue
      }
      return try lend(bytes.span, 0, base: offset, offset, body)
    }
  }

  private func lend<Result>(
    _ bytes: Span<UInt8>, _ start: Int, base: UInt64, _ offset: UInt64,
    _ body: (Span<UInt8>, Frame) throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    switch Frame.read(bytes, at: start, base: base, in: name) {
    case .frame(let frame, _, _): return try body(bytes, frame)
    case .end: throw damage("has nothing where a frame should be", offset)
    case .needs: throw damage("ends inside a frame", offset)
    case .damage(let fault): throw fault.at(path, offset)
    }
  }

  private func damage(_ sentence: String, _ offset: UInt64) -> StoreError {
    FormatFault(sentence).at(path, offset)
  }
}

extension Segment {
  /// The file name of a segment: first sequence and generation in hexadecimal.
  static func fileName(_ name: SegmentName) -> String {
    let generation = String(name.generation, radix: 16)
    return sixteenDigits(name.first) + "-"
      + String(repeating: "0", count: 8 - generation.utf8.count) + generation + ".segment"
  }

  /// Reads the name of a file that compaction wrote and that is not in force yet; nil for any other.
  static func name(fromPending name: [UInt8]) -> SegmentName? {
    guard name.suffix(8).elementsEqual(".pending".utf8) else { return nil }
    return self.name(fromFile: name.dropLast(8) + ".segment".utf8)
  }

  /// Reads a segment's file name; nil for any other.
  static func name(fromFile name: [UInt8]) -> SegmentName? {
    let text = String(decoding: name, as: UTF8.self)
    guard text.utf8.count == 33, text.hasSuffix(".segment") else { return nil }
    let parts = text.dropLast(8).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 16, parts[1].utf8.count == 8,
      let first = UInt64(parts[0], radix: 16), let generation = UInt32(parts[1], radix: 16)
    else { return nil }
    let found = SegmentName(first: first, generation: generation)
    return fileName(found) == text ? found : nil
  }
}
