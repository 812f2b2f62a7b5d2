// What a witness keeps: how many events a store had and the root over all of them. Whoever holds one
// can tell later whether the store was cut, rolled back or rewritten.
//
//   0  16  lineage
//  16   8  count
//  24  32  root
//  56   8  time, in microseconds
//  64   1  1 when signed
//  65  32  public key                     signed
//  97  64  signature over lineage, count and root

public import Ambient
internal import Bytes
public import Digests

/// A store's root at one moment.
public struct Checkpoint: Hashable, Sendable {
  public let lineage: Lineage
  /// How many events it covers.
  public let count: UInt64
  /// The accumulator's root over them.
  public let root: Blake3Digest
  public let time: WallTime
  public let signature: ReceiptSignature?

  private static let format: UInt16 = 1

  init(
    lineage: Lineage, count: UInt64, root: Blake3Digest, time: WallTime,
    signature: ReceiptSignature?
  ) {
    self.lineage = lineage
    self.count = count
    self.root = root
    self.time = time
    self.signature = signature
  }

  /// The checkpoint as bytes that can be kept anywhere.
  public var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.append(id: lineage.id)
    writer.append(count)
    writer.append(digest: root)
    writer.append(time.microseconds)
    writer.append(signature)
    return Sidecar.encode(.checkpoint, format: Self.format, payload: writer.bytes)
  }

  /// Reads a checkpoint from its bytes; throws `.witness` when they are none.
  public init(decoding bytes: [UInt8]) throws(StoreError) {
    do throws(FormatFault) {
      let payload = try Sidecar.payload(.checkpoint, format: Self.format, in: bytes.span)
      try self.init(bytes, payload)
    } catch {
      switch error {
      case .damage(let sentence): throw .witness(sentence)
      case .newer: throw .witness("was written by a newer program")
      }
    }
  }

  private init(_ bytes: [UInt8], _ payload: Range<Int>) throws(FormatFault) {
    let span = bytes.span
    do throws(BytesError) {
      var cursor = ByteCursor(payload)
      lineage = Lineage(id: try cursor.id(in: span))
      count = try cursor.uint64(in: span)
      root = try cursor.digest(in: span)
      time = WallTime(microseconds: try cursor.int64(in: span))
      signature = try cursor.signature(in: span)
      try cursor.finish()
    } catch {
      throw FormatFault(error)
    }
  }

  /// Whether the checkpoint holds by itself; with `publicKey`, whether that key signed it.
  public func verify(publicKey: [UInt8]? = nil) -> ReceiptVerdict {
    guard let signature else {
      return publicKey == nil ? .unsigned : .invalid(reason: "it is not signed")
    }
    if let publicKey, publicKey != signature.publicKey {
      return .invalid(reason: "another key signed it")
    }
    let statement = ChainHash.statement(SealStatement(count: count, root: root), lineage)
    guard SigningKey.isValid(signature.bytes, of: statement, publicKey: signature.publicKey) else {
      return .invalid(reason: "its signature does not hold")
    }
    return .signed(by: signature.publicKey)
  }
}
