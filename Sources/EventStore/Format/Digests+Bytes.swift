// Digests as bytes of our formats: 32, as they are.

internal import Bytes
internal import Digests

/// The digest that stands at a range of 32 bytes.
func storedDigest(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Blake3Digest {
  do throws(DigestsError) {
    return try Blake3Digest(bytes: bytes.extracting(range))
  } catch {
    preconditionFailure("a stored digest has 32 bytes")
  }
}

extension ByteWriter {
  /// Appends the 32 bytes of a digest.
  mutating func append(digest: Blake3Digest) {
    digest.withBytes { append(bytes: $0) }
  }
}

extension ByteCursor {
  /// Reads the 32 bytes of a digest.
  mutating func digest(in bytes: Span<UInt8>) throws(BytesError) -> Blake3Digest {
    storedDigest(bytes, try skip(32))
  }
}

extension Blake3Digest {
  /// 32 bytes of zero, for a hash over nothing yet.
  static let zeros = {
    let bytes = [UInt8](repeating: 0, count: 32)
    return storedDigest(bytes.span, 0..<32)
  }()

  /// The first 128 bits as two words.
  var first128: (UInt64, UInt64) {
    withBytes { (littleEndianUInt64($0, at: 0), littleEndianUInt64($0, at: 8)) }
  }
}
