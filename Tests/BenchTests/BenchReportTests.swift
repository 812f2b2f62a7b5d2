// The report as people and programs read it.

import Ambient
import Bench
import Bytes
import Testing

@Suite struct BenchReportTests {
  private static func machine(isRelease: Bool) -> Machine {
    Machine(
      processor: "Some CPU", processors: 2, memory: ByteCount(24 << 30), kernel: "Linux 6.1",
      governor: nil, load: "0.10", commit: "0123456789ab", isRelease: isRelease)
  }

  private static let figures = [
    Figure(
      name: "hash, 1 MiB", quantity: .bytesPerSecond, runs: Runs([6.4e9, 6.3e9, 6.5e9]),
      rival: Rival(name: "theirs", result: .measured(Runs([6.6e9, 6.5e9, 6.4e9]))),
      bar: .ratio(0.95)),
    Figure(
      name: "open", quantity: .seconds, runs: Runs([0.25, 0.25, 0.25]), bar: .value(0.2)),
    Figure(
      name: "append", quantity: .perSecond, runs: Runs([1_000, 1_000, 1_000]),
      rival: Rival(name: "other store", result: .missing("it is not installed")),
      bar: .ratio(1.1)),
  ]

  private func report(isRelease: Bool = true) -> BenchReport {
    BenchReport(
      bench: "things", time: WallTime(seconds: 1_750_000_000),
      machine: Self.machine(isRelease: isRelease), rounds: 3, figures: Self.figures,
      notes: ["a fact"])
  }

  @Test func `the table is this`() {
    #expect(
      report().table == """
        things, 2025-06-15T15:06:40.000000Z
        Some CPU, 2 processors, 24.0 GiB of memory, Linux 6.1, load 0.10, commit 0123456789ab, release build
        medians of 3 rounds, lowest and highest in brackets

                        larder                                    peer               ratio  bar
        hash, 1 MiB  6.40 GB/s  (6.30 GB/s .. 6.50 GB/s)     6.50 GB/s  theirs        0.98  \u{2265} 0.95  met
        open            250 ms  (250 ms .. 250 ms)                                          \u{2264} 200 ms  MISSED
        append         1.00k/s  (1.00k/s .. 1.00k/s)      PEER MISSING  other store         \u{2265} 1.10  unknown

        a fact

        !! peer missing: other store: it is not installed
        !! bar missed: open

        """)
  }

  @Test func `a debug build is called one before all else`() {
    #expect(
      report(isRelease: false).warnings.first
        == "a debug build was measured; its figures mean nothing")
    #expect(report(isRelease: false).machine.sentence.hasSuffix("DEBUG BUILD"))
  }

  @Test func `JSON has every run, in base units`() throws {
    let json = report().json
    #expect(json["bench"] == "things")
    #expect(json["rounds"] == 3)
    #expect(json["machine"]?["memoryBytes"] == .integer(24 << 30))
    #expect(json["machine"]?["governor"] == .null)
    let figures = try #require(json["figures"]?.array)
    #expect(
      figures[0] == [
        "name": "hash, 1 MiB", "unit": "B/s", "median": 6.4e9, "runs": [6.4e9, 6.3e9, 6.5e9],
        "peer": ["name": "theirs", "median": 6.5e9, "runs": [6.6e9, 6.5e9, 6.4e9]],
        "ratio": .number(6.4e9 / 6.5e9), "bar": ["ratio": 0.95], "met": true,
      ])
    #expect(figures[1]["met"] == false)
    #expect(figures[1]["peer"] == .null)
    #expect(
      figures[2]["peer"] == ["name": "other store", "missing": "it is not installed"])
    #expect(figures[2]["met"] == .null)
    #expect(json["warnings"]?.array?.count == 2)
  }

  @Test func `this machine tells what it is`() {
    let machine = Machine.current()
    #expect(machine.processors >= 1)
    #expect(machine.kernel?.hasPrefix("Linux ") == true)
    #expect((machine.memory ?? .zero) > ByteCount(1 << 20))
  }
}
