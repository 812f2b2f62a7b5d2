// What a caller may be allowed. The set is closed, but an operation names what it needs by words, as
// the configuration does, so a word that stands for nothing is found when either is read and never
// becomes a door that no grant opens, or one that stands open.

/// One thing that a caller may be allowed to do.
package struct Capability: Hashable, Sendable {
  package let name: String

  package init(_ name: String) {
    self.name = name
  }

  /// Evict, rehydrate, pin and verify.
  package static let cacheWrite = Capability("cache.write")
  /// Retry, prioritise, pause and resume uploads; acknowledge failures.
  package static let uploadControl = Capability("upload.control")
  /// Destroy data for ever.
  package static let dataShred = Capability("data.shred")
  /// Jobs, configuration, scans: the running of the system itself.
  package static let systemControl = Capability("system.control")
  /// Write reports and checkpoints for others to keep.
  package static let reportWrite = Capability("report.write")

  /// All that there are, in the order in which they are listed.
  package static let known: [Capability] = [
    .cacheWrite, .uploadControl, .dataShred, .systemControl, .reportWrite,
  ]

  /// The word that stands for all of them in a grant.
  package static let everything = "*"
}

extension Capability: CustomStringConvertible {
  package var description: String { name }
}

/// Known capabilities as a set that costs nothing to compare.
package struct CapabilitySet: Hashable, Sendable {
  private var bits: UInt8

  private init(bits: UInt8) {
    self.bits = bits
  }

  package static let none = CapabilitySet(bits: 0)
  package static let all = CapabilitySet(Capability.known)

  /// The set of these; a capability that nobody knows is in no set.
  package init(_ capabilities: some Sequence<Capability>) {
    bits = 0
    for capability in capabilities {
      if let index = Capability.known.firstIndex(of: capability) { bits |= 1 << UInt8(index) }
    }
  }

  /// Those in the set, in their listed order.
  package var capabilities: [Capability] {
    Capability.known.enumerated().compactMap { index, capability in
      bits & 1 << UInt8(index) == 0 ? nil : capability
    }
  }

  package var isEmpty: Bool { bits == 0 }

  package func isSubset(of other: CapabilitySet) -> Bool { bits & ~other.bits == 0 }

  package func union(_ other: CapabilitySet) -> CapabilitySet {
    CapabilitySet(bits: bits | other.bits)
  }

  package func subtracting(_ other: CapabilitySet) -> CapabilitySet {
    CapabilitySet(bits: bits & ~other.bits)
  }
}

extension CapabilitySet: CustomStringConvertible {
  /// Their names, separated by commas; `none` for the empty set.
  package var description: String {
    isEmpty ? "none" : capabilities.map(\.name).joined(separator: ", ")
  }
}
