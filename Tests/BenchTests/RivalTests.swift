// What is said of the official BLAKE3 when it cannot be measured, and what is read when it can.

import Bytes
import Testing

@testable import Bench

@Suite struct RivalTests {
  private let size = OfficialBlake3.Case(bytes: 1 << 20, threads: 1)

  private func reason(_ python: String) -> String? {
    let official = OfficialBlake3(python: python, cases: [size])
    do throws(RivalMissing) {
      _ = try official.seconds(size, round: 0)
      return nil
    } catch {
      return error.reason
    }
  }

  @Test func `a Python that is not there or answers nonsense is no rival`() {
    #expect(reason("no-such-python") == "no-such-python is not installed")
    #expect(reason("false") == "false failed with 1")
    #expect(reason("echo") == "echo answered something else than figures")
  }

  @Test(arguments: [
    "{}", "[]", "{\"version\":\"1\",\"seconds\":[]}", "{\"version\":1,\"seconds\":[1]}",
    "{\"version\":\"1\",\"seconds\":[\"1\"]}", "{\"version\":\"1\",\"seconds\":[1,2]}",
    "{\"version\":\"1\",\"seconds\":[0]}",
  ])
  func `an answer of another shape is none`(_ text: String) {
    #expect(OfficialBlake3.Answer(Array(text.utf8), cases: [size]) == nil)
  }

  @Test func `an answer has a figure for each case`() throws {
    let other = OfficialBlake3.Case(bytes: 1 << 20, threads: 2)
    let text = "{\"version\": \"1.0\", \"seconds\": [0.5, 2]}"
    let answer = try #require(OfficialBlake3.Answer(Array(text.utf8), cases: [size, other]))
    #expect(answer.version == "1.0")
    #expect(answer.seconds == [size: 0.5, other: 2])
  }

  @Test func `the speed of OpenSSL is read from its own line`() {
    let text =
      "Got: +DT:sha256:1:1048576\n+R:1:sha256:0.6\n+H:1048576\n+F:25:sha256:1806256722.58\n"
    #expect(OpenSSLSpeed.rate(in: text) == 1_806_256_722.58)
    #expect(OpenSSLSpeed.rate(in: "+F:25:sha256:0.00\n") == nil)
    #expect(OpenSSLSpeed.rate(in: "unknown option\n") == nil)
  }
}
