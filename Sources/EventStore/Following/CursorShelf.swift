// Where cursors are kept: a directory with a file for each, the store's own or one of the reader's
// choosing. Keeping a cursor needs no writer's lock, only the right to write that file; who has a
// cursor open holds a lock on it, so two readers cannot overtake each other's place.

public import Ambient
public import DurableFiles

/// What a cursor's file says.
public struct CursorStanding: Hashable, Sendable {
  public let name: String
  public let lineage: Lineage
  public let region: Region
  /// Everything up to this sequence is dealt with; 0 before the first.
  public let position: UInt64
  /// How often it was committed.
  public let commits: UInt64
}

/// A directory of cursors.
public struct CursorShelf: Sendable {
  /// The longest a cursor's name may be, in bytes.
  public static let nameBytesMax = 64
  /// The most cursors that are listed.
  public static let cursorsMax = 65_536
  private static let suffix = Array(".cursor".utf8)

  private let disk: any Disk
  private let directory: FilePath
  private let entropy: Entropy

  /// The shelf in a directory of a disk, which is made with the first cursor.
  public init(_ disk: any Disk, directory: FilePath, entropy: Entropy = .live) {
    self.disk = disk
    self.directory = directory
    self.entropy = entropy
  }

  /// The shelf in a store's own directory, whose disk is given.
  public init(inStore disk: any Disk, entropy: Entropy = .live) {
    self.init(disk, directory: StoreNames.cursors, entropy: entropy)
  }

  /// Opens a cursor, or makes it at the place where `start` says it begins.
  ///
  /// One that exists goes on where it was committed, and is refused when region, store or history
  /// are not those it was made with.
  public func open(
    _ name: String, in region: Region = .everything, of reader: EventReader,
    startingAfter start: UInt64 = 0
  ) throws(StoreError) -> Cursor {
    let path = try path(of: name)
    guard let lineage = try reader.catalog().lineage else {
      throw .absent("an event")
    }
    let isNew = try !exists(path)
    if isNew { try make(name, path, lineage, region, reader, start) }
    let file = try take(name, path)
    if !isNew { try secureNames() }
    let record = try read(name, path, file)
    guard record.lineage == lineage else { throw .cursor(name, .otherStore) }
    guard record.name == name else {
      throw .cursor(name, .damaged(site(path, "is that of '\(record.name)'")))
    }
    guard record.isOf(region) else { throw .otherRegion(name) }
    try check(record, reader)
    return Cursor(record, file, reader)
  }

  /// The names of the cursors, sorted.
  public func names() throws(StoreError) -> [String] {
    let entries: [DirectoryEntry]
    do throws(DiskError) {
      guard try disk.status(at: directory) != nil else { return [] }
      entries = try disk.list(directory, max: Self.cursorsMax)
    } catch {
      throw StoreError(error)
    }
    return entries.compactMap { entry in
      guard entry.name.suffix(Self.suffix.count).elementsEqual(Self.suffix) else { return nil }
      let name = String(decoding: entry.name.dropLast(Self.suffix.count), as: UTF8.self)
      return Self.fault(in: name) == nil ? name : nil
    }.sorted()
  }

  /// What a cursor's file says; takes no lock, so it may be the place before the newest.
  public func standing(of name: String) throws(StoreError) -> CursorStanding {
    let path = try path(of: name)
    guard try exists(path) else { throw .absent("the cursor '\(name)'") }
    let file = try opened(path, .reading)
    let record = try read(name, path, file)
    return CursorStanding(
      name: record.name, lineage: record.lineage, region: record.region,
      position: record.slot.position, commits: record.slot.commits)
  }

  /// Forgets a cursor, damaged or not; the next opening makes it anew.
  public func reset(_ name: String) throws(StoreError) {
    let path = try path(of: name)
    guard try exists(path) else { throw .absent("the cursor '\(name)'") }
    _ = try take(name, path)
    do throws(DiskError) {
      try disk.remove(path)
      try disk.syncDirectory(directory)
    } catch {
      throw StoreError(error)
    }
  }

  // MARK: - Files

  private func make(
    _ name: String, _ path: FilePath, _ lineage: Lineage, _ region: Region, _ reader: EventReader,
    _ start: UInt64
  ) throws(StoreError) {
    let last = try reader.lastSequence
    guard start <= last else { throw .cursor(name, .ahead(position: start, last: last)) }
    let slot = CursorSlot(
      commits: 1, position: start,
      commitment: start == 0 ? nil : try reader.commitment(of: start))
    let record = try CursorRecord(lineage: lineage, name: name, region: region, slot: slot)
    do throws(DiskError) {
      try SmallFile.prepare(directory, on: disk)
      try AtomicReplace.write(
        record.encoded, to: path, mode: 0o600, replacing: false, on: disk, entropy: entropy)
    } catch .exists {
      // Another reader made it in between; whose it is shows when it is opened.
      try secureNames()
    } catch {
      throw StoreError(error)
    }
  }

  /// Makes durable that the cursors have their names: whoever made one may have been killed before it
  /// did, and a place that is committed in a file without a name is lost when the power fails.
  private func secureNames() throws(StoreError) {
    do throws(DiskError) {
      try disk.syncDirectory(directory)
    } catch {
      throw StoreError(error)
    }
  }

  /// Opens a cursor's file and keeps others from doing so.
  private func take(_ name: String, _ path: FilePath) throws(StoreError) -> OpenFile {
    let file = try opened(path, .writing)
    do throws(DiskError) {
      try file.lock()
      // Whoever reset it before the lock was taken has left a file without a name.
      guard try disk.status(at: path)?.inode == file.status.inode else {
        throw DiskError.locked(path, holder: 0)
      }
    } catch .locked(_, let holder) {
      throw .cursor(name, .held(by: holder))
    } catch {
      throw StoreError(error)
    }
    return file
  }

  private func opened(_ path: FilePath, _ access: FileAccess) throws(StoreError) -> OpenFile {
    do throws(DiskError) {
      return try OpenFile(path, access, on: disk)
    } catch {
      throw StoreError(error)
    }
  }

  private func read(
    _ name: String, _ path: FilePath, _ file: borrowing OpenFile
  ) throws(StoreError) -> CursorRecord {
    let bytes: [UInt8]
    do throws(DiskError) {
      bytes = try file.read(at: 0, count: CursorRecord.fileBytes + 1)
    } catch {
      throw StoreError(error)
    }
    do throws(FormatFault) {
      return try CursorRecord(decoding: bytes)
    } catch .newer(let found, let known) {
      throw .newerFormat(path, found: found, known: known)
    } catch {
      throw .cursor(name, .damaged(site(path, error.sentence)))
    }
  }

  private func site(_ path: FilePath, _ fault: String) -> DamageSite {
    DamageSite(file: path, offset: 0, fault: fault)
  }

  /// Refuses a place that is not in this log, or not any more.
  private func check(_ record: CursorRecord, _ reader: EventReader) throws(StoreError) {
    let last = try reader.lastSequence
    let position = record.slot.position
    guard position <= last else {
      throw .cursor(record.name, .ahead(position: position, last: last))
    }
    if position == 0 { return }
    guard try record.slot.commitment == reader.commitment(of: position) else {
      throw .cursor(record.name, .rewritten(position: position))
    }
  }

  private func exists(_ path: FilePath) throws(StoreError) -> Bool {
    do throws(DiskError) {
      return try disk.status(at: path) != nil
    } catch {
      throw StoreError(error)
    }
  }

  // MARK: - Names

  private func path(of name: String) throws(StoreError) -> FilePath {
    if let fault = Self.fault(in: name) { throw .badName("cursor", fault) }
    return directory.appending(Array(name.utf8) + Self.suffix)
  }

  private static func fault(in name: String) -> String? {
    NameOfFile.fault(in: name, bytesMax: nameBytesMax)
  }
}

/// Names that callers choose and that files are called by.
enum NameOfFile {
  /// What is wrong with a name, or nil: letters, digits, `-`, `_` and `.`, the last not in front.
  static func fault(in name: String, bytesMax: Int) -> String? {
    guard !name.isEmpty else { return "is empty" }
    guard name.utf8.count <= bytesMax else { return "is longer than \(bytesMax) bytes" }
    let isSpelled = name.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
    }
    guard isSpelled, name.utf8.first != UInt8(ascii: ".") else {
      return "'\(name)' is not made of letters, digits, '-', '_' and '.', which may not come first"
    }
    return nil
  }
}

extension EventStore {
  /// The cursors in this store's directory.
  public var cursors: CursorShelf { CursorShelf(inStore: disk, entropy: writer.options.entropy) }
}
