// Copies a store into another directory while its writer goes on. The copy is of one pinned catalog,
// and ends with the last group of commits that readers may see whole; the rest of the active segment
// stays behind. What makes the directory a store is written last, so a copy that was cut short is
// none.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

/// A file of a copy.
struct CopiedFile {
  let path: FilePath
  let bytes: UInt64
  let digest: Blake3Digest
}

struct StoreCopy {
  let catalog: Catalog
  let source: any Disk
  let target: any Disk
  let entropy: Entropy
  let progress: (@Sendable (_ done: UInt64, _ total: UInt64) -> Void)?
  let cancellation: Cancellation?
  private let total: UInt64
  private var done: UInt64 = 0
  private(set) var files: [CopiedFile] = []
  /// The last event that is copied.
  private(set) var count: UInt64 = 0
  private let cut: UInt64

  fileprivate static let waitsForFence =
    "waits for a fence that is open; try again when it has ended"
  private static let pieceBytes = 1 << 20
  /// The most files that a directory of keys or cursors has.
  private static let smallFilesMax = 65_536

  /// Looks how far the copy goes; the target must be empty.
  init(
    _ catalog: Catalog, to target: any Disk, _ options: CopyOptions
  ) throws(StoreError) {
    guard let last = catalog.segments.last else { throw .absent("an event") }
    self.catalog = catalog
    source = last.file.disk
    self.target = target
    entropy = options.entropy
    progress = options.progress
    cancellation = options.cancellation
    guard try target.isBare else { throw .target("is not empty") }
    (cut, count) = try last.cut(visible: catalog.visible)
    // A fence may hide the record of a removal that is in force, and nothing else would explain it.
    if let removal = try catalog.lastRemovalSequence, removal > count {
      throw .target(Self.waitsForFence)
    }
    var total = cut
    for segment in catalog.segments.dropLast() { total += try segment.copiedEnd }
    self.total = total
  }

  /// How often, and for how long each time, a full segment is waited for that the writer seals.
  private static let sealWaitsMax = 40
  private static let sealWait = Duration.milliseconds(50)

  /// Copies the segments, each under the name it has in force. Full ones that are never sealed, for
  /// their writer is gone, are copied without a footer or, when all must have one, refused.
  mutating func copySegments(allSealed: Bool) throws(StoreError) {
    do throws(DiskError) {
      try target.makeDirectory(StoreNames.segments, mode: 0o700)
      try target.syncDirectory(.root)
    } catch {
      throw StoreError(error)
    }
    for segment in catalog.segments {
      let isLast = segment === catalog.segments.last
      let segment = isLast ? segment : try sealed(segment)
      guard isLast || segment.tail == nil || !allSealed else {
        throw .target("waits for a full segment to be sealed; open the store for writing once")
      }
      try copy(segment.path, to: isLast ? cut : segment.copiedEnd) {
        (offset, count) throws(StoreError) in try segment.file.read(at: offset, count: count)
      }
    }
  }

  /// The segment with its footer, once the writer has made it; as it is when nobody does.
  private func sealed(_ segment: Segment) throws(StoreError) -> Segment {
    guard segment.tail != nil else { return segment }
    let files = SegmentFiles(
      disk: source, lineage: segment.header.lineage, key: nil, entropy: entropy)
    for attempt in 0..<Self.sealWaitsMax {
      if attempt > 0 { _ = Pause.live.wait(Self.sealWait, cancellation) }
      do throws(StoreError) {
        if let sealed = try files.openSealed(segment.name) { return sealed }
      } catch .corrupt {
        // Its footer is being written.
      }
    }
    return segment
  }

  /// Copies every file of a directory, if there is one.
  mutating func copyDirectory(_ directory: FilePath) throws(StoreError) {
    let names: [DirectoryEntry]
    do throws(DiskError) {
      guard try source.status(at: directory) != nil else { return }
      names = try source.list(directory, max: Self.smallFilesMax)
      try target.makeDirectory(directory, mode: 0o700)
      try target.syncDirectory(.root)
    } catch {
      throw StoreError(error)
    }
    for entry in names.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) })
    where entry.kind == .regular && !AtomicReplace.isTemporary(entry.name) {
      try copySmall(directory.appending(entry.name))
    }
  }

  /// Copies a small file, if it is there.
  mutating func copySmall(_ path: FilePath) throws(StoreError) {
    guard let bytes = try SmallFile.read(path, on: source) else { return }
    try copy(path, to: UInt64(bytes.count)) { (offset, count) throws(StoreError) in
      Array(bytes[Int(offset)..<Int(offset) + count])
    }
  }

  private mutating func copy(
    _ path: FilePath, to end: UInt64,
    _ read: (_ offset: UInt64, _ count: Int) throws(StoreError) -> [UInt8]
  ) throws(StoreError) {
    var hasher = Blake3()
    var replacement: AtomicReplace
    do throws(DiskError) {
      replacement = try AtomicReplace(path, mode: 0o600, on: target, entropy: entropy)
    } catch {
      throw StoreError(error)
    }
    var offset: UInt64 = 0
    while offset < end {
      if cancellation?.isCancelled == true { throw .cancelled }
      let bytes = try read(offset, Int(min(UInt64(Self.pieceBytes), end - offset)))
      guard !bytes.isEmpty else { throw FormatFault("ends inside a frame").at(path, offset) }
      hasher.update(bytes)
      do throws(DiskError) { try replacement.append(bytes) } catch { throw StoreError(error) }
      offset += UInt64(bytes.count)
      done += UInt64(bytes.count)
      progress?(min(done, total), total)
    }
    do throws(DiskError) {
      try replacement.commit(replacing: false)
    } catch {
      throw StoreError(error)
    }
    files.append(CopiedFile(path: path, bytes: end, digest: hasher.digest()))
  }
}

extension Segment {
  /// Where a copy of a segment that takes no more events ends.
  fileprivate var copiedEnd: UInt64 {
    get throws(StoreError) { tail == nil ? try file.size() : extent.end }
  }

  /// Where the last group ends of which readers may see everything, and its last event.
  fileprivate func cut(visible: UInt64) throws(StoreError) -> (end: UInt64, count: UInt64) {
    var found = (end: UInt64(SegmentHeader.count), count: name.first - 1)
    guard visible >= found.count else {
      throw .target(StoreCopy.waitsForFence)
    }
    try pass(to: extent.end) { (_, passed) throws(StoreError) in
      if case .mark(let mark) = passed.frame, mark.lastSequence <= visible {
        found = (UInt64(passed.body.upperBound), mark.lastSequence)
      }
    }
    return found
  }
}

extension Disk {
  /// Whether nothing is in the directory.
  var isBare: Bool {
    get throws(StoreError) {
      do throws(DiskError) { return try list(.root).isEmpty } catch { throw StoreError(error) }
    }
  }
}
