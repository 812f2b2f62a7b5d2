// How a simulated machine finds what stands at a path, with the refusals of the real kernel.

import DurableFiles

extension Machine {
  private static let nameMax = 255
  private static let pathMax = 4_095

  /// The directory that holds the path.
  func parent(of path: FilePath) throws(DiskError) -> Node {
    if path.bytes.count > Self.pathMax { throw .badPath("\(path)") }
    var node = nodes[Machine.root]!
    for component in path.parent.components {
      guard let next = try child(Array(component), of: node, on: path) else { throw .absent(path) }
      switch next.kind {
      case .directory: node = next
      case .symbolicLink: throw .escapes(path)
      case .regular, .other: throw .notADirectory(path.parent)
      }
    }
    if path.name.count > Self.nameMax { throw .badPath("\(path)") }
    return node
  }

  private func child(
    _ name: [UInt8], of node: Node, on path: FilePath
  ) throws(DiskError) -> Node? {
    if name.count > Self.nameMax { throw .badPath("\(path)") }
    return node.directory[name].map { nodes[$0]! }
  }

  /// What stands at the path, itself; nil when nothing does.
  func find(_ path: FilePath) throws(DiskError) -> Node? {
    if path == .root { return nodes[Machine.root] }
    return try child(path.name, of: parent(of: path), on: path)
  }

  /// The directory at the path.
  func directory(at path: FilePath) throws(DiskError) -> Node {
    do throws(DiskError) {
      guard let node = try find(path) else { throw .absent(path) }
      switch node.kind {
      case .directory: return node
      case .symbolicLink: throw .escapes(path)
      case .regular, .other: throw .notADirectory(path)
      }
    } catch .notADirectory {
      // The kernel does not tell the last name from those on the way to it.
      throw .notADirectory(path)
    }
  }

  /// The regular file at the path.
  func file(at path: FilePath) throws(DiskError) -> Node {
    guard let node = try find(path) else { throw .absent(path) }
    switch node.kind {
    case .regular: return node
    case .directory: throw .isADirectory(path)
    case .symbolicLink: throw .escapes(path)
    case .other: throw .notRegular(path)
    }
  }

  /// Makes a node at a path where nothing stands.
  mutating func make(
    _ kind: FileKind, at path: FilePath, mode: UInt16
  ) throws(DiskError) -> Node {
    if path == .root { throw .exists(path) }
    let parent = try parent(of: path)
    if parent.directory[path.name] != nil { throw .exists(path) }
    try fail(.full, on: path, .full(path))
    return make(kind, path.name, in: parent, mode: mode, at: path)
  }

  /// What the file system says of a node.
  func status(of node: Node) -> FileStatus {
    let attributes = node.attributes
    return FileStatus(
      kind: node.kind, size: UInt64(node.contents.size), mode: attributes.mode,
      owner: attributes.owner, group: attributes.group,
      modifiedNanoseconds: attributes.modifiedNanoseconds,
      changedNanoseconds: attributes.changedNanoseconds, device: 1, inode: UInt64(node.id) + 1,
      links: UInt64(node.links))
  }
}
