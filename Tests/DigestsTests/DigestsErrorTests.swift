// What an operator reads when something is refused here.

import Digests
import Testing

@Suite struct DigestsErrorTests {
  @Test(
    arguments: [
      (.wrongLength(of: "key", expected: 32, got: 5), "a key has 32 bytes, and this one has 5"),
      (
        .notHexadecimal(of: "digest"),
        "a digest is written in hexadecimal digits, and this text is not"
      ),
      (
        .noSubtree(firstChunk: 3, chunks: 2),
        "2 chunks from chunk 3 on are no subtree of a BLAKE3 input"
      ),
      (
        .notSiblings,
        "two parts of a BLAKE3 input do not lie side by side as left and right of one parent"
      ),
      (.forged, "the sealed bytes do not open: they were changed, or sealed with another key"),
      (
        .unavailable("MD5"),
        "MD5 is not offered by the OpenSSL of this machine; check its configuration"
      ),
    ] as [(DigestsError, String)])
  func `every refusal is one sentence`(_ error: DigestsError, _ sentence: String) {
    #expect("\(error)" == sentence)
  }
}
