// The hashes and signatures of the chain, each under a domain of its own.

internal import Bytes
internal import Digests

enum ChainHash {
  private static let commitments = Blake3Mode.deriving("larder 1 event commitment")
  private static let signatureDomain = Array("larder 1 event signature\0".utf8)

  /// The commitment of a header and a digest that stand one behind the other.
  static func commitment(headerAndDigest bytes: Span<UInt8>) -> Commitment {
    Commitment(Blake3.digest(of: bytes, commitments))
  }

  /// The commitments of many headers, each with its digest behind it.
  static func commitments(
    headersAndDigests ranges: [Range<Int>], in bytes: Span<UInt8>
  ) -> [Blake3Digest] {
    Blake3.digests(of: ranges, in: bytes, commitments)
  }

  /// The commitment of an event.
  static func commitment(header: EventHeader, digest: PayloadDigest) -> Commitment {
    var writer = ByteWriter(reserving: 256)
    header.encode(into: &writer)
    writer.append(digest: digest.digest)
    return commitment(headerAndDigest: writer.bytes.span)
  }

  /// The commitment of a header as it stands in a frame.
  static func commitment(
    header: Span<UInt8>, digest: PayloadDigest, scratch: inout ByteWriter
  ) -> Commitment {
    scratch.removeAll()
    scratch.append(bytes: header)
    scratch.append(digest: digest.digest)
    return commitment(headerAndDigest: scratch.bytes.span)
  }

  /// What is signed for a commitment.
  static func statement(_ commitment: Commitment) -> [UInt8] {
    signatureDomain + commitment.digest.bytes
  }

  static func sign(_ commitment: Commitment, with key: SigningKey) -> [UInt8] {
    key.sign(statement(commitment))
  }

  static func isSigned(_ commitment: Commitment, by signature: ReceiptSignature) -> Bool {
    SigningKey.isValid(
      signature.bytes, of: statement(commitment), publicKey: signature.publicKey)
  }
}

extension ChainHash {
  private static let sealDomain = Array("larder 1 root signature\0".utf8)

  /// What is signed for a seal and for a checkpoint: lineage, count and root.
  static func statement(_ seal: SealStatement, _ lineage: Lineage) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(bytes: sealDomain)
    writer.append(id: lineage.id)
    writer.append(seal.count)
    writer.append(digest: seal.root)
    return writer.take()
  }
}
