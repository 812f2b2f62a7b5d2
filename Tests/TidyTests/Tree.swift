// The package's own files, read through the disk door like everything else.

import DurableFiles

/// The package as a tree of files.
struct Tree {
  private let disk: PosixDisk

  init(root: String) throws(DiskError) {
    disk = try PosixDisk(root: root, readOnly: true)
  }

  /// The names in a directory.
  func names(in path: FilePath) throws(DiskError) -> [String] {
    try disk.list(path).map { String(decoding: $0.name, as: UTF8.self) }
  }

  /// The text of a file.
  func text(at path: FilePath) throws(DiskError) -> String {
    let file = try OpenFile(path, .reading, on: disk)
    return String(decoding: try file.read(at: 0, count: Int(file.size)), as: UTF8.self)
  }

  /// Every Swift file of the rooms and suites.
  func swiftFiles() throws(DiskError) -> [SourceFile] {
    var found: [SourceFile] = []
    var pending: [FilePath] = ["Sources", "Tests"]
    while let directory = pending.popLast() {
      for entry in try disk.list(directory) {
        let path = directory.appending(entry.name)
        if entry.kind == .directory {
          pending.append(path)
        } else if entry.name.suffix(6).elementsEqual(".swift".utf8) {
          found.append(
            SourceFile(path: String(decoding: path.bytes, as: UTF8.self), text: try text(at: path)))
        }
      }
    }
    return found
  }
}
