// Why a call came to nothing. The tokens are a closed set that programs on the other end of a wire
// decide by, so their spellings never change; the sentence beside one is for people.

package import Bytes
internal import EventStore

/// What sort of refusal or failure.
package enum RefusalToken: String, CaseIterable, Sendable {
  case unknownOperation = "unknown-operation"
  /// The caller lacks a capability, which the sentence names.
  case denied = "denied"
  case invalidInput = "invalid-input"
  /// A guard of the operation said no.
  case guarded = "guard"
  /// What is there is not what the call expected.
  case conflict = "conflict"
  case notFound = "not-found"
  case overLimit = "over-limit"
  /// The handler reached for an effect that its operation did not declare.
  case undeclaredEffect = "undeclared-effect"
  case handlerFailure = "handler-failure"
  /// The receipt could not be kept, so nothing was committed.
  case sinkFailure = "sink-failure"
  /// Nobody wanted the answer any more, or its time had passed.
  case cancelled = "cancelled"
  case shuttingDown = "shutting-down"
}

/// Why a call came to nothing.
package struct Refusal: Error, Equatable, Sendable {
  package let token: RefusalToken
  /// One sentence that an operator can act on.
  package let sentence: String
  /// Which capabilities were missing; only for `.denied`.
  package let missing: [Capability]
  /// The receipt that the refusal left; nil when it left none.
  package var receipt: OperationReceipt?

  package init(
    _ token: RefusalToken, _ sentence: String, missing: [Capability] = [],
    receipt: OperationReceipt? = nil
  ) {
    self.token = token
    self.sentence = sentence
    self.missing = missing
    self.receipt = receipt
  }
}

extension Refusal {
  /// The refusal as a value that a wire carries.
  package var json: JSONValue {
    .object([
      "missing": .array(missing.map { .string($0.name) }), "receipt": receipt?.json ?? .null,
      "sentence": .string(sentence), "token": .string(token.rawValue),
    ])
  }
}

extension Refusal: CustomStringConvertible {
  package var description: String {
    sentence + (receipt.map { " (recorded as \($0.proof.id))" } ?? "")
  }
}

/// How a handler says that it cannot do what it was asked, each with the rest of the sentence.
package enum OperationFault: Error, Equatable, Sendable {
  /// The input fits its schema and still asks for nothing that there could be.
  case invalid(String)
  case conflict(String)
  case notFound(String)
  case overLimit(String)
  case failed(String)
  /// What the handle refused because the operation did not declare it.
  case undeclared(String)
  case cancelled(String)

  /// The token and the sentence that stand for it outside.
  var refusal: (token: RefusalToken, sentence: String) {
    switch self {
    case .invalid(let sentence): (.invalidInput, sentence)
    case .conflict(let sentence): (.conflict, sentence)
    case .notFound(let sentence): (.notFound, sentence)
    case .overLimit(let sentence): (.overLimit, sentence)
    case .failed(let sentence): (.handlerFailure, sentence)
    case .undeclared(let sentence): (.undeclaredEffect, sentence)
    case .cancelled(let sentence): (.cancelled, sentence)
    }
  }
}

extension OperationFault: CustomStringConvertible {
  package var description: String { refusal.sentence }
}
