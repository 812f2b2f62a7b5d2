// The proof of one append. It carries the event's header as the chain commits to it, so it can be
// checked with nothing but the signer's public key: the header and the payload's digest give the
// commitment, and the signature is over that. It names no place on disk.

internal import Bytes
internal import Digests

/// What verifying a receipt says.
public enum ReceiptVerdict: Hashable, Sendable {
  /// Intact and signed by this public key.
  case signed(by: [UInt8])
  /// Intact, and nobody signed it.
  case unsigned
  case invalid(reason: String)

  /// Nothing in it contradicts itself.
  public var isValid: Bool {
    if case .invalid = self { false } else { true }
  }

  /// Somebody signed it, and the signature holds.
  public var isSigned: Bool {
    if case .signed = self { true } else { false }
  }
}

/// The proof of one append.
public struct Receipt: Hashable, Sendable {
  public let header: EventHeader
  public let digest: PayloadDigest
  public internal(set) var commitment: Commitment
  /// The signer's public key and the signature over the commitment.
  public internal(set) var signature: ReceiptSignature?

  init(
    header: EventHeader, digest: PayloadDigest, commitment: Commitment,
    signature: ReceiptSignature?
  ) {
    self.header = header
    self.digest = digest
    self.commitment = commitment
    self.signature = signature
  }

  public var id: EventID { header.id }
  public var sequence: UInt64 { header.sequence }
}

/// Who signed a receipt, and how.
public struct ReceiptSignature: Hashable, Sendable {
  /// 32 bytes.
  public let publicKey: [UInt8]
  /// 64 bytes.
  public let bytes: [UInt8]
}

extension ByteWriter {
  /// Appends 0 for no signature, or 1, the public key and the signature.
  mutating func append(_ signature: ReceiptSignature?) {
    append(signature == nil ? 0 : 1 as UInt8)
    if let signature {
      append(bytes: signature.publicKey)
      append(bytes: signature.bytes)
    }
  }
}

extension ByteCursor {
  /// Reads what `ByteWriter.append` wrote of a signature.
  mutating func signature(in bytes: Span<UInt8>) throws(BytesError) -> ReceiptSignature? {
    guard try flag(in: bytes) else { return nil }
    return ReceiptSignature(
      publicKey: try self.bytes(32, in: bytes), bytes: try self.bytes(64, in: bytes))
  }
}

extension Receipt {
  private static let format: UInt16 = 1

  /// The receipt as bytes that can be kept anywhere; the same receipt has the same bytes.
  public var encoded: [UInt8] {
    var header = ByteWriter()
    self.header.encode(into: &header)
    var writer = ByteWriter()
    writer.append(prefixed: header.bytes)
    writer.append(digest: digest.digest)
    writer.append(digest: commitment.digest)
    writer.append(signature)
    return Sidecar.encode(.receipt, format: Self.format, payload: writer.bytes)
  }

  /// The bytes whose hash is the commitment: the header, and the payload's digest behind it.
  package var committedBytes: [UInt8] {
    var writer = ByteWriter()
    header.encode(into: &writer)
    writer.append(digest: digest.digest)
    return writer.take()
  }

  /// Reads a receipt from its bytes; nil when they are no receipt. Whether it holds is another
  /// question: see `verify`.
  public init?(decoding bytes: [UInt8]) {
    do throws(FormatFault) {
      let payload = try Sidecar.payload(.receipt, format: Self.format, in: bytes.span)
      try self.init(bytes, payload)
    } catch {
      // Why it is no receipt does not matter to whoever asks whether it is one.
      return nil
    }
  }

  private init(_ bytes: [UInt8], _ payload: Range<Int>) throws(FormatFault) {
    let header: Range<Int>
    do throws(BytesError) {
      var cursor = ByteCursor(payload)
      header = try cursor.skipPrefixed(
        lengthMax: EventStoreLimits.headerBytesMax, in: bytes.span)
      digest = PayloadDigest(try cursor.digest(in: bytes.span))
      commitment = Commitment(try cursor.digest(in: bytes.span))
      signature = try cursor.signature(in: bytes.span)
      try cursor.finish()
    } catch {
      throw FormatFault(error)
    }
    self.header = try EventHeader.decode(bytes.span, header)
  }

  /// Whether the receipt holds, by itself; with `publicKey`, whether that key signed it.
  public func verify(publicKey: [UInt8]? = nil) -> ReceiptVerdict {
    guard ChainHash.commitment(header: header, digest: digest) == commitment else {
      return .invalid(reason: "its commitment does not follow from its header and digest")
    }
    guard let signature else {
      return publicKey == nil ? .unsigned : .invalid(reason: "it is not signed")
    }
    if let publicKey, publicKey != signature.publicKey {
      return .invalid(reason: "another key signed it")
    }
    guard ChainHash.isSigned(commitment, by: signature) else {
      return .invalid(reason: "its signature does not hold")
    }
    return .signed(by: signature.publicKey)
  }
}
