// Where the marks of local objects are: in an extended attribute of the file, which changes with it
// in one step, or in a sidecar where the file system has none. A sidecar names the state of the file
// that it belongs to, so a new file can be put in place with its own mark beside the old one's:
//
//   1  `next` written, bound to the new file      the old file has its mark still
//   2  the new file renamed into place            `next` is now the mark that fits
//   3  `next` renamed to `mark`                   as before, and `next` is free again
//
// After a crash anywhere one of the two fits the file that is there, so nothing is undone: whoever
// reads takes the one that fits, and whoever writes next takes the third step first.

import Ambient
import Digests
import DurableFiles

/// The reading and writing of marks.
enum LocalMarks {
  /// The marked object that an open file is; nil when nobody marked it.
  ///
  /// Throws `.interrupted` when the file was replaced while its sidecar was looked for.
  static func find(_ file: borrowing OpenFile) throws(DiskError) -> LocalStore.Marked? {
    let status = try file.status
    do throws(DiskError) {
      if let encoded = try file.attribute(ObjectMark.attribute) {
        return ObjectMark(encoded).map { LocalStore.Marked(mark: $0, file: status) }
      }
    } catch .unsupported {
      // Then a sidecar tells.
    }
    let (mark, next) = (sidecar("mark", file.path), sidecar("next", file.path))
    // `next` may become `mark` between two looks, so that one is looked at again.
    for place in [mark, next, mark] {
      if let found = try read(place, on: file.disk, fitting: status, file.path) {
        return LocalStore.Marked(mark: found, file: status)
      }
    }
    let now = try file.disk.status(at: file.path)
    guard let now, now.inode == status.inode, now.device == status.device else {
      throw .interrupted(file.path)
    }
    return nil
  }

  private static func read(
    _ place: FilePath, on disk: any Disk, fitting status: FileStatus, _ path: FilePath
  ) throws(DiskError) -> ObjectMark? {
    do throws(DiskError) {
      let encoded = try OpenFile(place, .reading, on: disk)
        .readAll(bytesMax: ObjectMark.bytesMax)
      guard let binding = ObjectMark.Binding(encoded), binding == Self.binding(path, status),
        let mark = ObjectMark(encoded), mark.size == status.size
      else { return nil }
      return mark
    } catch .absent {
      return nil
    }
  }

  private static func binding(_ path: FilePath, _ status: FileStatus) -> ObjectMark.Binding {
    ObjectMark.Binding(name: path.name, modifiedNanoseconds: status.modifiedNanoseconds)
  }

  /// Gives a file that is not in place yet its mark; false where the file system has no attributes,
  /// and a sidecar must do.
  static func attach(
    _ mark: ObjectMark, to file: borrowing OpenFile
  ) throws(DiskError) -> Bool {
    do throws(DiskError) {
      try file.setAttribute(ObjectMark.attribute, to: mark.encoded())
      return true
    } catch .unsupported {
      return false
    }
  }

  /// Puts a written file in place together with its mark, durably.
  static func commit(
    _ replacement: consuming AtomicReplace, _ mark: ObjectMark, isAttached: Bool,
    replacing: Bool, _ entropy: Entropy
  ) throws(DiskError) -> FileStatus {
    if isAttached { return try replacement.commit(replacing: replacing) }
    return try commitWithSidecar(replacement, mark, replacing: replacing, entropy)
  }

  private static func commitWithSidecar(
    _ replacement: consuming AtomicReplace, _ mark: ObjectMark, replacing: Bool,
    _ entropy: Entropy
  ) throws(DiskError) -> FileStatus {
    let (disk, path) = (replacement.file.disk, replacement.path)
    let old = try disk.status(at: path)
    if old != nil && !replacing { throw .exists(path) }
    var status = try replacement.file.status
    if old?.modifiedNanoseconds == status.modifiedNanoseconds {
      // Two states of one file must differ in what sidecars are bound to; a second is more than any
      // file system rounds to but one, and that one has two.
      try replacement.file.set(
        FileAttributes(modifiedNanoseconds: status.modifiedNanoseconds + 2_000_000_000))
      status = try replacement.file.status
    }
    let next = sidecar("next", path)
    if let old { try settle(path, old, on: disk) }
    try AtomicReplace.write(
      mark.encoded(bound: binding(path, status)), to: next, mode: 0o600, replacing: true,
      on: disk, entropy: entropy)
    let placed = try replacement.commit(replacing: replacing)
    try disk.rename(next, to: sidecar("mark", path), replacing: true)
    try disk.syncDirectory(path.parent)
    return placed
  }

  /// Takes the third step where a crash came before it, for `next` is needed now.
  private static func settle(
    _ path: FilePath, _ status: FileStatus, on disk: any Disk
  ) throws(DiskError) {
    let (mark, next) = (sidecar("mark", path), sidecar("next", path))
    guard try read(mark, on: disk, fitting: status, path) == nil,
      try read(next, on: disk, fitting: status, path) != nil
    else { return }
    try disk.rename(next, to: mark, replacing: true)
    try disk.syncDirectory(path.parent)
  }

  /// Replaces the mark of the object at a path, durably.
  static func replace(
    _ mark: ObjectMark, at path: FilePath, on disk: any Disk, _ entropy: Entropy
  ) throws(DiskError) {
    let file = try OpenFile(path, .writing, on: disk)
    do throws(DiskError) {
      try file.setAttribute(ObjectMark.attribute, to: mark.encoded())
      try file.sync(.all)
    } catch .unsupported {
      try AtomicReplace.write(
        mark.encoded(bound: binding(path, try file.status)), to: sidecar("mark", path),
        mode: 0o600, replacing: true, on: disk, entropy: entropy)
    }
  }

  /// Removes an object with its mark, durably; `.absent` when there is none.
  static func remove(_ path: FilePath, on disk: any Disk) throws(DiskError) {
    try disk.remove(path)
    try disk.syncDirectory(path.parent)
    // A sidecar without its file means nothing, so these need not last.
    for kind in ["mark", "next"] {
      do throws(DiskError) {
        try disk.remove(sidecar(kind, path))
      } catch .absent {
        continue
      }
    }
  }

  /// The object that a sidecar belongs to; nil when it does not say, or is gone.
  static func owner(of sidecar: FilePath, on disk: any Disk) throws(DiskError) -> FilePath? {
    do throws(DiskError) {
      let encoded = try OpenFile(sidecar, .reading, on: disk)
        .readAll(bytesMax: ObjectMark.bytesMax)
      guard let binding = ObjectMark.Binding(encoded), isName(binding.name) else { return nil }
      return sidecar.parent.appending(binding.name)
    } catch .absent {
      return nil
    }
  }

  /// Whether the name is one of those that sidecars get.
  static func isSidecar(_ name: [UInt8]) -> Bool {
    name.starts(with: (LocalStore.ownNames + "mark-").utf8)
      || name.starts(with: (LocalStore.ownNames + "next-").utf8)
  }

  private static func isName(_ name: [UInt8]) -> Bool {
    !name.contains(UInt8(ascii: "/")) && ObjectKey.fault(in: name) == nil
  }

  /// The digest of the name stands for it, so that a long name has a sidecar too.
  private static func sidecar(_ kind: String, _ path: FilePath) -> FilePath {
    let digest = Blake3.digest(of: path.name)
    return path.parent.appending("\(LocalStore.ownNames)\(kind)-\(digest)")
  }
}
