// What a plan is made of: items by identity, never by row, each with the generation that it had when
// the plan was made. Whoever carries the plan out compares, and leaves alone what has changed.

package import Bytes

/// One thing that a plan would do something to.
package struct PlanItem: Hashable, Sendable {
  /// What names the item for good: a depot path in the kernel's bytes, or whatever its kind of job
  /// knows it by.
  package let identity: [UInt8]
  /// Changes whenever the item does.
  package let generation: UInt64
  package let bytes: UInt64

  package init(identity: [UInt8], generation: UInt64, bytes: UInt64) {
    self.identity = identity
    self.generation = generation
    self.bytes = bytes
  }

  package var json: JSONValue {
    .object([
      "item": .string(escaped(identity)), "generation": .string("\(generation)"),
      "bytes": JSONValue(bytes),
    ])
  }
}

/// One thing that a plan will leave alone, and why.
package struct PlanRefusal: Hashable, Sendable {
  package let identity: [UInt8]
  package let bytes: UInt64
  package let reason: String

  package init(identity: [UInt8], bytes: UInt64, reason: String) {
    self.identity = identity
    self.bytes = bytes
    self.reason = reason
  }

  package var json: JSONValue {
    .object([
      "item": .string(escaped(identity)), "bytes": JSONValue(bytes), "reason": .string(reason),
    ])
  }
}
