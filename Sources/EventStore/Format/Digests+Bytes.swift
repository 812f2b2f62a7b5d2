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
    let words = digest.littleEndianWords
    append(words.0, words.1, words.2, words.3)
  }

  /// Writes the 32 bytes of a digest over what was written before.
  mutating func set(digest: Blake3Digest, at offset: Int) {
    let words = digest.littleEndianWords
    set(words.0, at: offset)
    set(words.1, at: offset + 8)
    set(words.2, at: offset + 16)
    set(words.3, at: offset + 24)
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
    let words = littleEndianWords
    return (words.0, words.1)
  }
}
