// `larder simulate --seeds A..B`: whole runs in a simulated world, each decided by its seed. A seed
// that breaks a promise is printed with the command that replays it.

import Ambient
import Bytes
import Flags
import Rehearsal

private let seeds = Flag(
  "seeds", required: .seedRange, "Which seeds to run: one, or a range with both ends.")
private let faults = Flag(
  "faults", optional: .choice(placeholder: "KIND") as Spelling<FaultProfile>,
  "Arm this kind of fault; without it, each seed chooses.")
private let steps = Flag(
  "steps", .integer(1...100_000), default: 120, "How many steps one run takes.")
private let json = Flag("json", "Print one JSON object a seed.")

/// Runs the event store in simulation.
let simulateCommand: Command<Action> = Command(
  "simulate", "Run the event store through simulated crashes and faults.",
  details: """
    Every run is decided by its seed: the steps, the faults and the moments of power cuts. After each \
    crash the store is opened again and judged against a model of what it promises: nothing \
    acknowledged is lost, nothing is invented, batches and fences are whole, the chain verifies.

    The exit code is 4 when a promise was broken; the seed and the command that replays it are printed.
    """,
  examples: [
    .init("larder simulate --seeds 1..200", "Run two hundred seeds."),
    .init("larder simulate --seeds 17 --faults power", "Replay one seed under power cuts."),
  ],
  takes: [seeds, faults, steps, json], action: Action(simulate))

private func simulate(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let range = invocation[seeds]
  let profile = invocation[faults]
  var broken: UInt64 = 0
  var fired: [String: Int] = [:]
  var idle: UInt64 = 0
  var progress = output.progress("simulating", .items, total: Int64(range.count))
  let start = MonotonicClock.live.now()
  for seed in range {
    var rehearsal = StoreRehearsal(seed: seed, profile: profile)
    let verdict = rehearsal.run(steps: invocation[steps])
    for (fault, count) in verdict.faults { fired["\(fault)", default: 0] += count }
    if !verdict.reachedItsFaults { idle += 1 }
    if invocation[json] {
      try output.print(json: verdict.json)
    } else if let violation = verdict.violation {
      try output.print("seed \(seed) (\(verdict.profile.rawValue)): \(violation)")
      try output.print(
        "  replay: larder simulate --seeds \(seed) --faults \(verdict.profile.rawValue)")
      for operation in verdict.lastOperations.suffix(12) { try output.print("  \(operation)") }
    }
    if verdict.violation != nil { broken += 1 }
    progress.update(done: Int64(seed - range.lowerBound + 1))
  }
  progress.end()
  if !invocation[json] {
    let seconds = (MonotonicClock.live.now() - start).inSeconds
    for (fault, count) in fired.sorted(by: { $0.key < $1.key }) {
      try output.print("\(fault.padded(to: 18))\(count)")
    }
    try output.print(
      "\(range.count) seeds, \(broken) broken, \(idle) that met none of their faults, "
        + "\(Int(seconds.rounded())) s")
  }
  return broken == 0 ? .done : .broken
}

extension Verdict {
  fileprivate var json: JSONValue {
    var counts = JSONObject()
    for (fault, count) in faults.sorted(by: { "\($0.key)" < "\($1.key)" }) {
      counts["\(fault)"] = JSONValue(count)
    }
    return .object([
      "seed": JSONValue(seed), "profile": .string(profile.rawValue), "steps": JSONValue(steps),
      "crashes": JSONValue(crashes), "trace": .string("\(trace)"),
      "reached": .bool(reachedItsFaults), "violation": JSONValue(violation),
      "faults": .object(counts),
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
