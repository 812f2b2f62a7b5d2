// The key that wraps all data keys of a store. It lives outside the store's directory, so whoever
// has only the directory can read nothing that is sealed, and it never leaves secret memory.
//
// As a file it is one line of 64 hexadecimal digits.

public import Ambient
internal import Bytes
public import Digests

/// The key-encryption key of a store.
public struct KeyEncryptionKey: Sendable {
  private let key: SecretBytes
  /// Proves that whoever wrote the keyset's head had the key.
  private let headKey: SecretBytes
  /// 16 bytes that tell keys apart and reveal nothing of them.
  let id: [UInt8]

  /// How many bytes a key has.
  public static let byteCount = XChaCha20Poly1305.keyByteCount
  /// The longest a key's file may be.
  static let fileBytesMax = 256

  private static let ids = Blake3Mode.deriving("larder 1 key-encryption key id")
  private static let heads = Blake3Mode.deriving("larder 1 keyset head key")
  private static let wrapping = Array("larder 1 key wrap\0".utf8)

  /// A key of 32 secret bytes.
  public init(_ secret: SecretBytes) throws(StoreError) {
    guard secret.count == Self.byteCount else {
      throw .keyset(.source("must have \(Self.byteCount) bytes"))
    }
    key = secret
    id = secret.withBytes { Array(Blake3.digest(of: $0, Self.ids).bytes.prefix(16)) }
    var derived = secret.withBytes { Blake3.digest(of: $0, Self.heads).bytes }
    headKey = SecretBytes(taking: &derived)
  }

  /// A new random key.
  public init(from entropy: Entropy) {
    do throws(StoreError) {
      try self.init(SecretBytes(count: Self.byteCount, from: entropy))
    } catch {
      preconditionFailure("a key was made with another length")
    }
  }

  /// Reads a key from its file's bytes, which are overwritten.
  init(taking text: inout [UInt8]) throws(StoreError) {
    var bytes = Self.bytes(of: text)
    _ = SecretBytes(taking: &text)
    guard bytes.count == Self.byteCount else {
      _ = SecretBytes(taking: &bytes)
      throw .keyset(
        .source("is not one line of 64 hexadecimal digits; make one with 'larder events key new'"))
    }
    try self.init(SecretBytes(taking: &bytes))
  }

  /// What the digits of a line spell; anything else gives too few bytes.
  private static func bytes(of text: [UInt8]) -> [UInt8] {
    var digits = text[...]
    while let last = digits.last, last == 0x0A || last == 0x0D { digits.removeLast() }
    guard digits.count == 2 * byteCount else { return [] }
    // Room for all of it at once: an array that grows leaves copies behind that nobody wipes.
    return [UInt8](capacity: byteCount) { output in
      for index in stride(from: digits.startIndex, to: digits.endIndex, by: 2) {
        guard let high = Self.digit(digits[index]), let low = Self.digit(digits[index + 1]) else {
          return
        }
        output.append(high << 4 | low)
      }
    }
  }

  private static func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// The bytes of the key's file; whoever asks wipes them.
  public func withFileBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let digits = Array("0123456789abcdef".utf8)
    var text = key.withBytes { key in
      [UInt8](capacity: 2 * Self.byteCount + 1) { output in
        for index in key.indices {
          output.append(digits[Int(key[index] >> 4)])
          output.append(digits[Int(key[index] & 15)])
        }
        output.append(UInt8(ascii: "\n"))
      }
    }
    let secret = SecretBytes(taking: &text)
    return try secret.withBytes(body)
  }

  // MARK: - Wrapping

  /// A data key wrapped: 32 bytes of ciphertext and the tag.
  func wrap(_ dataKey: SecretBytes, nonce: [UInt8], _ name: DataKeyName) -> [UInt8] {
    let associated = Self.associated(name)
    do throws(DigestsError) {
      return try dataKey.withBytes { (bytes: Span<UInt8>) throws(DigestsError) in
        try XChaCha20Poly1305.sealed(
          bytes, key: key, nonce: nonce.span, associated: associated.span)
      }
    } catch {
      preconditionFailure("a key or nonce was made with another length")
    }
  }

  /// The data key that was wrapped; nil when another key or name wrapped it.
  func unwrap(_ wrapped: [UInt8], nonce: [UInt8], _ name: DataKeyName) -> SecretBytes? {
    let associated = Self.associated(name)
    do throws(DigestsError) {
      var bytes = try XChaCha20Poly1305.opened(
        wrapped.span, key: key, nonce: nonce.span, associated: associated.span)
      return SecretBytes(taking: &bytes)
    } catch {
      return nil
    }
  }

  private static func associated(_ name: DataKeyName) -> [UInt8] {
    var writer = ByteWriter(reserving: 64)
    writer.append(bytes: wrapping)
    writer.append(name.granularity.rawValue)
    writer.append(id: EventID(high: name.scope.high, low: name.scope.low))
    writer.append(name.generation)
    return writer.take()
  }

  /// What proves that a head was written by someone with this key.
  func proof(of head: Span<UInt8>) -> Blake3Digest {
    do throws(DigestsError) {
      return try headKey.withBytes { (key: Span<UInt8>) throws(DigestsError) in
        Blake3.digest(of: head, try .keyed(key))
      }
    } catch {
      preconditionFailure("a derived key has 32 bytes")
    }
  }
}

/// Which data key, for the wrapping to be bound to.
struct DataKeyName: Hashable {
  let granularity: KeyGranularity
  let scope: KeyScopeID
  let generation: UInt32
}
