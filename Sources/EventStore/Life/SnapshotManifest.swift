// The manifest of a snapshot as a file: canonical JSON in the envelope of small files. It is written
// last, so a snapshot that has one is whole, and it goes when the snapshot is opened for writing.

internal import Ambient
internal import Bytes
internal import Digests
public import DurableFiles

extension SnapshotManifest {
  private static let format: UInt16 = 1
  private static let pieceBytes = 1 << 20

  func write(on disk: any Disk, _ entropy: Entropy) throws(StoreError) {
    let value: JSONValue = .object([
      "lineage": .string("\(lineage)"), "count": JSONValue(count), "root": .string("\(root)"),
      "made": JSONValue(made.microseconds), "keys": .bool(includesKeys),
      "files": .array(
        files.map { file in
          .object([
            "path": .string(file.path), "bytes": JSONValue(file.bytes),
            "digest": .string("\(file.digest)"),
          ])
        }),
    ])
    let payload: [UInt8]
    do throws(BytesError) {
      payload = try value.canonical()
    } catch {
      preconditionFailure("a manifest holds no number that JSON cannot")
    }
    try SmallFile.write(
      Sidecar.encode(.manifest, format: Self.format, payload: payload), to: StoreNames.manifest,
      on: disk, entropy)
  }

  /// The manifest in a directory; nil when it is no snapshot, or was opened for writing since.
  public static func read(on disk: any Disk) throws(StoreError) -> SnapshotManifest? {
    guard let bytes = try SmallFile.read(StoreNames.manifest, on: disk) else { return nil }
    do throws(FormatFault) {
      let range = try Sidecar.payload(.manifest, format: format, in: bytes.span)
      guard let manifest = SnapshotManifest(payload: Array(bytes[range])) else {
        throw FormatFault("is no manifest")
      }
      return manifest
    } catch {
      throw error.at(StoreNames.manifest)
    }
  }

  private init?(payload: [UInt8]) {
    let value: JSONValue
    do throws(BytesError) {
      value = try JSONValue(parsing: payload)
    } catch {
      // Whether it is a manifest is all that was asked.
      return nil
    }
    var files: [File] = []
    for entry in value["files"]?.array ?? [] {
      guard let path = entry["path"]?.string,
        let bytes = entry["bytes"]?.integer.flatMap({ UInt64(exactly: $0) }),
        let digest = entry["digest"]?.string.flatMap(Blake3Digest.init(storedText:))
      else { return nil }
      files.append(File(path: path, bytes: bytes, digest: digest))
    }
    guard let lineage = value["lineage"]?.string.flatMap({ EventID(parsing: $0) }),
      let count = value["count"]?.integer.flatMap({ UInt64(exactly: $0) }),
      let root = value["root"]?.string.flatMap(Blake3Digest.init(storedText:)),
      let made = value["made"]?.integer, let keys = value["keys"]?.bool
    else { return nil }
    self.init(
      lineage: Lineage(id: lineage), count: count, root: root,
      made: WallTime(microseconds: made), includesKeys: keys, files: files)
  }

  /// Compares every file with what the manifest says of it, and finds segments that it does not
  /// list.
  public func check(on disk: any Disk) throws(StoreError) -> [Finding] {
    var findings: [Finding] = []
    func find(_ path: FilePath, _ fault: String) {
      guard findings.count < VerifyReport.findingsMax else { return }
      findings.append(Finding(file: path, offset: 0, sequence: nil, fault: fault))
    }
    for file in files {
      let path: FilePath
      do throws(DiskError) {
        path = try FilePath(file.path)
      } catch {
        find(StoreNames.manifest, "lists '\(escaped(file.path))', which is no file's name")
        continue
      }
      if let fault = try Self.fault(of: file, at: path, on: disk) { find(path, fault) }
    }
    let listed = Set(files.map(\.path))
    do throws(DiskError) {
      for entry in try disk.list(StoreNames.segments) {
        let path = StoreNames.segments.appending(entry.name)
        if !listed.contains("\(path)") { find(path, "is not in the snapshot's manifest") }
      }
    } catch {
      throw StoreError(error)
    }
    return findings
  }

  /// What is wrong with a file; nil when it is as it was written.
  private static func fault(
    of listed: File, at path: FilePath, on disk: any Disk
  ) throws(StoreError) -> String? {
    do throws(DiskError) {
      guard try disk.status(at: path) != nil else { return "is missing from the snapshot" }
      let file = try OpenFile(path, .reading, on: disk)
      guard try file.size == listed.bytes else {
        return "is not as long as the snapshot's manifest says"
      }
      var hasher = Blake3()
      var offset: UInt64 = 0
      while true {
        let bytes = try file.read(at: offset, count: pieceBytes)
        if bytes.isEmpty { break }
        hasher.update(bytes)
        offset += UInt64(bytes.count)
      }
      return hasher.digest() == listed.digest
        ? nil : "does not have the hash that the snapshot's manifest says"
    } catch {
      throw StoreError(error)
    }
  }
}

extension Blake3Digest {
  /// Reads 64 hexadecimal digits; nil for anything else.
  init?(storedText text: String) {
    guard let raw = Bytes.bytes(fromHexadecimal: text), raw.count == 32 else { return nil }
    self = storedDigest(raw.span, 0..<32)
  }
}
