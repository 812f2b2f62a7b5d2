// A caller's policy that is asked before an event is committed. Gates are asked in the order they
// are listed, outside the writer's lock, so that a slow one delays its own appender and nobody else.
// They come after idempotency and before the expected position: a retry of what is committed is
// answered with its receipt and asks nobody, and where the stream stands is known only to whoever
// holds the lock. The first denial decides; it is an event of the store's own, with a receipt.

/// What a gate is asked.
public struct GateQuestion: Sendable {
  /// What shall be appended.
  public let event: NewEvent
  /// The digest of its payload.
  public let digest: PayloadDigest
  /// Its place in its batch, and how many events that has; 0 of 1 for a single event.
  public let index: Int
  public let count: Int
}

/// What a gate answers.
public enum GateVerdict: Equatable, Sendable {
  case pass
  /// The event must not be appended, for this reason.
  case deny(String)
}

/// Why a gate could not decide, which counts as a denial.
public struct GateFailure: Error, Equatable, Sendable {
  public let sentence: String

  public init(_ sentence: String) {
    self.sentence = sentence
  }
}

/// A named policy over events that are about to be appended.
public struct Gate: Sendable {
  /// The most gates of one store.
  public static let countMax = 64
  /// The longest a gate's name may be, in bytes.
  public static let nameBytesMax = 64
  /// The most of a reason that a denial keeps, in bytes.
  public static let reasonBytesMax = 1_024

  public let name: String
  let decide: @Sendable (GateQuestion) throws(GateFailure) -> GateVerdict

  /// A gate; `decide` is called on appenders' threads, several at once.
  public init(
    _ name: String, _ decide: @escaping @Sendable (GateQuestion) throws(GateFailure) -> GateVerdict
  ) {
    self.name = name
    self.decide = decide
  }

  /// Why the event is denied; nil when it may pass. A gate that fails denies.
  func denial(of question: GateQuestion) -> String? {
    do throws(GateFailure) {
      switch try decide(question) {
      case .pass: return nil
      case .deny(let reason): return reason
      }
    } catch {
      return "the gate failed: \(error.sentence)"
    }
  }

  /// Refuses a list of gates that a denial could not name.
  static func check(_ gates: [Gate]) throws(StoreError) {
    guard gates.count <= countMax else { throw .tooMany("gates", countMax: countMax) }
    var names: Set<String> = []
    for gate in gates {
      guard !gate.name.isEmpty else { throw .badName("gate", "has an empty name") }
      guard gate.name.utf8.count <= nameBytesMax else {
        throw .badName("gate", "has a name longer than \(nameBytesMax) bytes")
      }
      guard names.insert(gate.name).inserted else {
        throw .badName("gate", "'\(gate.name)' is there twice")
      }
    }
  }
}
