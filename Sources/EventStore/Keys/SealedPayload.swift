// How a payload is bound to its event. What is sealed cannot be moved: coordinate, kind, payload
// version and event id are associated data, so a ciphertext opens nowhere but where it was put. The
// nonce begins with how many keys had been minted when it was made, which is how an open notices
// that the keyset is older than the log.
//
//   associated   "larder 1 payload" 0, entity and scope prefixed, kind (2), version (2), id (16)
//   nonce        keys minted so far (8), random (16)

internal import Ambient
internal import Bytes
internal import Digests

/// A payload as it goes into the log.
struct StoredPayload {
  let bytes: [UInt8]
  let digest: PayloadDigest
  /// Nil when it lies there in the clear.
  let sealing: Sealing?
}

enum SealedPayload {
  private static let domain = Array("larder 1 payload\0".utf8)

  static func associated(
    _ coordinate: Coordinate, _ kind: EventKind, _ version: UInt16, _ id: EventID
  ) -> [UInt8] {
    var writer = ByteWriter(reserving: 128)
    writer.append(bytes: domain)
    writer.append(prefixed: coordinate.entityBytes)
    writer.append(prefixed: coordinate.scopeBytes)
    writer.append(kind.rawValue)
    writer.append(version)
    writer.append(id: id)
    return writer.take()
  }

  static func nonce(minted: UInt64, _ entropy: Entropy) -> [UInt8] {
    var writer = ByteWriter(reserving: XChaCha20Poly1305.nonceByteCount)
    writer.append(minted)
    writer.append(bytes: entropy.bytes(16))
    return writer.take()
  }

  /// A payload sealed.
  static func seal(
    _ payload: [UInt8], _ key: SecretBytes, nonce: [UInt8], _ associated: [UInt8]
  ) -> [UInt8] {
    do throws(DigestsError) {
      return try XChaCha20Poly1305.sealed(
        payload.span, key: key, nonce: nonce.span, associated: associated.span)
    } catch {
      preconditionFailure("a key or nonce was made with another length")
    }
  }

  /// A payload opened; nil when it was sealed elsewhere, by another key, or changed.
  static func open(
    _ sealed: Span<UInt8>, _ key: SecretBytes, _ header: EventHeader, _ sealing: Sealing
  ) -> [UInt8]? {
    let associated = associated(
      header.coordinate, header.kind, header.payloadVersion, header.id)
    do throws(DigestsError) {
      return try XChaCha20Poly1305.opened(
        sealed, key: key, nonce: sealing.nonce.span, associated: associated.span)
    } catch {
      return nil
    }
  }
}

extension Sealing {
  /// How many keys had been minted when it was made.
  var minted: UInt64 { littleEndianUInt64(nonce.span, at: 0) }
}
