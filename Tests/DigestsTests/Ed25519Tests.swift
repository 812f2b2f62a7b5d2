// Ed25519 by the vectors of Project Wycheproof, of which every invalid one is refused, and by what
// the rooms above rely on.

import Ambient
import Bytes
import Digests
import Testing

@Suite struct Ed25519Tests {
  @Test func `every vector is verified or refused as it should be`() throws {
    let groups = try #require(try Vectors(PackageResources.ed25519_json)["testGroups"]?.array)
    var (accepted, refused) = (0, 0)
    for group in groups {
      let key = try Ed25519.PublicKey(bytes: try #require(group["publicKey"]).bytes("pk"))
      for vector in try #require(group["tests"]?.array) {
        let (message, signature) = (try vector.bytes("msg"), try vector.bytes("sig"))
        let isValid = try verifies(key, signature, message)
        #expect(
          isValid == (try vector.text("result") == "valid"),
          "vector \(String(describing: vector["tcId"]?.integer))")
        if isValid { accepted += 1 } else { refused += 1 }
      }
    }
    #expect(accepted == 44)
    #expect(refused == 31)
  }

  /// A signature of another length is as invalid as any other.
  private func verifies(
    _ key: Ed25519.PublicKey, _ signature: [UInt8], _ message: [UInt8]
  ) throws -> Bool {
    do throws(DigestsError) {
      return key.verifies(try Ed25519.Signature(bytes: signature), of: message)
    } catch .wrongLength {
      return false
    }
  }

  /// RFC 8032, section 7.1, tests 1 to 3.
  @Test(arguments: [
    (
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    ),
    (
      "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    ),
    (
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    ),
  ])
  func `seeds give the published keys and signatures`(
    _ seed: String, _ publicKey: String, _ message: String, _ signature: String
  ) throws {
    var seed = try #require(bytes(fromHexadecimal: seed))
    let message = try #require(bytes(fromHexadecimal: message))
    let pair = try Ed25519.KeyPair(seed: SecretBytes(taking: &seed))
    #expect(pair.publicKey.description == publicKey)
    #expect(pair.sign(message).description == signature)
    #expect(pair.publicKey.verifies(pair.sign(message), of: message))
  }

  @Test func `a changed message, signature or key is refused`() throws {
    let pair = Ed25519.KeyPair(from: .seeded(1))
    let other = Ed25519.KeyPair(from: .seeded(2))
    let message: [UInt8] = [1, 2, 3]
    let signature = pair.sign(message)
    #expect(pair.publicKey.verifies(signature, of: message))
    #expect(!pair.publicKey.verifies(signature, of: [1, 2]))
    #expect(!other.publicKey.verifies(signature, of: message))
    for index in 0..<Ed25519.Signature.byteCount {
      var changed = signature.bytes
      changed[index] ^= 1
      #expect(!pair.publicKey.verifies(try Ed25519.Signature(bytes: changed), of: message))
    }
  }

  @Test func `a key pair survives the way through its seed, and keys through bytes`() throws {
    let pair = Ed25519.KeyPair(from: .live)
    let again = try Ed25519.KeyPair(seed: pair.seed)
    #expect(again.publicKey == pair.publicKey)
    #expect(try Ed25519.PublicKey(bytes: pair.publicKey.bytes) == pair.publicKey)
    #expect(try Ed25519.PublicKey(hexadecimal: "\(pair.publicKey)") == pair.publicKey)
    let signature = pair.sign([7])
    #expect(try Ed25519.Signature(bytes: signature.bytes) == signature)
    #expect(signature.withBytes { $0.count } == Ed25519.Signature.byteCount)
  }

  @Test func `what has the wrong length is refused`() {
    var short: [UInt8] = [1, 2, 3]
    #expect(throws: DigestsError.wrongLength(of: "seed", expected: 32, got: 3)) {
      try Ed25519.KeyPair(seed: SecretBytes(taking: &short))
    }
    #expect(throws: DigestsError.wrongLength(of: "public key", expected: 32, got: 31)) {
      try Ed25519.PublicKey(bytes: [UInt8](repeating: 0, count: 31))
    }
    #expect(throws: DigestsError.wrongLength(of: "signature", expected: 64, got: 0)) {
      try Ed25519.Signature(bytes: [])
    }
  }
}
