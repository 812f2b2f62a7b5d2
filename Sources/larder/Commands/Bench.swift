// `larder bench WHAT`: figures of this build on this machine, beside those of others in the same run.

import Ambient
import Bench
import Digests
import Flags

private let json = Flag("json", "Print all runs as JSON.")
private let rounds = Flag(
  "rounds", .integer(1...roundsMax), default: 5, "In how many rounds everything is measured.")
private let threads = Flag(
  "threads", optional: .integer(1...Blake3.threadsMax),
  "How many threads the figure of several is for; without it, one for each processor.")
private let python = Flag(
  "python", .text("PROGRAM"), default: "python3",
  "The Python that has the official BLAKE3 as its module blake3.")

/// Measures parts of the product.
let benchCommand: Command<Action> = Command(
  "bench", "Measure parts of the product on this machine.",
  commands: [
    Command(
      "digests", "Measure digests, checksums, signatures and seals.",
      details: """
        The official BLAKE3 is measured in the same run through its Python package, and SHA-256 beside \
        'openssl speed'. One that is not installed is reported as missing.
        """,
      examples: [.init("larder bench digests --threads 2 --json", "Measure for a program.")],
      takes: [json, rounds, threads, python], action: Action(benchDigests))
  ])

private func benchDigests(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let bench = DigestsBench(
    threads: invocation[threads] ?? ThisProcess.processors, rounds: invocation[rounds],
    python: invocation[python])
  let report = measured(bench.measurements, output) { progress in
    bench.report(clock: .live, wall: .live, progress: progress)
  }
  return try print(report, asJSON: invocation[json], &output)
}

/// Measures with a line that shows how far it has come, and is gone afterwards.
private func measured(
  _ measurements: Int, _ output: Output, _ measure: ((Int) -> Void) -> BenchReport
) -> BenchReport {
  var line = output.progress("measuring", .items, total: Int64(measurements))
  return measure { line.update(done: Int64($0)) }
}

private func print(
  _ report: BenchReport, asJSON: Bool, _ output: inout Output
) throws(Failure) -> ExitCode {
  if asJSON {
    try output.print(json: report.json)
  } else {
    try output.write(report.table)
  }
  try output.flush()
  for warning in report.warnings where asJSON { output.say(warning) }
  return .done
}
