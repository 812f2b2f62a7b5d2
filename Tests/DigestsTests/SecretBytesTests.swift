// Secrets do not get into text, are compared whole, and take their original with them.

import Ambient
import Digests
import Testing

@Suite struct SecretBytesTests {
  private func hidden(_ bytes: [UInt8]) -> SecretBytes {
    SecretBytes(copying: bytes.span)
  }

  @Test func `a secret is never shown`() {
    var bytes = Array("hunter2".utf8)
    let secret = SecretBytes(taking: &bytes)
    struct Holder { let secret: SecretBytes }
    var dumped = ""
    dump(Holder(secret: secret), to: &dumped)
    for text in [
      "\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])",
      "\(Holder(secret: secret))", dumped,
    ] {
      #expect(text.contains("‹redacted›"))
      #expect(!text.contains("hunter2"))
      #expect(!text.contains("104"))
    }
  }

  @Test func `taking the bytes leaves none behind`() {
    var bytes: [UInt8] = [1, 2, 3]
    let secret = SecretBytes(taking: &bytes)
    #expect(bytes.isEmpty)
    #expect(secret.count == 3)
    #expect(secret.withBytes { $0[2] } == 3)
  }

  @Test func `secrets are equal when all bytes are`() {
    let secret = hidden([1, 2, 3])
    #expect(secret == hidden([1, 2, 3]))
    #expect(secret != hidden([1, 2, 4]))
    #expect(secret != hidden([0, 2, 3]))
    #expect(secret != hidden([1, 2]))
    #expect(hidden([]) == hidden([]))
  }

  @Test func `more secrets than fit in guarded memory are kept all the same`() {
    let secrets = (0..<SecretBytes.guardedMax + 200).map { index in
      SecretBytes(count: 32, from: .seeded(UInt64(index)))
    }
    for (index, secret) in secrets.enumerated() {
      let expected = Entropy.seeded(UInt64(index)).bytes(32)
      #expect(secret == hidden(expected))
    }
  }
}
