// The payloads of file events. All begin with the path; then come the fields of the transition, in
// the order of its declaration. Version 1 of every kind:
//
//   path        prefixed
//   hot copy    size, mode, owner, group (varints), modified (zigzag), inode (varint), changed (zigzag)
//   stored copy digest (32), size, mode, owner, group (varints), modified (zigzag), key prefixed,
//               backend prefixed, 0 or 1, then scope prefixed and version (varint), verified (zigzag)
//   texts       prefixed; times are zigzag microseconds; a copy that may be missing has 0 or 1 before
//
// What follows the last field is refused, so bytes have one meaning.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles
public import EventStore

extension Transition {
  /// The kind of its events.
  public var kind: EventKind { EventKind(rawValue: 0x1000 | type) }

  private var type: UInt16 {
    switch self {
    case .written: 1
    case .stored: 2
    case .deferred: 3
    case .failed: 4
    case .retried: 5
    case .evicted: 6
    case .restored: 7
    case .vanished: 8
    case .deleted: 9
    case .adopted: 10
    case .confirmed: 11
    case .verified: 12
    case .pinned: 13
    case .unpinned: 14
    case .shredded: 15
    case .found: 16
    case .objectRemoved: 17
    }
  }

  /// What it is called on screens and in logs.
  public var name: String {
    switch self {
    case .written: "written"
    case .stored: "stored"
    case .deferred: "deferred"
    case .failed: "failed"
    case .retried: "retried"
    case .evicted: "evicted"
    case .restored: "restored"
    case .vanished: "vanished"
    case .deleted: "deleted"
    case .adopted: "adopted"
    case .confirmed: "confirmed"
    case .verified: "verified"
    case .pinned: "pinned"
    case .unpinned: "unpinned"
    case .shredded: "shredded"
    case .found: "found"
    case .objectRemoved: "object-removed"
    }
  }
}

extension FileEvent {
  /// The category of all file events.
  public static let category: UInt8 = 1
  /// The version of the payloads that are written.
  public static let payloadVersion: UInt16 = 1
  /// The longest text that an event carries; a longer fault is cut.
  public static let textBytesMax = 1_024
  static let kindTypes: ClosedRange<UInt16> = 1...17

  /// The payload of its event.
  public func encoded() -> [UInt8] {
    var writer = ByteWriter(reserving: 128 + path.bytes.count)
    writer.append(prefixed: path.bytes)
    switch transition {
    case .written(let hot, let cause):
      hot.encode(into: &writer)
      writer.append(cause.rawValue)
    case .stored(let copy, let generation):
      copy.encode(into: &writer)
      writer.append(varint: generation)
    case .deferred(let attempts, let until, let fault):
      writer.append(varint: UInt64(attempts))
      writer.append(zigzag: until.microseconds)
      writer.append(prefixed: Self.cut(fault))
    case .failed(let attempts, let fault):
      writer.append(varint: UInt64(attempts))
      writer.append(prefixed: Self.cut(fault))
    case .restored(let hot), .confirmed(let hot): hot.encode(into: &writer)
    case .adopted(let copy, let hot):
      copy.encode(into: &writer)
      writer.append(hot == nil ? 0 : 1 as UInt8)
      hot?.encode(into: &writer)
    case .verified(let time): writer.append(zigzag: time.microseconds)
    case .shredded(let reason): writer.append(prefixed: Self.cut(reason))
    case .found(let kind, let detail):
      writer.append(kind.rawValue)
      writer.append(prefixed: Self.cut(detail))
    case .objectRemoved(let key, let backend):
      writer.append(prefixed: key)
      writer.append(prefixed: backend)
    case .retried, .evicted, .vanished, .deleted, .pinned, .unpinned: break
    }
    return writer.take()
  }

  /// The event that a payload of version 1 stands for.
  public init(kind: EventKind, payload: [UInt8]) throws(PayloadFault) {
    var reader = ByteReader(payload)
    let path: [UInt8]
    let transition: Transition
    do throws(BytesError) {
      path = try reader.prefixed(lengthMax: 4_095)
      guard let found = try Transition(kind: kind, &reader) else {
        throw BytesError.leftOver(offset: 0, count: payload.count)
      }
      transition = found
      try reader.finish()
    } catch {
      throw PayloadFault("is not a file's event: \(error)")
    }
    do throws(DiskError) {
      self.init(try FilePath(bytes: path), transition)
    } catch {
      throw PayloadFault("names no file: \(error)")
    }
    guard !self.path.bytes.isEmpty else { throw PayloadFault("names no file: the path is empty") }
  }

  /// The text, or as much of it as an event carries, cut between two characters.
  private static func cut(_ text: String) -> String {
    guard text.utf8.count > textBytesMax else { return text }
    var short = ""
    for character in text {
      guard short.utf8.count + character.utf8.count <= textBytesMax - 3 else { break }
      short.append(character)
    }
    return short + "…"
  }
}

extension Transition {
  /// Reads the fields of a transition; nil for a kind that is none.
  fileprivate init?(kind: EventKind, _ reader: inout ByteReader) throws(BytesError) {
    guard kind.category == FileEvent.category else { return nil }
    let textMax = FileEvent.textBytesMax
    switch kind.type {
    case 1:
      let hot = try HotCopy(&reader)
      guard let cause = WriteCause(rawValue: try reader.uint8()) else { return nil }
      self = .written(hot, cause)
    case 2:
      let copy = try StoredCopy(&reader)
      self = .stored(copy, of: try reader.varint())
    case 3:
      guard let attempts = UInt32(exactly: try reader.varint()) else { return nil }
      let until = WallTime(microseconds: try reader.zigzag())
      self = .deferred(
        attempts: attempts, until: until, fault: try reader.text(lengthMax: textMax))
    case 4:
      guard let attempts = UInt32(exactly: try reader.varint()) else { return nil }
      self = .failed(attempts: attempts, fault: try reader.text(lengthMax: textMax))
    case 5: self = .retried
    case 6: self = .evicted
    case 7: self = .restored(try HotCopy(&reader))
    case 8: self = .vanished
    case 9: self = .deleted
    case 10:
      let copy = try StoredCopy(&reader)
      self = .adopted(copy, hot: try reader.flag() ? try HotCopy(&reader) : nil)
    case 11: self = .confirmed(try HotCopy(&reader))
    case 12: self = .verified(WallTime(microseconds: try reader.zigzag()))
    case 13: self = .pinned
    case 14: self = .unpinned
    case 15: self = .shredded(reason: try reader.text(lengthMax: textMax))
    case 16:
      guard let found = FindingKind(rawValue: try reader.uint8()) else { return nil }
      self = .found(found, detail: try reader.text(lengthMax: textMax))
    case 17:
      let key = try reader.prefixed(lengthMax: StoredCopy.keyBytesMax)
      self = .objectRemoved(
        key: key, backend: try reader.text(lengthMax: StoredCopy.nameBytesMax))
    default: return nil
    }
  }
}

extension FileDetails {
  func encode(into writer: inout ByteWriter) {
    writer.append(varint: size)
    writer.append(varint: UInt64(mode))
    writer.append(varint: UInt64(owner))
    writer.append(varint: UInt64(group))
    writer.append(zigzag: modifiedNanoseconds)
  }

  init(_ reader: inout ByteReader) throws(BytesError) {
    let size = try reader.varint()
    let mode = try reader.narrow(UInt64(UInt16.max))
    let owner = try reader.narrow(UInt64(UInt32.max))
    let group = try reader.narrow(UInt64(UInt32.max))
    self.init(
      size: size, mode: UInt16(mode), owner: UInt32(owner), group: UInt32(group),
      modifiedNanoseconds: try reader.zigzag())
  }
}

extension HotCopy {
  func encode(into writer: inout ByteWriter) {
    details.encode(into: &writer)
    writer.append(varint: inode)
    writer.append(zigzag: changedNanoseconds)
  }

  init(_ reader: inout ByteReader) throws(BytesError) {
    let details = try FileDetails(&reader)
    let inode = try reader.varint()
    self.init(details: details, inode: inode, changedNanoseconds: try reader.zigzag())
  }
}

extension StoredCopy {
  /// The longest key of an object, in bytes.
  public static let keyBytesMax = 4_096
  /// The longest name of a backend or of a sealing scope, in bytes.
  public static let nameBytesMax = 4_200

  func encode(into writer: inout ByteWriter) {
    writer.append(bytes: digest.bytes)
    details.encode(into: &writer)
    writer.append(prefixed: key)
    writer.append(prefixed: backend)
    writer.append(sealing == nil ? 0 : 1 as UInt8)
    if let sealing {
      writer.append(prefixed: sealing.scope)
      writer.append(varint: UInt64(sealing.version))
    }
    writer.append(zigzag: verified.microseconds)
  }

  init(_ reader: inout ByteReader) throws(BytesError) {
    let digest = Blake3Digest(trusted: try reader.bytes(Blake3Digest.byteCount))
    let details = try FileDetails(&reader)
    let key = try reader.prefixed(lengthMax: Self.keyBytesMax)
    let backend = try reader.text(lengthMax: Self.nameBytesMax)
    var sealing: SealingKey?
    if try reader.flag() {
      let scope = try reader.text(lengthMax: Self.nameBytesMax)
      sealing = SealingKey(
        scope: scope, version: UInt32(try reader.narrow(UInt64(UInt32.max))))
    }
    self.init(
      digest: digest, details: details, key: key, backend: backend, sealing: sealing,
      verified: WallTime(microseconds: try reader.zigzag()))
  }
}

extension Blake3Digest {
  /// A digest from as many bytes as it has.
  fileprivate init(trusted bytes: [UInt8]) {
    do throws(DigestsError) {
      try self.init(bytes: bytes)
    } catch {
      preconditionFailure("a digest has \(Self.byteCount) bytes: \(error)")
    }
  }
}

extension ByteReader {
  /// Reads a varint that fits into fewer bits.
  fileprivate mutating func narrow(_ max: UInt64) throws(BytesError) -> UInt64 {
    let at = offset
    let value = try varint()
    guard value <= max else { throw .badVarint(offset: at, .tooLarge) }
    return value
  }
}
