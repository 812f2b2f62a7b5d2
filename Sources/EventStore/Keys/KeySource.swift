// Where the key-encryption key comes from: always from outside of the store's directory, so that a
// copy of the directory is never a copy of the key. A file must belong to its owner alone, and a
// variable of the environment only ever names a file, for its own value is seen by too many.

internal import Ambient
internal import Bytes
internal import DurableFiles

/// Where a key-encryption key comes from.
public enum KeySource: Sendable {
  /// The caller has it.
  case key(KeyEncryptionKey)
  /// A file that nobody but its owner may read, by its path in the kernel's bytes.
  case file([UInt8])
  /// An open file or pipe that the caller was given, a supervisor's credential for one.
  case descriptor(Int32)
  /// A variable of the environment that names such a file.
  case environment(String)
  /// A file that a shred replaces, so that older copies of the keyset open nothing any more.
  case replaceable(KeyFile)

  /// The key; throws `.keyset(.source)` with what keeps it from being had. `disk` is the store's,
  /// and the key must not lie in it.
  func key(for disk: any Disk) throws(StoreError) -> KeyEncryptionKey {
    switch self {
    case .key(let key): return key
    case .file(let path): return try Self.read(path, disk)
    case .descriptor(let number):
      let name = "of descriptor \(number)"
      let file = try Self.opened(name) { () throws(DiskError) in
        try UserFile(descriptor: number)
      }
      return try Self.read(file, name, disk, byName: false)
    case .environment(let name):
      guard let path = ThisProcess.variable(name), !path.isEmpty else {
        throw .keyset(
          .source("is to be in the file that the variable \(escaped(name)) names; set it"))
      }
      return try Self.read(path, disk)
    case .replaceable(let file): return try file.key(for: disk)
    }
  }

  private static func read(
    _ path: [UInt8], _ disk: any Disk
  ) throws(StoreError) -> KeyEncryptionKey {
    let name = "in \(escaped(path))"
    let file = try opened(name) { () throws(DiskError) in try UserFile(bytes: path) }
    return try read(file, name, disk, byName: true)
  }

  private static func opened(
    _ name: String, _ open: () throws(DiskError) -> UserFile
  ) throws(StoreError) -> UserFile {
    do throws(DiskError) {
      return try open()
    } catch {
      throw .keyset(.source("\(name) cannot be read: \(error)"))
    }
  }

  private static func read(
    _ file: consuming UserFile, _ name: String, _ disk: any Disk, byName: Bool
  ) throws(StoreError) -> KeyEncryptionKey {
    let status: FileStatus
    let isInside: Bool
    var text: [UInt8]
    do throws(DiskError) {
      status = try file.status
      isInside = try file.lies(below: disk)
    } catch {
      throw .keyset(.source("\(name) cannot be read: \(error)"))
    }
    // What comes by descriptor was opened by someone who answers for it, and may be a pipe.
    if byName {
      guard status.kind == .regular else {
        throw .keyset(.source("\(name) is no regular file; give a pipe as a descriptor"))
      }
      guard status.mode & 0o077 == 0 else {
        throw .keyset(.source("\(name) can be read by others; run chmod 600 on it"))
      }
    }
    guard !isInside else {
      throw .keyset(
        .source("\(name) lies in the store's own directory; keep it where copies do not go"))
    }
    do throws(DiskError) {
      text = try file.readAll(bytesMax: KeyEncryptionKey.fileBytesMax)
    } catch {
      throw .keyset(.source("\(name) cannot be read: \(error)"))
    }
    return try KeyEncryptionKey(taking: &text)
  }
}
