// The calls on names. A name is made, removed or moved in memory at once and on the device when
// its directory is synced.

package import DurableFiles

extension SimulatedDisk {
  package func status(at path: FilePath) throws(DiskError) -> FileStatus? {
    try perform(.status, path, changes: false) { (machine) throws(DiskError) in
      do throws(DiskError) {
        let node = try machine.find(path)
        machine.trace.fold(node?.id ?? -1)
        return node.map { machine.status(of: $0) }
      } catch .absent {
        return nil
      }
    }
  }

  package func list(
    _ path: FilePath, from position: ListPosition, max: Int
  ) throws(DiskError) -> DirectoryPage {
    precondition(max > 0, "a page holds at least one name")
    return try perform(.list, path, UInt64(max), changes: false) { (machine) throws(DiskError) in
      let directory = try machine.directory(at: path).directory
      let (names, next) = directory.list(from: position.number, max: max)
      machine.trace.fold(names.count)
      return DirectoryPage(
        entries: names.map { name in
          DirectoryEntry(name: name, kind: machine.nodes[directory[name]!]!.kind)
        },
        next: next.map { ListPosition(number: $0) })
    }
  }

  package func makeDirectory(_ path: FilePath, mode: UInt16) throws(DiskError) {
    try perform(.makeDirectory, path, changes: true) { (machine) throws(DiskError) in
      _ = try machine.make(.directory, at: path, mode: mode)
    }
  }

  package func remove(_ path: FilePath) throws(DiskError) {
    try perform(.remove, path, changes: true) { (machine) throws(DiskError) in
      guard let node = try machine.find(path) else { throw .absent(path) }
      if node.kind == .directory { throw .isADirectory(path) }
      machine.removeName(path, of: node, in: try machine.parent(of: path))
    }
  }

  package func removeDirectory(_ path: FilePath) throws(DiskError) {
    try perform(.removeDirectory, path, changes: true) { (machine) throws(DiskError) in
      if path == .root { throw .badPath("\(path)") }
      guard let node = try machine.find(path) else { throw .absent(path) }
      guard node.kind == .directory else { throw .notADirectory(path) }
      guard node.directory.isEmpty else { throw .directoryNotEmpty(path) }
      machine.removeName(path, of: node, in: try machine.parent(of: path), emptied: node.id)
    }
  }

  package func rename(_ from: FilePath, to: FilePath, replacing: Bool) throws(DiskError) {
    try perform(.rename, from, replacing ? 1 : 0, changes: true) { (machine) throws(DiskError) in
      machine.trace.fold(to.bytes.span)
      if from == .root || to == .root || to != from && to.isWithin(from) { throw .badPath("\(to)") }
      let (old, new) = (try machine.parent(of: from), try machine.parent(of: to))
      guard let node = old.directory[from.name].map({ machine.nodes[$0]! }) else {
        throw .absent(from)
      }
      let replaced = new.directory[to.name].map { machine.nodes[$0]! }
      if let replaced {
        guard replacing else { throw .exists(to) }
        if replaced === node { return }
        if from.isWithin(to) { throw .directoryNotEmpty(to) }
        try Machine.checkReplacing(replaced, with: node, to)
        machine.unlink(replaced)
      }
      machine.edit(
        [
          NameEdit(directory: old.id, name: from.name, node: nil),
          NameEdit(directory: new.id, name: to.name, node: node.id),
        ], emptied: replaced?.kind == .directory ? replaced?.id : nil)
      node.path = to
      machine.touch(node, modified: false)
    }
  }

  package func syncDirectory(_ path: FilePath) throws(DiskError) {
    try perform(.syncDirectory, path, changes: true) { (machine) throws(DiskError) in
      let node = try machine.directory(at: path)
      if machine.fires(.syncFails, on: path) {
        machine.record(.syncFails, on: path)
        machine.latch(process)
        throw .io(path)
      }
      if machine.fires(.syncDropped, on: path) { return machine.record(.syncDropped, on: path) }
      machine.journal.sync(node.id)
      node.storedAttributes = node.attributes
    }
  }

  package func clone(_ from: FilePath, to: FilePath, mode: UInt16) throws(DiskError) {
    try perform(.clone, to, changes: true) { (machine) throws(DiskError) in
      machine.trace.fold(from.bytes.span)
      let source = try machine.file(at: from)
      try machine.breakLease(of: source, from)
      try machine.fail(.readFails, on: from, .io(from))
      let space = machine.pagesMax - machine.pagesUsed
      let copy = try machine.make(.regular, at: to, mode: mode)
      guard source.contents.pagesUsed <= space else {
        machine.removeName(to, of: copy, in: try machine.parent(of: to))
        throw .full(to)
      }
      machine.change(copy) { (contents, _) in contents = Contents(copying: source.contents) }
    }
  }
}

extension Machine {
  fileprivate mutating func removeName(
    _ path: FilePath, of node: Node, in parent: Node, emptied: NodeID? = nil
  ) {
    unlink(node)
    touch(node, modified: false)
    edit([NameEdit(directory: parent.id, name: path.name, node: nil)], emptied: emptied)
  }

  fileprivate static func checkReplacing(
    _ replaced: Node, with node: Node, _ path: FilePath
  ) throws(DiskError) {
    switch (node.kind == .directory, replaced.kind == .directory) {
    case (true, true):
      if !replaced.directory.isEmpty { throw .directoryNotEmpty(path) }
    case (true, false): throw .notADirectory(path)
    case (false, true): throw .isADirectory(path)
    case (false, false): break
    }
  }
}
