// `larder bench` from outside: what a program reads, and what is said when a rival is missing.

import Bytes
import ChildProcesses
import Testing

@Suite struct BenchCommandTests {
  private func bench(_ words: String...) throws -> EndedChild {
    try ChildProcess(
      builtProduct("larder"), (["bench"] + words).map { Array($0.utf8) },
      environment: ["PATH": "/usr/bin:/bin"]
    ).wait()
  }

  @Test func `the figures of digests are one JSON document, a missing peer named in it`() throws {
    let child = try bench(
      "digests", "--json", "--rounds", "1", "--threads", "2", "--python", "no-such-python")
    #expect(child.ending == .exited(0))
    let report = try JSONValue(parsing: child.output)
    let figures = try #require(report["figures"]?.array)
    #expect(figures.count == 14)
    for figure in figures {
      #expect((figure["median"]?.number ?? 0) > 0, "\(figure)")
    }
    let warning = "peer missing: official BLAKE3: no-such-python is not installed"
    #expect(report["warnings"]?.array?.contains(.string(warning)) == true)
    #expect(child.errorText.contains("larder: \(warning)\n"))
  }

  @Test func `a bench that does not exist is named`() throws {
    let child = try bench("digest")
    #expect(child.ending == .exited(2))
    #expect(child.errorText.contains("did you mean 'digests'?"))
  }
}
