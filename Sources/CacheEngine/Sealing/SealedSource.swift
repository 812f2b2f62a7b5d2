// A file as the sealed object that it becomes, sealed while it is read and never written down. It is
// read at any position and as often as an upload wants, and gives the same bytes each time; whoever
// reads in pieces that do not end where chunks do gets a chunk that was sealed a moment ago from a
// small shelf. What passes is hashed as plaintext on its way, once.

internal import Ambient
internal import ColdStorage
internal import Digests
internal import EventStore
internal import Synchronization

/// A source sealed under a data key.
final class SealedSource: ObjectSource {
  private struct Shelf {
    var chunks: [(index: UInt64, bytes: [UInt8])] = []
  }

  private let plaintext: any ObjectSource
  private let sealer: ChunkSealer
  private let parts = PartsDigest(partBytes: Int(SealedHeader.chunkBytes))
  private let shelf = Mutex(Shelf())

  /// How many sealed chunks are kept for whoever reads on in them.
  static let chunksKeptMax = 8

  /// A new sealing of the source, which no other equals.
  init(_ plaintext: any ObjectSource, under key: DataKey, _ entropy: Entropy) {
    let header = SealedHeader(
      key: key.id, salt: entropy.bytes(SealedHeader.saltByteCount), plaintextBytes: plaintext.size)
    do throws(SealingFault) {
      sealer = try ChunkSealer(header, key)
    } catch {
      preconditionFailure("the header names the key it was made for: \(error)")
    }
    self.plaintext = plaintext
  }

  var size: UInt64 { sealer.header.sealedBytes }

  /// The digest of the plaintext, once all of it was read.
  var plaintextDigest: Blake3Digest { parts.digest }

  func read(at offset: UInt64, into bytes: inout [UInt8], count: Int) throws(StorageError) {
    let end = offset + UInt64(count)
    var position = offset
    let head = UInt64(SealedHeader.byteCount)
    if position < end, position < head {
      let until = min(end, head)
      bytes.replaceSubrange(
        0..<Int(until - offset), with: sealer.headerBytes[Int(position)..<Int(until)])
      position = until
    }
    while position < end {
      let index = (position - head) / (SealedHeader.chunkBytes + SealedHeader.chunkOverhead)
      let place = sealer.header.sealedRange(ofChunk: index)
      let until = min(end, place.upperBound)
      let chunk = try sealed(index)
      bytes.replaceSubrange(
        Int(position - offset)..<Int(until - offset),
        with: chunk[Int(position - place.lowerBound)..<Int(until - place.lowerBound)])
      position = until
    }
  }

  private func sealed(_ index: UInt64) throws(StorageError) -> [UInt8] {
    let kept = shelf.withLock { $0.chunks.first { $0.index == index }?.bytes }
    if let kept { return kept }
    let place = sealer.header.plaintextRange(ofChunk: index)
    var piece = [UInt8](repeating: 0, count: place.count)
    if !piece.isEmpty {
      try plaintext.read(at: place.lowerBound, into: &piece, count: piece.count)
    }
    parts.take(piece.span, part: Int(index))
    let chunk = sealer.sealed(piece, chunk: index)
    shelf.withLock { shelf in
      shelf.chunks.append((index, chunk))
      if shelf.chunks.count > Self.chunksKeptMax { shelf.chunks.removeFirst() }
    }
    return chunk
  }
}
