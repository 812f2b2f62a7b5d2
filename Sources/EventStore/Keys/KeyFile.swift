// The key-encryption key as a file that a shred may replace, so that older copies of the keyset open
// nothing any more. Two names decide, and the keyset's head says which of them holds its key:
//
//   FILE ──prepare──▶ FILE, FILE.next ──keyset written anew──▶ the same ──promote──▶ FILE
//                        │ crash: FILE is the key, .next goes      │ crash: .next is the key, and
//                        └──▶ FILE                                 └──▶ takes FILE's name
//
// The next opening for writing settles whichever it finds. The old key's bytes are overwritten after
// its name is gone, as far as the file system and the device let that mean anything.

internal import Bytes
internal import Digests
internal import DurableFiles

/// A file with a key-encryption key, which the store replaces when it shreds.
public struct KeyFile: Sendable {
  private let disk: any Disk
  private let name: FilePath
  /// What a person calls it.
  private let title: [UInt8]
  /// Whether the title is a path of the machine, so that it can be told where it lies.
  private let isNamed: Bool

  /// The file at a path in the kernel's bytes; it and its directory belong to the store's user.
  public init(_ path: [UInt8]) throws(StoreError) {
    let slash = path.lastIndex(of: UInt8(ascii: "/"))
    let directory = slash.map { $0 == 0 ? [UInt8(ascii: "/")] : Array(path[..<$0]) } ?? [0x2E]
    do throws(DiskError) {
      name = try FilePath(bytes: Array(path[(slash.map { $0 + 1 } ?? 0)...]))
      disk = try PosixDisk(root: directory)
    } catch {
      throw .keyset(.source("in \(escaped(path)) cannot be read: \(error)"))
    }
    (title, isNamed) = (path, true)
  }

  /// A file on a disk, for simulations.
  init(_ name: FilePath, on disk: any Disk) {
    (self.name, self.disk) = (name, disk)
    (title, isNamed) = (name.bytes, false)
  }

  /// The file's name with `.next` behind it.
  private var next: FilePath {
    let last = name.bytes.split(separator: UInt8(ascii: "/")).last ?? []
    return name.parent.appending(Array(last) + Array(".next".utf8))
  }

  // MARK: - Reading

  /// The key of the store's keyset, wherever a crash left it; of no keyset, the file's own.
  func key(for store: any Disk) throws(StoreError) -> KeyEncryptionKey {
    if isNamed {
      // Refuses a file that others can read or that lies in the store's directory.
      _ = try KeySource.file(title).key(for: store)
    }
    guard let main = try read(name) else {
      throw .keyset(.source("in \(escaped(title)) cannot be read: there is no such file"))
    }
    guard let wanted = try Self.wanted(by: store), wanted != main.id, let other = try readNext(),
      other.id == wanted
    else { return main }
    return other
  }

  /// Which key wrapped the store's keyset; nil when it has none, or one whose head says nothing.
  private static func wanted(by store: any Disk) throws(StoreError) -> [UInt8]? {
    let bytes: [UInt8]
    do throws(DiskError) {
      guard try store.status(at: KeysetFiles.keyset) != nil else { return nil }
      bytes = try OpenFile(KeysetFiles.keyset, .reading, on: store)
        .read(at: 0, count: KeysetHead.count)
    } catch .absent {
      return nil
    } catch {
      throw StoreError(error)
    }
    do throws(KeysetFault) {
      return try KeysetHead.decode(bytes).keyID
    } catch {
      // Opening the keyset says what is wrong with it.
      return nil
    }
  }

  /// The key beside the file; nil when there is none, or one that was torn before it wrapped anything.
  private func readNext() throws(StoreError) -> KeyEncryptionKey? {
    do throws(StoreError) {
      return try read(next)
    } catch .keyset(.source) {
      return nil
    }
  }

  private func read(_ name: FilePath) throws(StoreError) -> KeyEncryptionKey? {
    let status: FileStatus?
    var text: [UInt8] = []
    do throws(DiskError) {
      status = try disk.status(at: name)
      if status?.kind == .regular {
        text = try OpenFile(name, .reading, on: disk)
          .readAll(bytesMax: KeyEncryptionKey.fileBytesMax)
      }
    } catch {
      throw .keyset(.source("in \(escaped(title)) cannot be read: \(error)"))
    }
    guard let status else { return nil }
    guard status.kind == .regular, status.mode & 0o077 == 0 else {
      _ = SecretBytes(taking: &text)
      throw .keyset(
        .source("in \(escaped(title)) must be a regular file that only its owner can read"))
    }
    return try KeyEncryptionKey(taking: &text)
  }

  // MARK: - Replacing

  /// Puts another key beside the file, durably. What is torn there is no key and is passed over.
  func prepare(_ key: KeyEncryptionKey) throws(StoreError) {
    try discard()
    do throws(DiskError) {
      let file = try OpenFile(next, .creating(mode: 0o600), on: disk)
      try key.withFileBytes { (bytes: Span<UInt8>) throws(DiskError) in
        try file.write(bytes, at: 0)
      }
      try file.sync(.all)
      try disk.syncDirectory(name.parent)
    } catch {
      throw .keyset(.source("in \(escaped(title)) cannot be renewed: \(error)"))
    }
  }

  /// Gives the key beside the file the file's name, and overwrites the one that had it.
  func promote() throws(StoreError) {
    do throws(DiskError) {
      let old = try OpenFile(name, .writing, on: disk)
      try disk.rename(next, to: name, replacing: true)
      try disk.syncDirectory(name.parent)
      Self.overwrite(old)
    } catch {
      throw .keyset(.source("in \(escaped(title)) cannot be renewed: \(error)"))
    }
  }

  /// Removes the key beside the file, which wrapped nothing.
  func discard() throws(StoreError) {
    do throws(DiskError) {
      guard try disk.status(at: next) != nil else { return }
      Self.overwrite(try OpenFile(next, .writing, on: disk))
      try disk.remove(next)
      try disk.syncDirectory(name.parent)
    } catch {
      throw .keyset(.source("in \(escaped(title)) cannot be tidied up: \(error)"))
    }
  }

  /// Finishes or takes back what a crash interrupted: the keyset is wrapped by `key`.
  func settle(_ key: KeyEncryptionKey) throws(StoreError) {
    guard let main = try read(name) else { throw .keyset(.missing) }
    if main.id == key.id { try discard() } else { try promote() }
  }

  private static func overwrite(_ file: borrowing OpenFile) {
    do throws(DiskError) {
      let count = Int(clamping: try file.size)
      try file.write([UInt8](repeating: 0, count: min(count, KeyEncryptionKey.fileBytesMax)), at: 0)
      try file.sync()
    } catch {
      // The file loses its name in any case; what this would have added is not promised.
    }
  }
}
