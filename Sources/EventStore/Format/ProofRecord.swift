// Proofs as bytes, so that they can be handed to someone who has no store.
//
//   inclusion, kind 16     0   8  sequence
//                          8   8  count that the root covers
//                         16   .  number of siblings (varint), 32 bytes each, the lowest first
//                          .   .  number of peaks (varint), 32 bytes each, the largest first
//
//   growth, kind 17        0   8  count of the older root
//                          8   8  count of the newer
//                         16   .  number of the older root's peaks (varint), 32 bytes each
//                          .   .  number of subtrees added since (varint), 32 bytes each, in order

internal import Bytes
internal import Digests

extension InclusionProof {
  private static let format: UInt16 = 1

  /// The proof as bytes that can be kept anywhere.
  public var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.append(sequence)
    writer.append(count)
    writer.append(digests: siblings)
    writer.append(digests: peaks)
    return Sidecar.encode(.inclusion, format: Self.format, payload: writer.bytes)
  }

  /// Reads a proof from its bytes; nil when they are none. Whether it holds is another question.
  public init?(decoding bytes: [UInt8]) {
    do throws(FormatFault) {
      let payload = try Sidecar.payload(.inclusion, format: Self.format, in: bytes.span)
      do throws(BytesError) {
        var cursor = ByteCursor(payload)
        sequence = try cursor.uint64(in: bytes.span)
        count = try cursor.uint64(in: bytes.span)
        siblings = try cursor.digests(in: bytes.span)
        peaks = try cursor.digests(in: bytes.span)
        try cursor.finish()
      } catch {
        throw FormatFault(error)
      }
    } catch {
      // Why it is no proof does not matter to whoever asks whether it is one.
      return nil
    }
  }
}

extension ConsistencyProof {
  private static let format: UInt16 = 1

  /// The proof as bytes that can be kept anywhere.
  public var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.append(oldCount)
    writer.append(newCount)
    writer.append(digests: oldPeaks)
    writer.append(digests: growth)
    return Sidecar.encode(.growth, format: Self.format, payload: writer.bytes)
  }

  /// Reads a proof from its bytes; nil when they are none. Whether it holds is another question.
  public init?(decoding bytes: [UInt8]) {
    do throws(FormatFault) {
      let payload = try Sidecar.payload(.growth, format: Self.format, in: bytes.span)
      do throws(BytesError) {
        var cursor = ByteCursor(payload)
        oldCount = try cursor.uint64(in: bytes.span)
        newCount = try cursor.uint64(in: bytes.span)
        oldPeaks = try cursor.digests(in: bytes.span)
        growth = try cursor.digests(in: bytes.span)
        try cursor.finish()
      } catch {
        throw FormatFault(error)
      }
    } catch {
      // Why it is no proof does not matter to whoever asks whether it is one.
      return nil
    }
  }
}

/// The most digests in one list of a proof: two for each bit of a sequence.
private let digestsMax = 128

extension ByteWriter {
  fileprivate mutating func append(digests: [Blake3Digest]) {
    append(varint: UInt64(digests.count))
    for digest in digests { append(digest: digest) }
  }
}

extension ByteCursor {
  fileprivate mutating func digests(
    in bytes: Span<UInt8>
  ) throws(BytesError) -> [Blake3Digest] {
    let place = offset
    let count = try varint(in: bytes)
    guard count <= UInt64(digestsMax) else {
      throw .tooLong(offset: place, length: count, lengthMax: digestsMax)
    }
    var digests: [Blake3Digest] = []
    for _ in 0..<count { digests.append(try digest(in: bytes)) }
    return digests
  }
}
