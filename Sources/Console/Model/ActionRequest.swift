// What a person wants done, before it is planned, and what came of it.

package import Ambient
package import Bytes

/// An acting operation with its input, and in words what it is about.
package struct ActionRequest: Sendable {
  package let operation: String
  package let input: JSONValue
  /// What it is about, as a person says it; empty where that is the system itself.
  package let subject: String
  /// The files that it is about, where it is about files.
  package let selection: Selection?

  package init(
    _ operation: String, _ input: JSONValue, about subject: String, selection: Selection? = nil
  ) {
    self.operation = operation
    self.input = input
    self.subject = subject
    self.selection = selection
  }

  /// The last word of the operation's name: `evict`.
  package var verb: String { String(operation.split(separator: ".").last ?? "") }
}

/// Something that was done from this console.
package struct Deed: Sendable {
  /// The most that are remembered.
  package static let keptMax = 200

  package let time: WallTime
  package let operation: String
  package let subject: String
  /// The id of the receipt; nil when the gate refused without one.
  package let receipt: String?
  package let job: String?
  /// Why it came to nothing; nil when it was done.
  package let refusal: String?

  package init(
    at time: WallTime, _ action: ActionRequest, receipt: String?, job: String? = nil,
    refusal: String? = nil
  ) {
    self.time = time
    operation = action.operation
    subject = action.subject
    self.receipt = receipt
    self.job = job
    self.refusal = refusal
  }
}
