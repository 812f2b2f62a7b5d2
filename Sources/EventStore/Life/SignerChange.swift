// A segment's header names the one key that signs in it. So a store that is opened with another key,
// or without one, begins a new segment before anything is appended. The new segment is made first, as
// always; a crash between leaves a full segment without its footer, which the next open makes.

internal import Ambient
internal import Digests

extension SegmentFiles {
  /// The log with an active segment that is this key's to sign.
  func handedOver(_ log: OpenedLog, at time: WallTime) throws(StoreError) -> OpenedLog {
    let active = log.active
    guard active.header.signer != key?.publicKey else { return log }
    // The members of a fence and its end stay in one segment.
    guard log.scan.openFences.isEmpty else {
      throw .signing(
        "a crash left a fence open that was signed with another key; open the store once with that key"
      )
    }
    let before = Catalog(segments: log.segments, visible: 0)
    let tables = try LogPublisher.completeTables(of: active, self, before)
    let accumulator = tables.accumulator
    let name = SegmentName(first: accumulator.count + 1, generation: 0)
    let next = try make(name, after: accumulator, at: time)
    var log = log
    log.segments.removeLast()
    if accumulator.count >= active.name.first { log.segments.append(try seal(active, tables)) }
    log.segments.append(next)
    log.scan = TailScan(
      tables: IndexTables(segment: name, accumulator: accumulator), torn: nil, openFences: [:],
      hidden: log.scan.hidden)
    return log
  }
}
