// Programs run to their end: their answer, their code, and what stops those that would not end.

import Ambient
import Testing

@Suite struct SubprocessTests {
  @Test func `the answer is what both streams said, and the code`() throws {
    let answer = try Subprocess.run(
      "sh", ["-c", "echo out; echo err >&2; exit 3"], timeout: .seconds(20))
    #expect(answer.exitCode == 3)
    #expect(answer.text == "out\nerr\n")
  }

  @Test func `a program is given no input`() throws {
    let answer = try Subprocess.run("cat", [], timeout: .seconds(20))
    #expect(answer.exitCode == 0)
    #expect(answer.output.isEmpty)
  }

  @Test func `a signal shows in the code`() throws {
    let answer = try Subprocess.run("sh", ["-c", "kill -TERM $$"], timeout: .seconds(20))
    #expect(answer.exitCode == 128 + 15)
  }

  @Test func `a program that is not there is named`() {
    #expect(throws: SubprocessError.notStarted(program: "no-such-program", errno: 2)) {
      try Subprocess.run("no-such-program", [], timeout: .seconds(20))
    }
    #expect(
      "\(SubprocessError.notStarted(program: "no-such-program", errno: 2))"
        == "no-such-program is not installed")
  }

  @Test func `a program that does not end is ended`() {
    #expect(throws: SubprocessError.tookTooLong(program: "sh")) {
      try Subprocess.run("sh", ["-c", "exec sleep 600"], timeout: .milliseconds(50))
    }
  }

  @Test func `a program that does not stop talking is ended`() {
    #expect(throws: SubprocessError.saidTooMuch(program: "yes", bytesMax: 100)) {
      try Subprocess.run("yes", [], timeout: .seconds(20), outputBytesMax: 100)
    }
  }
}
