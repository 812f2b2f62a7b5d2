// The names of a simulated machine, twice: as every process sees them now, and as they lie on the
// device. In between stand the changes that were not yet made durable, in order. A change is one
// name made or removed, or a move, which is always whole: it never leaves both names or none.
//
//   made ──▶ pending ──its directories are synced──▶ settled (on the device)
//                └──────────power fails──────────▶ settled or lost, each alone,
//                                                   but what builds on a lost one is lost too
//
// Syncing a directory settles what happened in it; a move between two directories needs both. That
// is the least that POSIX promises: a program that lives with it lives with every file system.

import DurableFiles

/// The number of a file, directory or link, never used again.
typealias NodeID = Int

/// What a name in a directory changed from and to.
struct NameEdit {
  let directory: NodeID
  let name: [UInt8]
  /// The node that has the name afterwards; nil when none has.
  let node: NodeID?
  /// Whether the directory was synced since.
  var synced = false
}

/// The names in one directory.
struct Directory {
  private(set) var nodes: [[UInt8]: NodeID] = [:]
  /// Where each name is listed: positions are drawn by lot, as hashes are.
  private var listed: [(position: Int64, name: [UInt8])] = []
  private var positions: [[UInt8]: Int64] = [:]

  var isEmpty: Bool { nodes.isEmpty }

  subscript(name: [UInt8]) -> NodeID? { nodes[name] }

  /// Gives the name to a node, or to none.
  mutating func set(_ name: [UInt8], to node: NodeID?, position: () -> Int64) {
    guard let node else {
      nodes[name] = nil
      if let position = positions.removeValue(forKey: name) {
        listed.remove(at: index(of: position))
      }
      return
    }
    if nodes.updateValue(node, forKey: name) != nil { return }
    var place = position()
    while listed.indices.contains(index(of: place)), listed[index(of: place)].position == place {
      place += 1
    }
    positions[name] = place
    listed.insert((place, name), at: index(of: place))
  }

  /// The first place whose position is not before this one.
  private func index(of position: Int64) -> Int {
    var (low, high) = (0, listed.count)
    while low < high {
      let middle = (low + high) / 2
      if listed[middle].position < position { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// At most `max` names from the position on, and where the next page begins.
  func list(from position: Int64, max: Int) -> (names: [[UInt8]], next: Int64?) {
    let start = index(of: position)
    let end = min(start + max, listed.count)
    return (listed[start..<end].map(\.name), end < listed.count ? listed[end].position : nil)
  }
}

/// The changes of names that are not durable yet, and the names that are.
struct NameJournal {
  private struct Change {
    var edits: [NameEdit]
    /// The directory that this change removed, which had to be empty for it.
    let emptied: NodeID?
  }

  /// What a change touches; a later one that touches the same builds on it.
  private enum Key: Hashable {
    case name(NodeID, [UInt8])
    case node(NodeID)
    case within(NodeID)
  }

  /// The names on the device, by directory.
  private(set) var settled: [NodeID: [[UInt8]: NodeID]] = [:]
  private var pending: [Change] = []

  /// Every node that a name leads to or may lead to after a power failure.
  var nodes: Set<NodeID> {
    var nodes = Set(settled.values.flatMap(\.values))
    for change in pending { nodes.formUnion(change.edits.compactMap(\.node)) }
    return nodes
  }

  /// Enters a change; `emptied` is the directory that it removed.
  mutating func enter(_ edits: [NameEdit], emptied: NodeID? = nil) {
    pending.append(Change(edits: edits, emptied: emptied))
  }

  /// Makes durable what happened in the directory.
  mutating func sync(_ directory: NodeID) {
    var ready: [Int] = []
    for index in pending.indices {
      var touched = false
      for edit in pending[index].edits.indices
      where pending[index].edits[edit].directory == directory {
        pending[index].edits[edit].synced = true
        touched = true
      }
      if touched, pending[index].edits.allSatisfy(\.synced) { ready.append(index) }
    }
    guard !ready.isEmpty else { return }
    settle(withAllBefore: ready)
  }

  /// Settles these changes and the earlier ones that they build on.
  private mutating func settle(withAllBefore ready: [Int]) {
    var chosen = Set(ready)
    var bases: Set<Key> = []
    for index in (0...ready.last!).reversed() {
      let change = pending[index]
      if chosen.contains(index) || !bases.isDisjoint(with: traces(of: change)) {
        chosen.insert(index)
        bases.formUnion(self.bases(of: change))
      }
    }
    for index in chosen.sorted() { apply(pending[index]) }
    pending = pending.indices.filter { !chosen.contains($0) }.map { pending[$0] }
  }

  private mutating func apply(_ change: Change) {
    for edit in change.edits { settled[edit.directory, default: [:]][edit.name] = edit.node }
    if let emptied = change.emptied { settled[emptied] = nil }
  }

  /// What a change left behind that a later one may build on.
  private func traces(of change: Change) -> Set<Key> {
    var keys = names(of: change)
    for edit in change.edits { keys.insert(.within(edit.directory)) }
    return keys
  }

  /// What a change builds on: the same names, the same nodes, and, where it removed a directory,
  /// everything that made that one empty.
  private func bases(of change: Change) -> Set<Key> {
    var keys = names(of: change)
    if let emptied = change.emptied {
      keys.insert(.within(emptied))
      keys.insert(.node(emptied))
    }
    return keys
  }

  private func names(of change: Change) -> Set<Key> {
    var keys: Set<Key> = []
    for edit in change.edits {
      keys.insert(.name(edit.directory, edit.name))
      if let node = edit.node { keys.insert(.node(node)) }
    }
    return keys
  }

  /// Leaves the names as they are on the device once it was decided for each pending change whether
  /// it is lost; `loses` is asked with the names that it touched.
  mutating func losePower(loses: ([NameEdit]) -> Bool) {
    var lost: Set<Key> = []
    for change in pending {
      // What happened in a directory is lost with the directory.
      let bases = bases(of: change).union(change.edits.map { .node($0.directory) })
      if !lost.isDisjoint(with: bases) || loses(change.edits) {
        lost.formUnion(traces(of: change))
      } else {
        apply(change)
      }
    }
    pending = []
  }

  /// Forgets directories that no name leads to any more.
  mutating func keep(only reachable: Set<NodeID>) {
    settled = settled.filter { reachable.contains($0.key) }
  }
}
