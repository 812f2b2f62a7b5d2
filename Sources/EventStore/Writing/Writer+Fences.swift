// Fences: events that become visible together or never. Members are appended like any other event,
// durable at once and hidden until the fence's record; `visible` stops below the first member of the
// oldest open fence, and of any that ended beside it. A fence that stays open too long is cancelled,
// and none is opened while the log has been hidden for that long, so that nobody can hide it.

internal import Ambient
internal import Synchronization

extension Writer {
  /// Opens a fence and returns what names it for this writer.
  func openFence() throws(StoreError) -> Int {
    let now = options.monotonicClock.now()
    schedule(now + EventStoreLimits.fenceDurationMax)
    return try state.withLock { (state) throws(StoreError) in
      if let stopped = state.stopped { throw stopped }
      if let since = state.hiddenSince, now - since >= EventStoreLimits.fenceDurationMax {
        throw .fence("has to wait until those before it have ended")
      }
      state.nextFence += 1
      state.preparation.fences[state.nextFence] = OpenFence(opened: now)
      return state.nextFence
    }
  }

  /// Refuses a member that the fence has no room or no time for.
  func checkFence(_ state: State, _ fence: Int, adding count: Int) throws(StoreError) {
    guard let open = state.preparation.fences[fence], open.ending == nil else {
      throw .fence("is closed")
    }
    guard open.members.count + count <= EventStoreLimits.fenceEventsMax else {
      throw .fence("holds \(EventStoreLimits.fenceEventsMax) events already")
    }
  }

  /// Ends a fence: its members become visible, or never do. Returns when that is durable.
  func endFence(_ fence: Int, cancels: Bool) throws(StoreError) {
    let now = options.wallClock.now()
    let waiter = Waiter()
    let leads = try state.withLock { (state) throws(StoreError) -> Bool? in
      if let stopped = state.stopped { throw stopped }
      guard let open = state.preparation.fences[fence], open.ending == nil else {
        throw .fence("is closed")
      }
      guard let first = open.first else {
        state.preparation.fences[fence] = nil
        return nil
      }
      let record = SystemRecord.fence(first, cancels: cancels)
      let appended = try state.preparation.prepare(
        PreparationRequest(record), catalog: catalog.current, now: now, signs: key != nil)
      state.preparation.fences[fence]?.ending = (state.preparation.position.sequence, cancels)
      state.preparation.group.waiters.append((waiter, appended))
      if state.leading { return false }
      state.leading = true
      return true
    }
    guard let leads else { return }
    _ = leads ? try lead(waiter) : try outcome(of: waiter)
  }

  /// Cancels every fence that is open.
  func cancelFences() throws(StoreError) {
    let open = state.withLock { $0.preparation.fences.filter { $0.value.ending == nil }.keys }
    for fence in open.sorted() { try endFence(fence, cancels: true) }
  }

  /// Cancels the fences that a writer before this one left open, given their members.
  ///
  /// All of them are open to begin with, or the end of the first would show members of the next.
  func cancelLeftFences(_ left: [UInt64: [UInt64]]) throws(StoreError) {
    let now = options.monotonicClock.now()
    state.withLock { state in
      for (first, members) in left.sorted(by: { $0.key < $1.key }) {
        state.nextFence += 1
        state.preparation.fences[state.nextFence] = OpenFence(
          first: first, members: members, opened: now)
      }
    }
    try cancelFences()
  }
}

extension Writer.State {
  /// Notes the fences that were committed by what is durable up to a sequence; those that are open
  /// beside them keep them hidden.
  mutating func hideEndedFences(upTo last: UInt64) {
    for fence in preparation.fences.values {
      guard let first = fence.first, let ending = fence.ending, !ending.cancels,
        ending.sequence <= last
      else { continue }
      hidden.commit(first, by: ending.sequence)
    }
  }

  /// How far the log may be seen when it is durable up to a sequence.
  mutating func visible(upTo last: UInt64, at now: MonotonicTime) -> UInt64 {
    let visible = hidden.visible(
      upTo: last, openAt: preparation.fences.values.compactMap(\.first).filter { $0 <= last })
    hiddenSince = visible == last ? nil : hiddenSince ?? now
    return visible
  }
}
