// A file that appears at its name whole, or not at all.
//
//   temporary ──written──▶ synced ──renamed──▶ in place ──directory synced──▶ durable
//       │                                          │
//       └── let go, or any refusal: removed        └── from here on readers see the new file
//
// The temporary file lies in the same directory under a name that says what it is, and is locked
// by the process that writes it. A crash before the rename leaves it there, unlocked, and
// `sweepTemporaries` removes it; a crash after it leaves the old file or the new one, never a mix.

package import Ambient

/// A file being written that will take its name at once; let go before, it leaves nothing.
package struct AtomicReplace: ~Copyable {
  /// The most names that are tried for the temporary file.
  private static let namesMax = 16

  /// Where it will stand.
  package let path: FilePath
  /// The temporary file, for positioned writes and for attributes.
  package let file: OpenFile
  private let mode: UInt16
  private var length: UInt64 = 0
  private var isInPlace = false

  /// Makes the temporary file beside the path; it gets the mode when it is committed.
  package init(
    _ path: FilePath, mode: UInt16, on disk: any Disk, entropy: Entropy
  ) throws(DiskError) {
    self.path = path
    self.mode = mode
    file = try Self.makeTemporary(in: path.parent, on: disk, entropy: entropy)
  }

  deinit {
    guard !isInPlace else { return }
    do throws(DiskError) {
      try file.disk.remove(file.path)
    } catch {
      // Whatever keeps it from being removed now, the next sweep tries again.
    }
  }

  private static func makeTemporary(
    in directory: FilePath, on disk: any Disk, entropy: Entropy
  ) throws(DiskError) -> OpenFile {
    for _ in 0..<namesMax {
      let temporary = directory.appending(TemporaryName.make(entropy))
      do throws(DiskError) {
        let file = try OpenFile(temporary, .creating(mode: 0o600), on: disk)
        if try lockAgainstSweeps(file) { return file }
      } catch .exists {
        continue
      }
    }
    throw .exists(directory.appending(TemporaryName.example))
  }

  /// False when a sweep came between the making and the lock; it removes the file.
  private static func lockAgainstSweeps(_ file: borrowing OpenFile) throws(DiskError) -> Bool {
    do throws(DiskError) {
      try file.lock()
      return true
    } catch .locked {
      return false
    } catch .unsupported {
      // Without locks nothing sweeps here either.
      return true
    } catch {
      try file.disk.remove(file.path)
      throw error
    }
  }

  /// Writes all of the bytes behind those appended before.
  package mutating func append(_ bytes: Span<UInt8>) throws(DiskError) {
    try file.write(bytes, at: length)
    length += UInt64(bytes.count)
  }

  /// Writes all of the bytes behind those appended before.
  package mutating func append(_ bytes: [UInt8]) throws(DiskError) {
    try append(bytes.span)
  }

  /// Makes the file durable and gives it its name, durable too; tells what then stands there.
  ///
  /// Without `replacing`, throws `.exists` when a file has the name by then and leaves that one.
  /// A throw after the rename means that the new file may stand there or not after a crash.
  @discardableResult
  package consuming func commit(replacing: Bool) throws(DiskError) -> FileStatus {
    let disk = file.disk
    // Only now: a temporary file that nobody may write could not be locked, and so not swept.
    if mode != 0o600 { try file.set(FileAttributes(mode: mode)) }
    try file.sync(.all)
    try disk.rename(file.path, to: path, replacing: replacing)
    isInPlace = true
    try disk.syncDirectory(path.parent)
    guard let status = try disk.status(at: path) else { throw .absent(path) }
    guard status.kind == .regular else { throw .notRegular(path) }
    return status
  }

  /// Whether the name is one of those that temporary files get.
  package static func isTemporary(_ name: [UInt8]) -> Bool {
    TemporaryName.matches(name)
  }

  /// Writes a whole file at once.
  package static func write(
    _ bytes: [UInt8], to path: FilePath, mode: UInt16, replacing: Bool, on disk: any Disk,
    entropy: Entropy
  ) throws(DiskError) {
    var replacement = try AtomicReplace(path, mode: mode, on: disk, entropy: entropy)
    try replacement.append(bytes)
    try replacement.commit(replacing: replacing)
  }
}

/// The names of temporary files: `.larder-`, 16 hexadecimal digits, `.tmp`.
private enum TemporaryName {
  static let example = ".larder-0000000000000000.tmp"
  private static let prefix = Array(".larder-".utf8)
  private static let suffix = Array(".tmp".utf8)

  static func make(_ entropy: Entropy) -> [UInt8] {
    let digits = String(entropy.word(), radix: 16)
    let zeros = String(repeating: "0", count: 16 - digits.utf8.count)
    return prefix + (zeros + digits).utf8 + suffix
  }

  static func matches(_ name: [UInt8]) -> Bool {
    name.count == example.utf8.count && name.starts(with: prefix)
      && name.suffix(suffix.count).elementsEqual(suffix)
      && name.dropFirst(prefix.count).dropLast(suffix.count).allSatisfy { digit in
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(digit)
      }
  }
}

extension Disk {
  /// Removes the temporary files that crashes left in a directory, and returns how many; those
  /// that a living process still writes are left alone, and all are where there are no locks.
  @discardableResult
  package func sweepTemporaries(in directory: FilePath) throws(DiskError) -> Int {
    var swept = 0
    var position: ListPosition? = .start
    while let from = position {
      let page = try list(directory, from: from, max: 1_024)
      for entry in page.entries where TemporaryName.matches(entry.name) && entry.kind == .regular {
        if try sweep(directory.appending(entry.name)) { swept += 1 }
      }
      position = page.next
    }
    return swept
  }

  /// Removes one file unless someone has it locked.
  private func sweep(_ temporary: FilePath) throws(DiskError) -> Bool {
    do throws(DiskError) {
      let file = try OpenFile(temporary, .writing, on: self)
      try file.lock()
      try remove(temporary)
      return true
    } catch {
      switch error {
      case .absent, .locked, .unsupported: return false
      default: throw error
      }
    }
  }
}
