// One chunk sealed and opened. What a chunk is bound to is associated data: the header's hash, the
// number of the chunk, and whether it is the last; so no chunk opens in another place, behind a
// changed header or in another object, and an object that was cut is noticed.
//
//   associated   "larder 1 sealed object" 0, hash of the header (32), number (8), last (1)
//   nonce        24 bytes of BLAKE3, keyed, over associated and plaintext
//
// A nonce is made from what it seals. Sealing the same chunk again gives the same bytes, as a part
// that is sent twice must; and a file that changes between the two gives another nonce and never two
// plaintexts under one, which would betray both. Both keys are derived from the data key, which
// therefore never seals anything itself.

internal import Bytes
internal import Digests
internal import EventStore

/// Seals and opens the chunks of one object.
struct ChunkSealer: Sendable {
  let header: SealedHeader
  /// The header as it stands in the object.
  let headerBytes: [UInt8]
  private let headerHash: Blake3Digest
  private let key: SecretBytes
  private let nonceKey: SecretBytes

  private static let keys = Blake3Mode.deriving("larder 1 sealed object key")
  private static let nonceKeys = Blake3Mode.deriving("larder 1 sealed object nonce key")
  private static let domain = Array("larder 1 sealed object\0".utf8)
  private static let nonceCount = XChaCha20Poly1305.nonceByteCount

  /// Throws `.otherKey` when the header names another key.
  init(_ header: SealedHeader, _ key: DataKey) throws(SealingFault) {
    guard header.key == key.id else { throw .otherKey }
    self.header = header
    headerBytes = header.encode()
    headerHash = Blake3.digest(of: headerBytes)
    self.key = Self.derived(key.secret, Self.keys)
    nonceKey = Self.derived(key.secret, Self.nonceKeys)
  }

  private static func derived(_ secret: SecretBytes, _ mode: Blake3Mode) -> SecretBytes {
    var bytes = secret.withBytes { Blake3.digest(of: $0, mode).bytes }
    return SecretBytes(taking: &bytes)
  }

  /// A chunk as it stands in the object.
  func sealed(_ plaintext: [UInt8], chunk index: UInt64) -> [UInt8] {
    let bound = associated(index)
    return seal(plaintext, nonce(of: plaintext, bound), bound)
  }

  /// The plaintext of a chunk; throws `.damaged` unless it is the one that was sealed here.
  func opened(_ sealed: [UInt8], chunk index: UInt64) throws(SealingFault) -> [UInt8] {
    guard sealed.count == header.sealedRange(ofChunk: index).count,
      let plaintext = open(
        Array(sealed[Self.nonceCount...]), Array(sealed[..<Self.nonceCount]), associated(index))
    else { throw .damaged("its chunk \(index) does not open under its key") }
    return plaintext
  }

  private func seal(_ plaintext: [UInt8], _ nonce: [UInt8], _ associated: [UInt8]) -> [UInt8] {
    do throws(DigestsError) {
      return nonce
        + (try XChaCha20Poly1305.sealed(
          plaintext.span, key: key, nonce: nonce.span, associated: associated.span))
    } catch {
      preconditionFailure("a key or nonce was made with another length")
    }
  }

  private func open(_ rest: [UInt8], _ nonce: [UInt8], _ associated: [UInt8]) -> [UInt8]? {
    do throws(DigestsError) {
      return try XChaCha20Poly1305.opened(
        rest.span, key: key, nonce: nonce.span, associated: associated.span)
    } catch {
      return nil
    }
  }

  private func associated(_ index: UInt64) -> [UInt8] {
    var writer = ByteWriter(reserving: 80)
    writer.append(bytes: Self.domain)
    writer.append(bytes: headerHash.bytes)
    writer.append(index)
    writer.append(UInt8(index == header.chunks - 1 ? 1 : 0))
    return writer.take()
  }

  private func nonce(of plaintext: [UInt8], _ associated: [UInt8]) -> [UInt8] {
    do throws(DigestsError) {
      return try nonceKey.withBytes { (key: Span<UInt8>) throws(DigestsError) in
        var hasher = Blake3(try .keyed(key))
        hasher.update(associated)
        hasher.update(plaintext)
        return hasher.output(count: Self.nonceCount)
      }
    } catch {
      preconditionFailure("a derived key has 32 bytes")
    }
  }
}
