// A hash of OpenSSL's in progress, for `Sha256` and `Md5` to be made of.

import COpenSSL

@safe struct OpenSSLHasher: ~Copyable {
  enum Function: Int32 {
    case sha256
    case md5
  }

  private let hasher: OpaquePointer

  /// Nil when OpenSSL does not offer the function.
  init?(_ function: Function) {
    guard let hasher = unsafe copenssl_start(function.rawValue) else { return nil }
    unsafe self.hasher = hasher
  }

  deinit {
    unsafe copenssl_free(hasher)
  }

  mutating func update(_ bytes: Span<UInt8>) {
    let refused = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe copenssl_update(hasher, bytes.baseAddress, bytes.count)
    }
    precondition(refused == 0, "OpenSSL refused to go on with a hash")
  }

  /// The digest of what was taken so far; a shorter one leaves the last words at zero.
  func digest() -> Bytes32.Words {
    var words: Bytes32.Words = (0, 0, 0, 0)
    precondition(unsafe copenssl_digest(hasher, &words) == 0, "OpenSSL refused to end a hash")
    return words
  }

  /// The digest of bytes that are all there; nil when OpenSSL does not offer the function.
  static func digest(_ function: Function, of bytes: Span<UInt8>) -> Bytes32.Words? {
    var words: Bytes32.Words = (0, 0, 0, 0)
    let refused = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe copenssl_digest_at_once(function.rawValue, bytes.baseAddress, bytes.count, &words)
    }
    return refused == 0 ? words : nil
  }
}
