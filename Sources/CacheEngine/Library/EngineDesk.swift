// The gate as other packages use it: operations by name, with JSON in and JSON out. What acts is asked
// twice: once with `dryRun`, which gives a plan and changes nothing, and once with the plan's digest, which
// does what was planned to those files that are still as the plan saw them.
//
//   call("cache.evict", {"selection": …, "dryRun": true}) ─▶ {"plan": digest, …}
//   call("cache.evict", {"selection": …, "plan": digest}) ─▶ {"job": …}, and a receipt in the log

internal import Bytes
internal import Operations

/// Why an operation was not done.
public struct DeskRefusal: Error, Equatable, Sendable {
  /// One word for programs, such as `denied`, `not-found` or `conflict`.
  public let token: String
  /// One sentence for people.
  public let sentence: String
}

extension DeskRefusal: CustomStringConvertible {
  public var description: String { sentence }
}

/// The operations of one engine. It is opened before the engine is started, and shut down before it is
/// stopped, for jobs work with it.
public final class EngineDesk: Sendable {
  private let gate: Dispatcher

  /// Opens the operations of an engine; receipts and jobs are events of its log.
  public init(_ engine: Engine) throws(EngineError) {
    do throws(GateError) {
      gate = try EngineGate.living(engine)
    } catch {
      throw .journal("\(error)")
    }
  }

  /// What can be asked, as JSON: each operation with its class, its input and its output.
  public var operations: String {
    JSONValue.array(gate.registry.operations.map(\.json)).text()
  }

  /// Asks for an operation as the program itself, and waits for its answer.
  public func call(_ operation: String, _ input: String = "{}") throws(DeskRefusal) -> String {
    let value: JSONValue
    do throws(BytesError) {
      value = try JSONValue(parsing: Array(input.utf8))
    } catch {
      throw DeskRefusal(token: "invalid-input", sentence: "the input is no JSON: \(error)")
    }
    do throws(Refusal) {
      return try gate.call(operation, value, by: Caller(uid: nil, from: .program)).output.text()
    } catch {
      throw DeskRefusal(token: error.token.rawValue, sentence: error.sentence)
    }
  }

  /// Takes no more calls, and returns when those under way have ended; jobs that are not done go on
  /// when the engine is opened again.
  public func shutDown() { gate.shutDown() }
}
