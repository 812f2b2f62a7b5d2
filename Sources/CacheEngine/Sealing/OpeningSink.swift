// A sealed object that is opened while it arrives, into the sink of its plaintext. Of a whole object
// the header comes first and must be of the key that is recorded; of a part the header is known, and
// its chunks alone come. Nothing reaches the sink that was not authenticated, and one chunk is held
// at most. Whether everything came, `finish` says, once the download has returned.

internal import ColdStorage
internal import Digests
internal import EventStore
internal import Synchronization

/// Opens what a download writes.
final class OpeningSink: ObjectSink {
  private struct State: ~Copyable {
    var sealer: ChunkSealer?
    /// What came and is no whole chunk, or header, yet.
    var waiting: [UInt8] = []
    /// How much came, and how much is to come.
    var received: UInt64 = 0
    var expected: UInt64 = 0
    var nextChunk: UInt64 = 0
    var hasher = Blake3()
  }

  private let object: ObjectKey
  private let key: DataKey
  private let target: any ObjectSink
  /// The header when it is known, and the part of the plaintext that is wanted then.
  private let part: (header: SealedHeader, range: Range<UInt64>)?
  private let state = Mutex(State())

  /// Opens a whole object.
  init(_ object: ObjectKey, under key: DataKey, into target: any ObjectSink) {
    (self.object, self.key, self.target) = (object, key, target)
    part = nil
  }

  /// Opens the chunks that a part of the plaintext touches; the target gets the part's first byte at
  /// offset 0.
  init(
    _ object: ObjectKey, under key: DataKey, _ header: SealedHeader, part range: Range<UInt64>,
    into target: any ObjectSink
  ) {
    (self.object, self.key, self.target) = (object, key, target)
    let end = min(range.upperBound, header.plaintextBytes)
    part = (header, min(range.lowerBound, end)..<end)
  }

  /// What is to be downloaded; nil for all of the object.
  var sealedRange: Range<UInt64>? {
    part.map { $0.header.sealedRange(of: $0.header.chunks(of: $0.range)) }
  }

  /// A chunk opens as a whole, so they come one after the other.
  var isOrdered: Bool { true }

  func begin(size: UInt64) throws(StorageError) {
    try sealing { () throws(SealingFault) in
      let sealer: ChunkSealer? =
        if let part { try ChunkSealer(part.header, key) } else { nil }
      state.withLock { (state: inout State) in
        state = State()
        state.expected = size
        state.sealer = sealer
        if let part { state.nextChunk = part.header.chunks(of: part.range).lowerBound }
      }
    }
    guard let part else { return }
    guard size == UInt64(part.header.sealedRange(of: part.header.chunks(of: part.range)).count)
    else { throw .integrity(object, "it is shorter than its header says") }
    try target.begin(size: UInt64(part.range.count))
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(StorageError) {
    var taken = 0
    while taken < bytes.count {
      let (wanted, isHeader) = try next()
      let count = min(wanted, bytes.count - taken)
      let whole = try state.withLock { (state: inout State) throws(StorageError) -> [UInt8]? in
        guard offset + UInt64(taken) == state.received else {
          throw .integrity(object, "its bytes came out of order")
        }
        for index in taken..<taken + count { state.waiting.append(bytes[index]) }
        state.received += UInt64(count)
        guard count == wanted else { return nil }
        defer { state.waiting = [] }
        return state.waiting
      }
      taken += count
      guard let whole else { continue }
      if isHeader { try take(header: whole) } else { try take(chunk: whole) }
    }
  }

  /// How many bytes are missing to the end of what comes now.
  private func next() throws(StorageError) -> (count: Int, isHeader: Bool) {
    try state.withLock { (state: inout State) throws(StorageError) in
      guard let header = state.sealer?.header else {
        return (SealedHeader.byteCount - state.waiting.count, true)
      }
      guard state.nextChunk < header.chunks else {
        throw .integrity(object, "it is longer than its header says")
      }
      let count = header.sealedRange(ofChunk: state.nextChunk).count
      return (count - state.waiting.count, false)
    }
  }

  private func take(header bytes: [UInt8]) throws(StorageError) {
    let sealer = try sealing { () throws(SealingFault) in
      try ChunkSealer(try SealedHeader.decode(bytes), key)
    }
    let expected = state.withLock { (state: inout State) in
      state.sealer = sealer
      return state.expected
    }
    guard expected == sealer.header.sealedBytes else {
      throw .integrity(
        object, "it has \(expected) bytes, and \(sealer.header.sealedBytes) were sealed")
    }
    try target.begin(size: sealer.header.plaintextBytes)
  }

  private func take(chunk bytes: [UInt8]) throws(StorageError) {
    let (sealer, index) = state.withLock { ($0.sealer, $0.nextChunk) }
    guard let sealer else { preconditionFailure("a chunk came before its header") }
    let plaintext = try sealing { () throws(SealingFault) in
      try sealer.opened(bytes, chunk: index)
    }
    state.withLock { (state: inout State) in
      state.nextChunk += 1
      state.hasher.update(plaintext)
    }
    let place = sealer.header.plaintextRange(ofChunk: index)
    let wanted = (part?.range ?? 0..<sealer.header.plaintextBytes)
    let overlap = place.clamped(to: wanted)
    guard !overlap.isEmpty else { return }
    let span = plaintext.span
    try target.write(
      span.extracting(
        Int(overlap.lowerBound - place.lowerBound)..<Int(overlap.upperBound - place.lowerBound)),
      at: overlap.lowerBound - wanted.lowerBound)
  }

  /// The digest of the chunks' plaintext, of the file when all of it came; throws `.integrity` when
  /// something did not come.
  func finish() throws(StorageError) -> Blake3Digest {
    let (isWhole, digest) = state.withLock { state in
      let last = part.map { $0.header.chunks(of: $0.range).upperBound + 1 }
      return (
        state.sealer.map { state.nextChunk == last ?? $0.header.chunks } ?? false,
        state.hasher.digest()
      )
    }
    guard isWhole else { throw .integrity(object, "it ends early") }
    return digest
  }

  private func sealing<Result>(
    _ body: () throws(SealingFault) -> Result
  ) throws(StorageError) -> Result {
    do throws(SealingFault) {
      return try body()
    } catch {
      throw .integrity(object, "\(error)")
    }
  }
}
