// The official BLAKE3, measured through its Python package. One process a round measures every size
// that is asked for, in the same way as ours: repeated until a batch lasts long enough. What a call
// costs in the interpreter is in its figures, so small inputs are not compared.

import Ambient
import Bytes

/// The official implementation of BLAKE3 as a rival.
final class OfficialBlake3 {
  /// A size of input and the number of threads that hash it.
  struct Case: Hashable {
    let bytes: Int
    let threads: Int
  }

  /// What the process answered.
  struct Answer: Equatable {
    let version: String
    let seconds: [Case: Double]

    /// Reads an answer; nil when it is not a positive figure for each case.
    init?(_ output: [UInt8], cases: [Case]) {
      do throws(BytesError) {
        let document = try JSONValue(parsing: output)
        let figures = document["seconds"]?.array?.compactMap(\.number).filter { $0 > 0 } ?? []
        guard let version = document["version"]?.string, figures.count == cases.count,
          document["seconds"]?.array?.count == cases.count
        else { return nil }
        self.version = version
        seconds = Dictionary(zip(cases, figures), uniquingKeysWith: { first, _ in first })
      } catch {
        // The caller says that it was no answer.
        return nil
      }
    }
  }

  private let python: String
  private let cases: [Case]
  private var answers: [Int: Answer] = [:]

  /// A rival for these cases, no two alike.
  init(python: String, cases: [Case]) {
    self.python = python
    self.cases = cases
  }

  /// Its version, once it was measured.
  var version: String? { answers[0]?.version }

  /// The seconds that one of its cases takes in this round.
  func seconds(_ wanted: Case, round: Int) throws(RivalMissing) -> Double {
    if answers[round] == nil { answers[round] = try measure() }
    guard let seconds = answers[round]?.seconds[wanted] else {
      preconditionFailure("\(wanted) is none of the cases")
    }
    return seconds
  }

  private func measure() throws(RivalMissing) -> Answer {
    let process: Subprocess
    do throws(SubprocessError) {
      process = try Subprocess.run(
        python, ["-c", Self.script] + cases.map { "\($0.bytes):\($0.threads)" },
        timeout: .seconds(120))
    } catch {
      throw RivalMissing("\(error)")
    }
    guard process.exitCode == 0 else {
      throw RivalMissing(
        process.text.contains("No module named 'blake3'")
          ? "\(python) has no module blake3; install it with '\(python) -m pip install blake3'"
          : "\(python) failed with \(process.exitCode)")
    }
    guard let answer = Answer(process.output, cases: cases) else {
      throw RivalMissing("\(python) answered something else than figures")
    }
    return answer
  }

  private static let script = """
    import json, sys, time
    import blake3

    def seconds(data, threads):
        calls = 1
        while True:
            begun = time.perf_counter()
            for _ in range(calls):
                blake3.blake3(data, max_threads=threads).digest()
            passed = time.perf_counter() - begun
            if passed >= 0.05:
                return passed / calls
            calls *= 2

    figures = []
    for case in sys.argv[1:]:
        count, threads = (int(part) for part in case.split(":"))
        figures.append(seconds(b"\\x5a" * count, threads))
    print(json.dumps({"version": blake3.__version__, "seconds": figures}))
    """
}
