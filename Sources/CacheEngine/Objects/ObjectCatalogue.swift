// What a cold store says by itself of the files whose bytes it holds: the key tells the path, the label
// the rest. It is asked when nothing local knows: because everything local was lost, or because another
// server has stored the file.
//
// Several objects may be of one path, for a file is stored anew whenever it was written. The newest is
// the one that was stored last; where the store's clock does not tell them apart, the one of the later
// generation. A sealed object says nothing that could be used without its keys, and is told as that.

internal import Ambient
internal import ColdStorage
internal import Digests
internal import DurableFiles
internal import Manifest

/// Reads back from a cold store which files it holds.
struct ObjectCatalogue: Sendable {
  let cold: any ObjectStore
  let naming: ObjectNaming
  let clock: WallClock

  /// What an object turned out to be.
  enum Entry: Equatable, Sendable {
    /// The newest object of a file.
    case file(FilePath, StoredCopy)
    /// An object of ours that is sealed.
    case sealed(ObjectKey)
    /// An object below our names that says nothing of a file.
    case unknown(ObjectKey)
  }

  /// The newest stored copy of a file; nil when the store has none that can be used.
  func newest(
    of path: FilePath, _ cancellation: Cancellation? = nil
  ) throws(StorageError) -> StoredCopy? {
    var group = Group()
    try cold.forEach(prefix: naming.prefix(of: path), cancellation: cancellation) {
      (object) throws(StorageError) in
      group.take(object)
      return true
    }
    guard case .file(path, let copy)? = try entry(of: group, cancellation) else { return nil }
    return copy
  }

  /// Calls `body` with what each path has; false from it ends the walk. Memory is bounded by the
  /// objects of one path.
  func eachFile<Failure: Error>(
    _ cancellation: Cancellation? = nil, _ body: (Entry) throws(Failure) -> Bool
  ) throws(StorageError) -> Failure? {
    var failure: Failure?
    var group = Group()
    var goesOn = true
    func end() throws(StorageError) {
      guard goesOn, let entry = try entry(of: group, cancellation) else { return }
      do throws(Failure) {
        goesOn = try body(entry)
      } catch {
        (failure, goesOn) = (error, false)
      }
    }
    for prefix in [ObjectNaming.files, ObjectNaming.long] where goesOn {
      try cold.forEach(prefix: prefix, cancellation: cancellation) {
        (object) throws(StorageError) in
        if !group.has(object) {
          try end()
          group = Group()
        }
        group.take(object)
        return goesOn
      }
      try end()
      group = Group()
    }
    return failure
  }

  /// Objects of one path, which share all of their key but the version.
  private struct Group {
    private(set) var objects: [ListedObject] = []
    private var stem: ArraySlice<UInt8>?

    func has(_ object: ListedObject) -> Bool { stem == nil || stem == Self.stem(of: object) }

    mutating func take(_ object: ListedObject) {
      stem = Self.stem(of: object)
      objects.append(object)
    }

    private static func stem(of object: ListedObject) -> ArraySlice<UInt8> {
      let bytes = object.key.bytes
      return bytes[..<(bytes.lastIndex(of: UInt8(ascii: "~")) ?? bytes.endIndex)]
    }
  }

  private func entry(
    of group: Group, _ cancellation: Cancellation?
  ) throws(StorageError) -> Entry? {
    guard let latest = group.objects.map(\.modified).max() else { return nil }
    var best: (path: FilePath, object: ObjectStatus, label: ObjectLabel)?
    for listed in group.objects where listed.modified == latest {
      guard let object = try cold.head(listed.key, cancellation),
        let label = ObjectLabel(of: object), let path = try path(of: object, label, cancellation)
      else { continue }
      if let best, best.label.generation > label.generation { continue }
      best = (path, object, label)
    }
    guard let best else { return .unknown(group.objects[0].key) }
    if try isSealed(best.object, cancellation) { return .sealed(best.object.key) }
    let digest: Blake3Digest
    if let known = best.object.digest {
      digest = known
    } else {
      digest = try self.digest(of: best.object, cancellation)
    }
    return .file(
      best.path,
      StoredCopy(
        digest: digest, details: best.label.details, key: best.object.key.bytes,
        backend: cold.name, sealing: nil, verified: clock.now()))
  }

  /// The path of the file that an object is of; nil when nothing tells it.
  func path(
    behind key: ObjectKey, _ cancellation: Cancellation? = nil
  ) throws(StorageError) -> FilePath? {
    guard let object = try cold.head(key, cancellation), let label = ObjectLabel(of: object)
    else { return nil }
    return try path(of: object, label, cancellation)
  }

  /// The path that the key tells, or the label, or an object of its own.
  private func path(
    of object: ObjectStatus, _ label: ObjectLabel, _ cancellation: Cancellation?
  ) throws(StorageError) -> FilePath? {
    if let path = ObjectNaming.path(in: object.key) ?? label.path { return checked(path) }
    guard let name = naming.nameKey(behind: object.key) else { return nil }
    let sink = BytesSink(bytesMax: ShimRequest.pathBytesMax)
    do throws(StorageError) {
      _ = try cold.download(name, to: sink, DownloadRequest(cancellation: cancellation))
    } catch {
      if error.kind == .absent { return nil }
      throw error
    }
    do throws(DiskError) {
      return checked(try FilePath(bytes: sink.bytes))
    } catch {
      return nil
    }
  }

  /// A path that a depot may have files at.
  private func checked(_ path: FilePath) -> FilePath? { Depot.isFile(path) ? path : nil }

  /// Whether the object begins as sealed ones do.
  private func isSealed(
    _ object: ObjectStatus, _ cancellation: Cancellation?
  ) throws(StorageError) -> Bool {
    guard object.size >= UInt64(SealedHeader.byteCount) else { return false }
    let sink = BytesSink(bytesMax: SealedHeader.byteCount)
    _ = try cold.download(
      object.key, to: sink,
      DownloadRequest(range: 0..<UInt64(SealedHeader.byteCount), cancellation: cancellation))
    do throws(SealingFault) {
      _ = try SealedHeader.decode(sink.bytes)
      return true
    } catch .newerFormat {
      return true
    } catch {
      // A file may begin as one of our objects does; what does not match its own hash is not one.
      return false
    }
  }

  /// What all of the object's bytes hash to, where the store does not keep that.
  private func digest(
    of object: ObjectStatus, _ cancellation: Cancellation?
  ) throws(StorageError) -> Blake3Digest {
    try cold.download(
      object.key, to: NoSink(), DownloadRequest(cancellation: cancellation)
    ).digest
  }
}
