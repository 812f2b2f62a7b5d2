// Sealing by the vectors of Project Wycheproof, of which every invalid one is refused, and in place.

import Ambient
import Bytes
import Digests
import Testing

@Suite struct XChaCha20Poly1305Tests {
  private typealias Seal = XChaCha20Poly1305

  @Test func `every vector opens and seals, or is refused`() throws {
    let document = try Vectors(PackageResources.xchacha20_poly1305_json)
    var (opened, refused) = (0, 0)
    for group in try #require(document["testGroups"]?.array) {
      for vector in try #require(group["tests"]?.array) {
        if try open(vector) { opened += 1 } else { refused += 1 }
      }
    }
    #expect(opened == 123)
    #expect(refused == 34)
  }

  /// Whether the vector opens; where it does, sealing gives it again.
  private func open(_ vector: JSONValue) throws -> Bool {
    var keyBytes = try vector.bytes("key")
    let key = SecretBytes(taking: &keyBytes)
    let (nonce, associated) = (try vector.bytes("iv"), try vector.bytes("aad"))
    let message = try vector.bytes("msg")
    let sealed = try vector.bytes("ct") + vector.bytes("tag")
    let isValid = try vector.text("result") == "valid"
    do throws(DigestsError) {
      let got = try Seal.opened(
        sealed.span, key: key, nonce: nonce.span, associated: associated.span)
      #expect(isValid)
      #expect(got == message)
      let again = try Seal.sealed(
        message.span, key: key, nonce: nonce.span, associated: associated.span)
      #expect(again == sealed)
      return true
    } catch .forged {
      #expect(!isValid)
    } catch .wrongLength(let what, _, let got) {
      #expect(!isValid)
      #expect(what == "nonce")
      #expect(got == nonce.count)
    }
    return false
  }

  private func opened(
    _ sealed: [UInt8], key: SecretBytes = key, nonce: [UInt8] = nonce, associated: [UInt8]
  ) throws(DigestsError) -> [UInt8] {
    try Seal.opened(sealed.span, key: key, nonce: nonce.span, associated: associated.span)
  }

  private func sealed(
    _ message: [UInt8], key: SecretBytes = key, associated: [UInt8]
  ) throws(DigestsError) -> [UInt8] {
    try Seal.sealed(message.span, key: key, nonce: Self.nonce.span, associated: associated.span)
  }

  private static let key = SecretBytes(count: Seal.keyByteCount, from: .seeded(1))
  private static let nonce = Entropy.seeded(2).bytes(Seal.nonceByteCount)

  @Test(arguments: [0, 1, 16, 63, 64, 65, 1_000, 65_536])
  func `a message sealed where it lies opens where it lies`(_ count: Int) throws {
    let message = Entropy.seeded(3).bytes(count)
    let context: [UInt8] = [1, 2, 3]
    var bytes = message + [UInt8](repeating: 0, count: Seal.tagByteCount)
    var span = bytes.mutableSpan
    try Seal.seal(
      inPlace: &span, key: Self.key, nonce: Self.nonce.span, associated: context.span)
    #expect(bytes == (try self.sealed(message, associated: context)))
    if count > 16 { #expect(Array(bytes[..<count]) != message) }
    var sealed = bytes.mutableSpan
    try Seal.open(
      inPlace: &sealed, key: Self.key, nonce: Self.nonce.span, associated: context.span)
    #expect(Array(bytes[..<count]) == message)
  }

  @Test func `a changed byte, context, nonce or key opens nothing and leaves zeros`() throws {
    let message = Entropy.seeded(4).bytes(40)
    let context: [UInt8] = [9]
    let sealed = try sealed(message, associated: context)
    for index in sealed.indices {
      var changed = sealed
      changed[index] ^= 0x80
      var span = changed.mutableSpan
      #expect(throws: DigestsError.forged) {
        try Seal.open(
          inPlace: &span, key: Self.key, nonce: Self.nonce.span, associated: context.span)
      }
      #expect(Array(changed[..<40]) == [UInt8](repeating: 0, count: 40))
    }
    var otherNonce = Self.nonce
    otherNonce[23] ^= 1
    let otherKey = SecretBytes(count: Seal.keyByteCount, from: .seeded(5))
    #expect(throws: DigestsError.forged) {
      try opened(sealed, associated: [8])
    }
    #expect(throws: DigestsError.forged) {
      try opened(sealed, nonce: otherNonce, associated: context)
    }
    #expect(throws: DigestsError.forged) {
      try opened(sealed, key: otherKey, associated: context)
    }
    #expect(throws: DigestsError.forged) {
      try opened(Array(sealed[..<15]), associated: context)
    }
  }

  @Test func `a key of the wrong length is refused`() {
    let short = SecretBytes(count: 16, from: .seeded(6))
    #expect(throws: DigestsError.wrongLength(of: "key", expected: 32, got: 16)) {
      try sealed([1], key: short, associated: [])
    }
  }
}
