// What a file that a person named is and where it lies: for files that must not be readable by
// others, and must not lie in a directory that is copied about.

import CLinux
import Glibc

extension UserFile {
  /// A file that the process was given open, by its number; it stays open.
  package init(descriptor number: Int32) throws(DiskError) {
    let path = FilePath(asGiven: Array("descriptor \(number)".utf8))
    do throws(DiskError) {
      try self.init(borrowing: number, path)
    } catch .system(_, EBADF) {
      throw .absent(path)
    }
  }

  /// Whether a person may be sitting at it. See isatty(3).
  package var isTerminal: Bool { isatty(number) == 1 }

  /// The process that has locked it; nil when nobody has, or the kernel does not say who. Asking takes
  /// no lock and keeps nobody from one. See fcntl(2), F_OFD_GETLK.
  package var lockHolder: Int32? {
    let holder = clinux_lock_holder(number)
    return holder > 0 ? holder : nil
  }

  /// What the file system says of it.
  package var status: FileStatus {
    get throws(DiskError) {
      var status = clinux_status()
      try answer(for: path) { unsafe clinux_status_of(number, &status) }
      return FileStatus(status)
    }
  }

  /// Whether it lies in the disk's root or below it, by the name that it has now. See proc(5) for
  /// how a file's name is learnt; one that has none lies nowhere.
  package func lies(below disk: any Disk) throws(DiskError) -> Bool {
    guard let root = try disk.status(at: .root) else { return false }
    var name = placeNow
    while let slash = name.lastIndex(of: UInt8(ascii: "/")) {
      name.removeSubrange(slash...)
      let directory = name.isEmpty ? [UInt8(ascii: "/")] : name
      if let found = try Self.status(ofDirectory: directory),
        found.device == root.device, found.inode == root.inode
      {
        return true
      }
    }
    return false
  }

  /// The name by which the kernel knows it, without links.
  private var placeNow: [UInt8] {
    var name = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe name.withUnsafeMutableBytes { name in
      unsafe readlink(
        "/proc/self/fd/\(number)", name.baseAddress!.assumingMemoryBound(to: CChar.self),
        name.count)
    }
    return count > 0 && name[0] == UInt8(ascii: "/") ? Array(name[..<count]) : []
  }

  private static func status(ofDirectory name: [UInt8]) throws(DiskError) -> FileStatus? {
    let path = FilePath(asGiven: name)
    do throws(DiskError) {
      let directory = Descriptor(
        try answer(for: path) { unsafe clinux_open(name, name.count, Int32(CLINUX_PLACE)) })
      var status = clinux_status()
      try answer(for: path) { unsafe clinux_status_of(directory.number, &status) }
      return FileStatus(status)
    } catch .absent {
      return nil
    }
  }
}
