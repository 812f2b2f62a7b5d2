// SHA-256 and MD5 against the system's own tools, on random files of odd sizes, and the published
// answers for what no tool computes.

import Ambient
import Bytes
import Digests
import ScratchFiles
import Testing

@Suite struct SystemToolsTests {
  @Test(arguments: [0, 1, 55, 56, 63, 64, 65, 119, 1_000, 4_097, 65_537, 1_000_003])
  func `digests agree with the system's tools`(_ count: Int) throws {
    var random = SeededGenerator(seed: UInt64(count) + 1)
    let bytes = random.bytes(count)
    let scratch = try Scratch()
    let path: String = try scratch.makeFile("file", bytes)

    var sha256 = Sha256()
    var md5 = try Md5()
    var at = 0
    while at < count {
      let end = min(count, at + 1 + random.below(5_000))
      sha256.update(bytes.span.extracting(at..<end))
      md5.update(bytes.span.extracting(at..<end))
      at = end
    }
    #expect(Sha256.digest(of: bytes) == sha256.digest())
    #expect(try Md5.digest(of: bytes) == md5.digest())
    #expect(try tool("sha256sum", path) == sha256.digest().description)
    #expect(try tool("md5sum", path) == md5.digest().description)
  }

  private func tool(_ name: String, _ path: String) throws -> String {
    let answer = try Subprocess.run(name, [path], timeout: .seconds(60))
    try #require(answer.exitCode == 0, "\(name) failed: \(answer.text)")
    return String(answer.text.prefix { $0 != " " })
  }

  /// RFC 4231, test cases 1 to 4, 6 and 7.
  @Test(
    arguments: [
      (
        [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      ),
      (
        Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
      ),
      (
        [UInt8](repeating: 0xAA, count: 20), [UInt8](repeating: 0xDD, count: 50),
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
      ),
      (
        Array(1...25), [UInt8](repeating: 0xCD, count: 50),
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
      ),
      (
        [UInt8](repeating: 0xAA, count: 131),
        Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
      ),
      (
        [UInt8](repeating: 0xAA, count: 131),
        Array(
          ("This is a test using a larger than block-size key and a larger than block-size data. "
            + "The key needs to be hashed before being used by the HMAC algorithm.").utf8),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
      ),
      // Nothing under an empty key, as in many a first step of a key chain.
      ([], [], "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ] as [([UInt8], [UInt8], String)])
  func `HMAC agrees with the published answers`(
    _ key: [UInt8], _ message: [UInt8], _ code: String
  ) {
    #expect(Sha256.authenticate(message.span, key: key.span).description == code)
  }
}
