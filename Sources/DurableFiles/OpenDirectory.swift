// A directory that is held open, and the kernel's calls on the names in it. A name is looked up in
// the directory that was checked, not in whatever stands at its path by then: that is what keeps
// every change below the root, whoever moves directories meanwhile.

import CLinux
import Glibc

/// The most times that one call is tried again after a signal.
let interruptionsMax = 1_000

/// A descriptor of the kernel's, closed when its holder lets go.
struct Descriptor: ~Copyable, Sendable {
  let number: Int32

  init(_ number: Int32) {
    self.number = number
  }

  deinit {
    // Nothing is learnt from closing: what had to be durable was synced before.
    _ = Glibc.close(number)
  }

  /// Gives the descriptor away, unclosed.
  consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }
}

/// Calls until the call is not interrupted; throws what the kernel's refusal means for the path.
@discardableResult
func answer<Number: SignedInteger>(
  for path: FilePath, _ call: () -> Number
) throws(DiskError) -> Number {
  for _ in 0..<interruptionsMax {
    let answer = call()
    if answer >= 0 { return answer }
    let refusal = errno
    if refusal != EINTR { throw DiskError(errno: refusal, path) }
  }
  throw .interrupted(path)
}

/// An open directory, and the calls on the names in it.
///
/// Errors are told of `path`, which the caller gives as it knows the name.
struct OpenDirectory: ~Copyable {
  private let descriptor: Descriptor

  init(_ descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  /// The kernel's number, good as long as this is held.
  var number: Int32 { descriptor.number }

  /// Opens one name; the last step of a path, or the next.
  func open(
    _ name: [UInt8], _ how: Int, mode: UInt16 = 0, as path: FilePath
  ) throws(DiskError) -> Descriptor {
    Descriptor(
      try answer(for: path) {
        unsafe clinux_open_name(descriptor.number, name, name.count, Int32(how), Int32(mode))
      })
  }

  /// Opens a path of several components in one call that the kernel keeps below this directory.
  func open(
    beneath path: FilePath, _ how: Int, mode: UInt16, as named: FilePath
  ) throws(DiskError) -> Descriptor {
    Descriptor(
      try answer(for: named) {
        unsafe clinux_open_beneath(
          descriptor.number, path.bytes, path.bytes.count, Int32(how), Int32(mode))
      })
  }

  /// Opens a path component by component, for kernels without that call.
  func open(
    walking path: FilePath, _ how: Int, mode: UInt16, as named: FilePath
  ) throws(DiskError) -> Descriptor {
    // Nothing but this check keeps such a walk from climbing.
    let components = try FilePath(bytes: path.bytes).components.map { Array($0) }
    guard let first = components.first, let last = components.last, components.count > 1 else {
      return try open(path.bytes, how, mode: mode, as: named)
    }
    var directory = OpenDirectory(try open(first, CLINUX_PLACE, as: named))
    for component in components.dropFirst().dropLast() {
      directory = OpenDirectory(try directory.open(component, CLINUX_PLACE, as: named))
    }
    return try directory.open(last, how, mode: mode, as: named)
  }

  /// What stands at the name; nil when nothing does.
  func status(of name: [UInt8], as path: FilePath) throws(DiskError) -> FileStatus? {
    var status = clinux_status()
    do throws(DiskError) {
      try answer(for: path) {
        unsafe clinux_status_at(descriptor.number, name, name.count, &status)
      }
    } catch .absent {
      return nil
    }
    return FileStatus(status)
  }

  func makeDirectory(_ name: [UInt8], mode: UInt16, as path: FilePath) throws(DiskError) {
    try answer(for: path) {
      unsafe clinux_make_directory(descriptor.number, name, name.count, Int32(mode))
    }
  }

  func remove(_ name: [UInt8], directory: Bool, as path: FilePath) throws(DiskError) {
    try answer(for: path) {
      unsafe clinux_remove(descriptor.number, name, name.count, directory ? 1 : 0)
    }
  }

  /// Moves a name over whatever is there.
  func rename(
    _ name: [UInt8], to other: borrowing OpenDirectory, _ newName: [UInt8], as path: FilePath
  ) throws(DiskError) {
    try answer(for: path) {
      unsafe clinux_rename(
        descriptor.number, name, name.count, other.descriptor.number, newName, newName.count)
    }
  }

  /// Moves a name unless the other is taken, atomically; false where the file system cannot.
  func renameNew(
    _ name: [UInt8], to other: borrowing OpenDirectory, _ newName: [UInt8], as path: FilePath
  ) throws(DiskError) -> Bool {
    do throws(DiskError) {
      try answer(for: path) {
        unsafe clinux_rename_new(
          descriptor.number, name, name.count, other.descriptor.number, newName, newName.count)
      }
      return true
    } catch .system(_, EINVAL) {
      return false
    } catch .unsupported {
      return false
    }
  }

  /// Gives a file a second name unless that is taken.
  func link(
    _ name: [UInt8], to other: borrowing OpenDirectory, _ newName: [UInt8], as path: FilePath
  ) throws(DiskError) {
    try answer(for: path) {
      unsafe clinux_link(
        descriptor.number, name, name.count, other.descriptor.number, newName, newName.count)
    }
  }

  /// Bytes left on its file system for an unprivileged process.
  func spaceLeft() throws(DiskError) -> UInt64 {
    var bytes: UInt64 = 0
    try answer(for: .root) { unsafe clinux_space_left(descriptor.number, &bytes) }
    return bytes
  }

  /// At most `max` names from `position` on.
  func list(
    from position: ListPosition, max: Int, as path: FilePath
  ) throws(DiskError) -> DirectoryPage {
    precondition(max > 0, "a page holds at least one name")
    try answer(for: path) { lseek(descriptor.number, off_t(position.number), SEEK_SET) }
    var page = DirectoryPage(entries: [], next: position)
    var records = [UInt8](repeating: 0, count: 32_768)
    while page.entries.count < max {
      let filled = try answer(for: path) {
        unsafe clinux_list(descriptor.number, &records, records.count)
      }
      if filled == 0 {
        page.next = nil
        break
      }
      var cursor = DirectoryRecords(bytes: records[..<Int(filled)])
      while page.entries.count < max, let record = cursor.next() {
        page.next = record.next
        if let entry = try entry(record, as: path) { page.entries.append(entry) }
      }
    }
    return page
  }

  private func entry(
    _ record: DirectoryRecord, as path: FilePath
  ) throws(DiskError) -> DirectoryEntry? {
    if record.name.elementsEqual(".".utf8) || record.name.elementsEqual("..".utf8) { return nil }
    if let kind = record.kind { return DirectoryEntry(name: record.name, kind: kind) }
    // Some file systems do not keep the kind beside the name.
    let status = try status(of: record.name, as: path.appending(record.name))
    return status.map { DirectoryEntry(name: record.name, kind: $0.kind) }
  }
}

/// One record of getdents64(2).
private struct DirectoryRecord {
  let name: [UInt8]
  /// Nil when the file system does not say.
  let kind: FileKind?
  let next: ListPosition
}

/// The records of getdents64(2): inode 8, next position 8, length 2, kind 1, then the name and NUL.
private struct DirectoryRecords {
  var bytes: ArraySlice<UInt8>

  mutating func next() -> DirectoryRecord? {
    guard bytes.count >= 19 else { return nil }
    let start = bytes.startIndex
    var position: UInt64 = 0
    for index in (8..<16).reversed() { position = position << 8 | UInt64(bytes[start + index]) }
    let length = Int(bytes[start + 16]) | Int(bytes[start + 17]) << 8
    let name = Array(bytes[(start + 19)..<(start + length)].prefix { $0 != 0 })
    let kind: FileKind? =
      switch Int32(bytes[start + 18]) {
      case 0: nil
      case 4: .directory
      case 8: .regular
      case 10: .symbolicLink
      default: .other
      }
    bytes = bytes.dropFirst(length)
    return DirectoryRecord(
      name: name, kind: kind, next: ListPosition(number: Int64(bitPattern: position)))
  }
}

extension FileStatus {
  init(_ status: clinux_status) {
    self.init(
      kind: FileKind(status.kind), size: status.size, mode: status.mode, owner: status.owner,
      group: status.group, modifiedNanoseconds: status.modified_nanoseconds,
      changedNanoseconds: status.changed_nanoseconds, device: status.device, inode: status.inode,
      links: status.links)
  }
}

extension FileKind {
  fileprivate init(_ number: UInt8) {
    switch Int(number) {
    case CLINUX_REGULAR: self = .regular
    case CLINUX_FOLDER: self = .directory
    case CLINUX_LINK: self = .symbolicLink
    default: self = .other
    }
  }
}
