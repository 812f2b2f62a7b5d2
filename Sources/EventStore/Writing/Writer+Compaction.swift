// What compaction asks of the writer, which appends meanwhile: that the active segment be sealed, and
// that new segments take the place of old ones in what readers see. Both are short; the long work is
// done by whoever compacts, outside of every lock.

internal import Ambient
internal import DurableFiles
internal import Synchronization

extension Writer {
  /// Seals the active segment, unless it is empty or a fence is open; what is being committed is
  /// committed first. A segment whose sealing fails stays as it is.
  func sealActive() throws(StoreError) {
    while true {
      let turn = try state.withLock { (state) throws(StoreError) -> (leads: Bool, UInt64) in
        if let stopped = state.stopped { throw stopped }
        defer { state.leading = true }
        return (!state.leading, state.preparation.position.sequence)
      }
      if turn.leads { break }
      try board.wait(for: .durable, until: turn.1, timeout: nil)
    }
    let isFenced = state.withLock { !$0.preparation.fences.isEmpty }
    let now = options.wallClock.now()
    let failure = line.withLock { line -> CommitFailure? in
      guard !isFenced, line.used > UInt64(SegmentHeader.count) else { return nil }
      do throws(CommitFailure) {
        line = try publisher.roll(line, at: now)
        publisher.publish(line, visible: catalog.current.visible)
        return nil
      } catch {
        return error
      }
    }
    guard let failure else {
      stepDown()
      return publisher.sealer.drain()
    }
    guard case .notWritten(let error) = failure else { throw fail(failure, CommitGroup()) }
    stepDown()
    throw error
  }

  /// Puts one segment in the place of those it was made from, and has other processes look anew.
  func replace(_ sources: [Segment], with segment: Segment) {
    catalog.change { catalog in
      guard let low = catalog.segments.firstIndex(where: { $0 === sources[0] }) else {
        preconditionFailure("what is compacted stays in the catalog until it is replaced")
      }
      catalog.segments.replaceSubrange(low..<low + sources.count, with: [segment])
      let replaced = segment.firstSequence...segment.lastSequence
      catalog.heads.removeAll { $0.run.sequences.overlaps(replaced) }
    }
    publisher.heads.tend(catalog)
    line.withLock { line in
      publisher.noteChange()
      publisher.publish(line, visible: catalog.current.visible)
    }
  }
}
