// Figures to be measured, and their measurement in rounds: every figure and its rival once, then all
// again. What disturbs the machine for a while so disturbs both sides, and the median forgets it.

/// Why a rival cannot be measured: a sentence, with what would help.
package struct RivalMissing: Error, Equatable, Sendable {
  package let reason: String

  package init(_ reason: String) {
    self.reason = reason
  }
}

/// Why our own side cannot be measured, so that there is no report: a sentence.
package struct BenchFailure: Error, Equatable, Sendable {
  package let reason: String

  package init(_ reason: String) {
    self.reason = reason
  }
}

/// A figure to be measured.
package struct Contest {
  /// The other side: its name, and its value in one round.
  package struct Contender {
    package let name: String
    package let measure: (Stopwatch, _ round: Int) throws(RivalMissing) -> Double

    package init(
      _ name: String,
      _ measure: @escaping (Stopwatch, _ round: Int) throws(RivalMissing) -> Double
    ) {
      self.name = name
      self.measure = measure
    }
  }

  package let name: String
  package let quantity: Quantity
  package let bar: Bar?
  package let contender: Contender?
  package let measure: (Stopwatch) throws(BenchFailure) -> Double

  package init(
    _ name: String, _ quantity: Quantity, bar: Bar? = nil, against contender: Contender? = nil,
    measure: @escaping (Stopwatch) throws(BenchFailure) -> Double
  ) {
    self.name = name
    self.quantity = quantity
    self.bar = bar
    self.contender = contender
    self.measure = measure
  }
}

/// The most rounds that a bench is held in.
package let roundsMax = 100

/// Measures every contest once a round; `progress` is told how many measurements are behind.
package func hold(
  _ contests: [Contest], rounds: Int, _ stopwatch: Stopwatch, progress: (_ done: Int) -> Void
) throws(BenchFailure) -> [Figure] {
  precondition((1...roundsMax).contains(rounds), "rounds are from 1 to \(roundsMax)")
  var ours = [[Double]](repeating: [], count: contests.count)
  var theirs = [[Double]](repeating: [], count: contests.count)
  var missing = [RivalMissing?](repeating: nil, count: contests.count)
  for round in 0..<rounds {
    for (index, contest) in contests.enumerated() {
      ours[index].append(try contest.measure(stopwatch))
      if let contender = contest.contender, missing[index] == nil {
        do throws(RivalMissing) {
          theirs[index].append(try contender.measure(stopwatch, round))
        } catch {
          missing[index] = error
        }
      }
      progress(round * contests.count + index + 1)
    }
  }
  return contests.enumerated().map { index, contest in
    let rival = contest.contender.map { contender in
      Rival(
        name: contender.name,
        result: missing[index].map { .missing($0.reason) } ?? .measured(Runs(theirs[index])))
    }
    return Figure(
      name: contest.name, quantity: contest.quantity, runs: Runs(ours[index]), rival: rival,
      bar: contest.bar)
  }
}
