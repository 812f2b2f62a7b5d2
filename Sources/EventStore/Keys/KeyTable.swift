// Where the record of a key scope stands: a hash table of record numbers and nothing else, four
// bytes a slot, at most three quarters full. The scopes themselves stay in the keyset's file, which
// is mapped; they are hashes already, so a slot is found by their own bits.

struct KeyTable {
  /// Record number and one more; 0 where a slot is free. As many as a power of two.
  private var slots: [UInt32] = Array(repeating: 0, count: slotsMin)
  private(set) var count = 0

  private static let slotsMin = 1_024

  /// The record of a scope; `scopeAt` tells the scope of a record number.
  func record(of scope: KeyScopeID, _ scopeAt: (Int) -> KeyScopeID) -> Int? {
    let slot = slot(of: scope, scopeAt)
    return slots[slot] == 0 ? nil : Int(slots[slot]) - 1
  }

  /// Makes a record the one of its scope.
  mutating func set(_ record: Int, of scope: KeyScopeID, _ scopeAt: (Int) -> KeyScopeID) {
    let slot = slot(of: scope, scopeAt)
    if slots[slot] == 0 { count += 1 }
    slots[slot] = UInt32(record + 1)
    if count * 4 > slots.count * 3 { grow(scopeAt) }
  }

  private func slot(of scope: KeyScopeID, _ scopeAt: (Int) -> KeyScopeID) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: scope.low) & mask
    while slots[slot] != 0, scopeAt(Int(slots[slot]) - 1) != scope { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow(_ scopeAt: (Int) -> KeyScopeID) {
    var larger = [UInt32](repeating: 0, count: slots.count * 2)
    let mask = larger.count - 1
    for entry in slots where entry != 0 {
      var slot = Int(truncatingIfNeeded: scopeAt(Int(entry) - 1).low) & mask
      while larger[slot] != 0 { slot = (slot + 1) & mask }
      larger[slot] = entry
    }
    slots = larger
  }
}
