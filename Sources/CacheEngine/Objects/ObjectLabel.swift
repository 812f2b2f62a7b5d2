// What an object says of the file whose bytes it holds, in its metadata: enough to bring the file
// back when nothing local is left. The digest of the bytes is the store's own to keep beside them.
//
//   larder-format      1
//   larder-mode        permission bits, octal
//   larder-owner       user and group, decimal, with a `:` between
//   larder-modified    nanoseconds since the Unix epoch
//   larder-generation  of the bytes, in the stream of the file; newer bytes have a higher one
//   larder-path        escaped as in keys; only where the key does not tell it, and if it fits

internal import ColdStorage
internal import DurableFiles
internal import Manifest

/// The label of a stored file.
struct ObjectLabel: Equatable, Sendable {
  /// The version of what is written.
  static let format = 1
  /// The longest escaped path that metadata carries; the rest of it is for the other words.
  static let pathBytesMax = 1_400

  var details: FileDetails
  var generation: UInt64
  /// Nil where the key tells it, or a names object does.
  var path: FilePath?

  /// Whether metadata has room for a path.
  static func fits(_ path: FilePath) -> Bool {
    ObjectNaming.escape(path.bytes).count <= pathBytesMax
  }

  /// The metadata to store.
  var metadata: ObjectMetadata {
    var metadata: ObjectMetadata = [
      "larder-format": "\(Self.format)",
      "larder-mode": String(details.mode, radix: 8),
      "larder-owner": "\(details.owner):\(details.group)",
      "larder-modified": "\(details.modifiedNanoseconds)",
      "larder-generation": "\(generation)",
    ]
    if let path, Self.fits(path) {
      metadata["larder-path"] = String(decoding: ObjectNaming.escape(path.bytes), as: UTF8.self)
    }
    return metadata
  }

  init(_ details: FileDetails, generation: UInt64, path: FilePath? = nil) {
    self.details = details
    self.generation = generation
    self.path = path
  }

  /// Reads the label of an object; nil when it has none, or one that this program does not know.
  init?(of object: ObjectStatus) {
    let metadata = object.metadata
    guard metadata["larder-format"] == "\(Self.format)",
      let mode = metadata["larder-mode"].flatMap({ UInt16($0, radix: 8) }), mode <= 0o7777,
      let owners = metadata["larder-owner"]?.split(separator: ":"), owners.count == 2,
      let owner = UInt32(owners[0]), let group = UInt32(owners[1]),
      let modified = metadata["larder-modified"].flatMap({ Int64($0) }),
      let generation = metadata["larder-generation"].flatMap({ UInt64($0) })
    else { return nil }
    details = FileDetails(
      size: object.size, mode: mode, owner: owner, group: group, modifiedNanoseconds: modified)
    self.generation = generation
    guard let escaped = metadata["larder-path"] else { return }
    guard let bytes = ObjectNaming.unescape(Array(escaped.utf8)[...]) else { return nil }
    do throws(DiskError) {
      path = try FilePath(bytes: bytes)
    } catch {
      return nil
    }
  }
}
