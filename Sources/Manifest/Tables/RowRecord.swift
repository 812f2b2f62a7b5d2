// The part of a row that no order needs, as bytes:
//
//   state, then a byte of flags: 1 pinned, 2 deadline, 4 fault, 8 hot copy, 16 stored copy
//   attempts, generation, generation of the write, sequence   varints
//   created, changed                                          zigzag microseconds
//   deadline                                                  zigzag microseconds
//   fault                                                     prefixed
//   hot copy, stored copy                                     as in events
//   CRC-32C over the path and all of the above                4 bytes
//
// The time of the last access is not in it, for it changes without an event.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

enum RowRecord {
  private static let pinned: UInt8 = 1
  private static let deadline: UInt8 = 2
  private static let fault: UInt8 = 4
  private static let hot: UInt8 = 8
  private static let stored: UInt8 = 16
  private static let faultBytesMax = 4 * FileEvent.textBytesMax

  static func encode(_ row: FileRow) -> [UInt8] {
    var writer = ByteWriter(reserving: 256)
    writer.append(row.state.rawValue)
    var flags: UInt8 = row.isPinned ? pinned : 0
    if row.retryAt != nil { flags |= deadline }
    if row.lastFault != nil { flags |= fault }
    if row.hot != nil { flags |= hot }
    if row.stored != nil { flags |= stored }
    writer.append(flags)
    writer.append(varint: UInt64(row.attempts))
    writer.append(varint: row.generation)
    writer.append(varint: row.writtenGeneration)
    writer.append(varint: row.sequence)
    writer.append(zigzag: row.created.microseconds)
    writer.append(zigzag: row.changed.microseconds)
    if let retryAt = row.retryAt { writer.append(zigzag: retryAt.microseconds) }
    if let lastFault = row.lastFault { writer.append(prefixed: lastFault) }
    row.hot?.encode(into: &writer)
    row.stored?.encode(into: &writer)
    writer.append(checksum(row.path.bytes, writer.bytes.span))
    return writer.take()
  }

  /// The row of a path; nil when the bytes are not what was written for it.
  static func decode(_ record: [UInt8], path bytes: [UInt8], accessed: WallTime) -> FileRow? {
    guard record.count > 4 else { return nil }
    let body = record.count - 4
    var end = ByteReader(Array(record[body...]))
    do throws(BytesError) {
      guard try end.uint32() == checksum(bytes, record.span.extracting(0..<body)) else {
        return nil
      }
      let path: FilePath
      do throws(DiskError) { path = try FilePath(bytes: bytes) } catch { return nil }
      var reader = ByteReader(Array(record[..<body]))
      let row = try row(at: path, accessed, &reader)
      try reader.finish()
      return row
    } catch {
      // What is wrong in them does not matter: the row is made again from the log.
      return nil
    }
  }

  private static func row(
    at path: FilePath, _ accessed: WallTime, _ reader: inout ByteReader
  ) throws(BytesError) -> FileRow? {
    guard let state = FileState(rawValue: try reader.uint8()) else { return nil }
    let flags = try reader.uint8()
    let attempts = try reader.varint()
    let generation = try reader.varint()
    let writtenGeneration = try reader.varint()
    let sequence = try reader.varint()
    let created = WallTime(microseconds: try reader.zigzag())
    let changed = WallTime(microseconds: try reader.zigzag())
    var row = FileRow(
      path: path, state: state, hot: nil, stored: nil,
      attempts: UInt32(truncatingIfNeeded: attempts), retryAt: nil, lastFault: nil,
      isPinned: flags & pinned != 0, created: created, changed: changed, accessed: accessed,
      generation: generation, writtenGeneration: writtenGeneration, sequence: sequence)
    if flags & deadline != 0 { row.retryAt = WallTime(microseconds: try reader.zigzag()) }
    if flags & fault != 0 { row.lastFault = try reader.text(lengthMax: faultBytesMax) }
    if flags & hot != 0 { row.hot = try HotCopy(&reader) }
    if flags & stored != 0 { row.stored = try StoredCopy(&reader) }
    return row
  }

  private static func checksum(_ path: [UInt8], _ body: Span<UInt8>) -> UInt32 {
    var crc = Crc32c()
    crc.update(path)
    crc.update(body)
    return crc.value
  }
}
