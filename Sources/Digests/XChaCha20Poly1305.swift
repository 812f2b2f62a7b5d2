// Sealing with XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha), by libsodium: what is sealed cannot be
// read or changed without the key, and associated data, which stays readable, cannot be changed
// either. A nonce of 24 bytes may be drawn at random for every message.
//
//   sealed   ciphertext, as long as the message  |  tag, 16 bytes

import CSodium

/// Sealing and opening messages.
package enum XChaCha20Poly1305 {
  /// How many bytes a key has.
  package static let keyByteCount = 32
  /// How many bytes a nonce has; none is ever used twice with one key.
  package static let nonceByteCount = 24
  /// How many bytes longer than the message it is when sealed.
  package static let tagByteCount = 16

  /// Seals where it lies: the message is all of `sealed` but its last 16 bytes, which receive the
  /// tag.
  package static func seal(
    inPlace sealed: inout MutableSpan<UInt8>, key: SecretBytes, nonce: Span<UInt8>,
    associated: Span<UInt8>
  ) throws(DigestsError) {
    precondition(sealed.count >= tagByteCount, "no room was left for the tag")
    try check(key, nonce)
    _ = transform(&sealed, key, nonce, associated, opening: false)
  }

  /// Opens where it lies; all of `sealed` but its last 16 bytes is the message then.
  ///
  /// Throws `.forged` when the key is another or anything was changed; the bytes are zeros then.
  package static func open(
    inPlace sealed: inout MutableSpan<UInt8>, key: SecretBytes, nonce: Span<UInt8>,
    associated: Span<UInt8>
  ) throws(DigestsError) {
    try check(key, nonce)
    guard sealed.count >= tagByteCount else { throw .forged }
    guard transform(&sealed, key, nonce, associated, opening: true) else { throw .forged }
  }

  /// The message sealed: its ciphertext and the tag.
  package static func sealed(
    _ message: Span<UInt8>, key: SecretBytes, nonce: Span<UInt8>, associated: Span<UInt8>
  ) throws(DigestsError) -> [UInt8] {
    var sealed = copy(of: message, adding: tagByteCount)
    var span = sealed.mutableSpan
    try seal(inPlace: &span, key: key, nonce: nonce, associated: associated)
    return sealed
  }

  /// The message that was sealed; throws `.forged` when the key is another or anything was changed.
  package static func opened(
    _ sealed: Span<UInt8>, key: SecretBytes, nonce: Span<UInt8>, associated: Span<UInt8>
  ) throws(DigestsError) -> [UInt8] {
    var message = copy(of: sealed, adding: 0)
    var span = message.mutableSpan
    try open(inPlace: &span, key: key, nonce: nonce, associated: associated)
    message.removeLast(tagByteCount)
    return message
  }

  private static func check(_ key: SecretBytes, _ nonce: Span<UInt8>) throws(DigestsError) {
    guard key.count == keyByteCount else {
      throw .wrongLength(of: "key", expected: keyByteCount, got: key.count)
    }
    guard nonce.count == nonceByteCount else {
      throw .wrongLength(of: "nonce", expected: nonceByteCount, got: nonce.count)
    }
  }

  private static func copy(of bytes: Span<UInt8>, adding more: Int) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: bytes.count + more) { buffer, initialized in
      unsafe bytes.withUnsafeBufferPointer { bytes in
        if let start = buffer.baseAddress, let from = bytes.baseAddress {
          unsafe start.initialize(from: from, count: bytes.count)
        }
      }
      for index in bytes.count..<bytes.count + more { unsafe buffer[index] = 0 }
      initialized = bytes.count + more
    }
  }

  /// Seals or opens; false when it does not open.
  private static func transform(
    _ sealed: inout MutableSpan<UInt8>, _ key: SecretBytes, _ nonce: Span<UInt8>,
    _ associated: Span<UInt8>, opening: Bool
  ) -> Bool {
    startSodium()
    return key.withBytes { key in
      unsafe key.withUnsafeBufferPointer { key in
        unsafe nonce.withUnsafeBufferPointer { nonce in
          unsafe associated.withUnsafeBufferPointer { associated in
            unsafe sealed.withUnsafeMutableBufferPointer { sealed in
              let count = sealed.count - tagByteCount
              let message = sealed.baseAddress!
              if opening {
                return unsafe csodium_xchacha_open(
                  message, count, associated.baseAddress, associated.count, nonce.baseAddress!,
                  key.baseAddress!, message + count) == 1
              }
              unsafe csodium_xchacha_seal(
                message, count, associated.baseAddress, associated.count, nonce.baseAddress!,
                key.baseAddress!, message + count)
              return true
            }
          }
        }
      }
    }
  }
}
