// Makes a table of heads out of sealed segments, or of smaller tables that lie side by side. Rows are
// written as they come, so that a table of any size takes the memory of one bucket for each table that
// it is made of. The file takes its name when it is whole and durable: a crash before leaves a
// temporary file, which is removed when tables are next tended.

internal import Ambient
internal import Bytes
internal import Digests
internal import DurableFiles

struct HeadTableWriter {
  let path: FilePath
  let disk: any Disk
  let entropy: Entropy
  /// Asked now and then; the table is given up when it says so.
  var isStopping: @Sendable () -> Bool = { false }

  /// How many rows a bucket has on the average: so few that one in millions has too many.
  private static let rowsOfBucket: UInt64 = 256
  /// How often more buckets are tried when one has too many rows.
  private static let triesMax = 8
  /// How many bytes are written at once.
  private static let pieceBytes = 1 << 20

  /// Writes the table of a run out of its sources.
  func write(_ run: HeadRun, _ sources: [HeadRowSource]) throws(StoreError) {
    var rows: UInt64 = 0
    var merge = try reading { () throws(FormatFault) in try HeadRowMerge(sources) }
    while try reading({ () throws(FormatFault) in try merge.next() }) != nil {
      rows += 1
      if rows.isMultiple(of: Self.rowsOfBucket), isStopping() { throw .closed }
    }
    var buckets = UInt32(clamping: rows / Self.rowsOfBucket + 1)
    for _ in 0..<Self.triesMax {
      if try put(HeadTableHead(run, rows: rows, buckets: buckets), sources) { return }
      buckets += buckets / 4 + 1
    }
    throw FormatFault("cannot be made: the keys of too many streams are near").at(path)
  }

  /// Writes the file; false, and nothing is there, when a bucket has no room for its rows.
  private func put(
    _ head: HeadTableHead, _ sources: [HeadRowSource]
  ) throws(StoreError) -> Bool {
    var file: AtomicReplace
    do throws(DiskError) {
      file = try AtomicReplace(path, mode: 0o600, on: disk, entropy: entropy)
    } catch {
      throw StoreError(error)
    }
    var piece = ByteWriter(continuing: head.encode())
    var merge = try reading { () throws(FormatFault) in try HeadRowMerge(sources) }
    var row = try reading { () throws(FormatFault) in try merge.next() }
    for bucket in 0..<Int(head.buckets) {
      if isStopping() { throw .closed }
      let start = piece.count
      var count = 0
      piece.append(0 as UInt32)
      while let next = row, HeadTable.bucket(of: next.key, among: head.buckets) == bucket {
        guard count < HeadTable.rowsMax else { return false }
        piece.append(next.key)
        piece.append(next.segment)
        count += 1
        row = try reading { () throws(FormatFault) in try merge.next() }
      }
      piece.append(repeating: 0, count: start + HeadTable.blockBytes - piece.count)
      piece.set(UInt32(count), at: start)
      let checksum = HeadTable.checksum(
        piece.bytes.span.extracting(start..<start + HeadTable.blockBytes), of: bucket)
      piece.set(checksum, at: start + HeadTable.blockBytes - 4)
      guard piece.count >= Self.pieceBytes || bucket + 1 == head.buckets else { continue }
      do throws(DiskError) { try file.append(piece.bytes) } catch { throw StoreError(error) }
      piece.removeAll()
    }
    do throws(DiskError) { try file.commit(replacing: true) } catch { throw StoreError(error) }
    return true
  }

  private func reading<Result>(
    _ body: () throws(FormatFault) -> Result
  ) throws(StoreError) -> Result {
    do throws(FormatFault) { return try body() } catch { throw error.at(path) }
  }
}
