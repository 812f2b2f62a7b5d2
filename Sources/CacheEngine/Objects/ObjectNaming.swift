// What the objects of a depot's files are called.
//
//   files/<path, escaped>~<16 hex>    the bytes of a file
//   long/<64 hex of the path>~<16 hex>  the same, for a path that no key of the backend can hold
//   names/<64 hex of the path>        the path of a long one, where it is too long for metadata too
//
// A file is written often, and what is stored is never replaced before its successor is recorded: so
// each written generation has an object of its own. The 16 digits are drawn from the identity of
// the event store and the generation. The same bytes sent again find their own object, and neither
// another engine on the same bucket nor this one after a new beginning ever meets a key of its own.
//
// The escape keeps letters, digits and a few signs, and spells every other byte as %XX: the key of
// any path is valid in every backend, `~` stands once, and all objects of one path share a prefix.

internal import Bytes
internal import ColdStorage
internal import Digests
internal import DurableFiles
internal import EventStore

/// Names objects after the files whose bytes they hold.
struct ObjectNaming: Sendable {
  /// Bytes behind the path: `~` and 16 digits.
  private static let versionBytes = 17
  private static let separator = UInt8(ascii: "~")
  static let files = Array("files/".utf8)
  static let long = Array("long/".utf8)
  static let names = Array("names/".utf8)

  private let limits: KeyLimits
  private let lineage: Lineage

  init(limits: KeyLimits, lineage: Lineage) {
    self.limits = limits
    self.lineage = lineage
  }

  /// The key of the bytes that a file had at a generation.
  func key(of path: FilePath, generation: UInt64) -> ObjectKey {
    valid(prefix(of: path) + version(generation))
  }

  /// What the keys of all objects of a path begin with.
  func prefix(of path: FilePath) -> [UInt8] {
    let escaped = Self.files + Self.escape(path.bytes) + [Self.separator]
    return fits(escaped) ? escaped : Self.long + Self.fingerprint(of: path) + [Self.separator]
  }

  /// Whether the key of a path does not tell the path.
  func isLong(_ path: FilePath) -> Bool {
    prefix(of: path).starts(with: Self.long)
  }

  /// The object that tells the path of the long ones; nil when their own metadata does.
  func nameKey(of path: FilePath) -> ObjectKey? {
    guard isLong(path), !ObjectLabel.fits(path) else { return nil }
    return valid(Self.names + Self.fingerprint(of: path))
  }

  /// The object that tells the path of a long one, by the key of its bytes; nil when it is none.
  func nameKey(behind key: ObjectKey) -> ObjectKey? {
    guard key.bytes.starts(with: Self.long), let end = key.bytes.lastIndex(of: Self.separator)
    else { return nil }
    return valid(Self.names + key.bytes[Self.long.count..<end])
  }

  /// The path that a key tells; nil for a long one, or one that was not made here.
  static func path(in key: ObjectKey) -> FilePath? {
    let bytes = key.bytes
    guard bytes.starts(with: files), let end = bytes.lastIndex(of: separator),
      bytes.count - end == versionBytes,
      let path = unescape(bytes[files.count..<end])
    else { return nil }
    do throws(DiskError) {
      let found = try FilePath(bytes: path)
      return found == .root ? nil : found
    } catch {
      // Somebody else's object, under a name that no file can have.
      return nil
    }
  }

  private func fits(_ prefix: [UInt8]) -> Bool {
    guard prefix.count + Self.versionBytes - 1 <= limits.bytesMax else { return false }
    guard let most = limits.componentBytesMax else { return true }
    let components = prefix.split(separator: UInt8(ascii: "/"))
    return components.dropLast().allSatisfy { $0.count <= most }
      && components[components.count - 1].count + Self.versionBytes - 1 <= most
  }

  private func version(_ generation: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(bytes: Array("\(lineage.id)".utf8))
    writer.append(varint: generation)
    let digest = Blake3.digest(of: writer.take())
    return Array(hexadecimal(digest.bytes.prefix(8)).utf8)
  }

  private static func fingerprint(of path: FilePath) -> [UInt8] {
    Array(Blake3.digest(of: path.bytes).description.utf8)
  }

  private func valid(_ bytes: [UInt8]) -> ObjectKey {
    do throws(StorageError) {
      return try ObjectKey(bytes: bytes)
    } catch {
      preconditionFailure("an escaped path is a valid key: \(error)")
    }
  }
}

extension ObjectNaming {
  /// The bytes of a path with every byte that a backend may take amiss spelled as `%XX`.
  static func escape(_ bytes: [UInt8]) -> [UInt8] {
    var escaped: [UInt8] = []
    escaped.reserveCapacity(bytes.count + 16)
    var begins = true
    for byte in bytes {
      // A leading dot may be a name that a backend keeps for itself.
      if isPlain(byte), !(begins && byte == UInt8(ascii: ".")) {
        escaped.append(byte)
      } else {
        escaped.append(UInt8(ascii: "%"))
        escaped.append(contentsOf: hexadecimal([byte]).utf8)
      }
      begins = byte == UInt8(ascii: "/")
    }
    return escaped
  }

  /// What was escaped; nil when it is not what `escape` makes.
  static func unescape(_ escaped: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = escaped
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit)
      else { return nil }
      bytes.append(high << 4 | low)
    }
    return escape(bytes).elementsEqual(escaped) ? bytes : nil
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."),
      UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ","):
      true
    default: false
    }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}
