// `larder simulate --seeds A..B`: whole runs in a simulated world, each decided by its seed. A seed
// that breaks a promise is printed with the command that replays it.

import Ambient
import Bytes
import ColdStorage
import Flags
import Rehearsal

private let seeds = Flag(
  "seeds", required: .seedRange, "Which seeds to run: one, or a range with both ends.")
private let faults = Flag(
  "faults", optional: .choice(placeholder: "KIND") as Spelling<FaultProfile>,
  "Arm this kind of fault; without it, each seed chooses.")
private let steps = Flag(
  "steps", optional: .integer(1...100_000),
  "How many steps one run takes; without it, 120 of the event store and 200 of an engine.")
private let engine = Flag(
  "engine", "Run whole engines: a depot, its server, a cold store and the log.")
private let json = Flag("json", "Print one JSON object a seed.")

/// Runs the event store or whole engines in simulation.
let simulateCommand: Command<Action> = Command(
  "simulate", "Run the event store or whole engines through simulated crashes and faults.",
  details: """
    Every run is decided by its seed: the steps, the faults and the moments of power cuts. After each \
    crash the store is opened again and judged against a model of what it promises: nothing \
    acknowledged is lost, nothing is invented, batches and fences are whole, the chain verifies.

    With --engine a server writes, renames and deletes files of a depot between any two calls of its \
    engine, and the cold store fails, forgets and lies. Every read is judged: nothing that was written \
    is lost, no wrong byte is served, what is called clean verifies, and the counts are those of a \
    recount. Where the depot's disk lies, what it lost itself when the power failed is not held against \
    the engine; where its bits rot or pages stray, no read of a hot file is.

    The exit code is 4 when a promise was broken; the seed and the command that replays it are printed.
    """,
  examples: [
    .init("larder simulate --seeds 1..200", "Run two hundred seeds."),
    .init("larder simulate --seeds 17 --faults power", "Replay one seed under power cuts."),
    .init("larder simulate --engine --seeds 1..200", "Run two hundred engines."),
  ],
  takes: [seeds, engine, faults, steps, json], action: Action(simulate))

private func simulate(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let range = invocation[seeds]
  var sum = Sum()
  var progress = output.progress("simulating", .items, total: Int64(range.count))
  let start = MonotonicClock.live.now()
  for seed in range {
    let verdict = try rehearse(seed, invocation)
    sum.add(verdict)
    if invocation[json] {
      try output.print(json: verdict.json)
    } else if let violation = verdict.violation {
      try output.print("seed \(seed) (\(verdict.profile.rawValue)): \(violation)")
      try output.print("  replay: \(replay(verdict, invocation))")
      for operation in verdict.lastOperations.suffix(12) { try output.print("  \(operation)") }
    }
    progress.update(done: Int64(seed - range.lowerBound + 1))
  }
  progress.end()
  if !invocation[json] {
    let seconds = (MonotonicClock.live.now() - start).inSeconds
    for line in sum.lines { try output.print(line) }
    try output.print(
      "\(range.count) seeds, \(sum.broken) broken, \(sum.idle) that met none of their faults, "
        + "\(Int(seconds.rounded())) s")
  }
  return sum.broken == 0 ? .done : .broken
}

private func rehearse(
  _ seed: UInt64, _ invocation: Invocation
) throws(Failure) -> Verdict {
  let profile = invocation[faults]
  guard invocation[engine] else {
    var rehearsal = StoreRehearsal(seed: seed, profile: profile)
    return rehearsal.run(steps: invocation[steps] ?? 120)
  }
  do throws(StorageError) {
    var rehearsal = try EngineRehearsal(seed: seed, profile: profile)
    return rehearsal.run(steps: invocation[steps] ?? 200)
  } catch {
    throw .ended(.failed, "the simulated cold store cannot be made: \(error)")
  }
}

/// The command that runs the same seed again.
private func replay(_ verdict: Verdict, _ invocation: Invocation) -> String {
  let subject = invocation[engine] ? "--engine " : ""
  let length = invocation[steps].map { " --steps \($0)" } ?? ""
  return "larder simulate \(subject)--seeds \(verdict.seed) --faults \(verdict.profile.rawValue)"
    + length
}

/// What came of all runs together.
private struct Sum {
  private(set) var broken = 0
  private(set) var idle = 0
  private var fired: [String: Int] = [:]
  private var deeds: [String: Int] = [:]

  mutating func add(_ verdict: Verdict) {
    for (fault, count) in verdict.faults { fired["\(fault)", default: 0] += count }
    for (deed, count) in verdict.deeds { deeds[deed, default: 0] += count }
    if !verdict.reachedItsFaults { idle += 1 }
    if verdict.violation != nil { broken += 1 }
  }

  /// What was done and which faults fired, a line each.
  var lines: [String] {
    [deeds, fired].flatMap { counts in
      counts.sorted { $0.key < $1.key }.map { "\($0.key.padded(to: 24))\($0.value)" }
    }
  }
}

extension Verdict {
  fileprivate var json: JSONValue {
    var counts = JSONObject()
    for (fault, count) in faults.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      counts["\(fault)"] = JSONValue(count)
    }
    var done = JSONObject()
    for (deed, count) in deeds.sorted(by: { $0.key < $1.key }) { done[deed] = JSONValue(count) }
    return .object([
      "seed": JSONValue(seed), "profile": .string(profile.rawValue), "steps": JSONValue(steps),
      "crashes": JSONValue(crashes), "trace": .string("\(trace)"),
      "reached": .bool(reachedItsFaults), "violation": JSONValue(violation),
      "faults": .object(counts), "deeds": .object(done),
    ])
  }
}

extension Spelling where Value == ClosedRange<UInt64> {
  /// `17`, or `1..200` with both ends.
  fileprivate static var seedRange: Spelling {
    Spelling(
      placeholder: "A..B", wanted: "a seed, or a range like 1..200",
      read: { bytes in
        let parts = String(decoding: bytes, as: UTF8.self).split(
          separator: ".", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return UInt64(parts[0]).map { $0...$0 }
        case 3 where parts[1].isEmpty:
          guard let low = UInt64(parts[0]), let high = UInt64(parts[2]), low <= high else {
            return nil
          }
          return low...high
        default: return nil
        }
      },
      write: { "\($0.lowerBound)..\($0.upperBound)" })
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - utf8.count))
  }
}
