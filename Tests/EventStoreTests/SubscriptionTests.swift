// What subscriptions promise: catching up and live feed join without a gap or a duplicate, what is
// lost is told exactly, and nobody who appends ever waits for one.

import Ambient
import DurableFiles
import EventStore
import ScratchFiles
import Synchronization
import Testing

@Suite struct SubscriptionTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private let region = Region(entityPrefix: "file")

  /// Takes events until one says that it is the last.
  private func drain(_ subscription: Subscription) -> [Event] {
    var events: [Event] = []
    while case .event(let event)? = subscription.next(timeout: .seconds(60)) {
      if event.bytes == Array("last".utf8) { return events }
      events.append(event)
    }
    return events
  }

  @Test(arguments: [false, true])
  func `the seam between what was there and what comes has no gap and no duplicate`(
    _ inAnotherProcess: Bool
  ) throws {
    let store = try EventStore.open(on: scratch.disk)
    for number in 0..<50 { try store.append(.of("file:\(number)", "before")) }
    let reader =
      inAnotherProcess
      ? try EventReader.open(on: try PosixDisk(root: scratch.path("."), readOnly: true))
      : store.reader
    let subscription = try reader.subscribe(to: region, from: .after(0))
    let appenders = 4
    Worker.each(appenders + 1, named: "seam") { index in
      guard index < appenders else {
        let events = drain(subscription)
        let sequences = events.map(\.header.sequence)
        #expect(events.count == 50 + appenders * 60)
        #expect(zip(sequences, sequences.dropFirst()).allSatisfy { $0 < $1 })
        for appender in 0..<appenders {
          let own = events.filter { $0.header.coordinate.entity == "file:a\(appender)" }
          #expect(own.map(\.header.streamSequence) == Array(1...60))
        }
        return
      }
      do {
        for number in 0..<60 { try store.append(.of("file:a\(index)", "\(number)")) }
        // The appender that is last of all appends the end, and knows it by the count.
        let done = try store.append(.of("count", "")).header.streamSequence
        if done == UInt64(appenders) { try store.append(.of("file:end", "last")) }
      } catch {
        Issue.record("\(error)")
      }
    }
    try store.close()
  }

  @Test func `a slow subscriber is told exactly what it lost, and goes on behind it`() throws {
    let store = try EventStore.open(on: scratch.disk)
    let subscription = try store.reader.subscribe(from: .now, backlogEventsMax: 10)
    let first = try store.append(.of("file:1", "first")).sequence
    #expect(subscription.next()?.sequence == first)
    for number in 0..<11 { try store.append(.of("file:1", "\(number)")) }
    #expect(subscription.next() == .lost(from: first + 1, to: first + 11))
    #expect(subscription.next(timeout: .zero) == nil)
    for number in 0..<10 { try store.append(.of("file:1", "\(number)")) }
    for offset in 12...21 as ClosedRange<UInt64> {
      #expect(subscription.next()?.sequence == first + offset)
    }
    #expect(subscription.next(timeout: .zero) == nil)
    try store.close()
  }

  @Test func `one that catches up loses nothing, however far behind it is`() throws {
    let store = try EventStore.open(on: scratch.disk)
    for number in 0..<600 { try store.append(.of("file:1", "\(number)")) }
    let subscription = try store.reader.subscribe(
      to: region, from: .after(0), backlogEventsMax: 1)
    for number in 0..<600 {
      guard case .event(let event)? = subscription.next() else {
        return #expect(Bool(false), "event \(number) was not told")
      }
      #expect(event.bytes == Array("\(number)".utf8))
    }
    try store.close()
  }

  @Test func `a batch is told whole, or lost whole`() throws {
    let store = try EventStore.open(on: scratch.disk)
    let subscription = try store.reader.subscribe(from: .now, backlogEventsMax: 8)
    let batch = (0..<6).map { NewEvent.of("file:\($0)", "member") }
    let first = try store.append(batch: batch)[0].sequence
    #expect(subscription.next()?.sequence == first)
    for _ in 0..<3 { _ = try store.append(batch: batch) }
    for offset in 1...5 as ClosedRange<UInt64> {
      #expect(subscription.next()?.sequence == first + offset)
    }
    #expect(subscription.next() == .lost(from: first + 6, to: first + 23))
    try store.close()
  }

  @Test func `the members of a fence are told together, or never`() throws {
    let store = try EventStore.open(on: scratch.disk, .still)
    let subscription = try store.reader.subscribe(to: region, from: .now)
    let fence = try store.openFence()
    try fence.append(.of("file:1", "a"))
    try store.append(.of("file:2", "beside"))
    try fence.append(.of("file:1", "b"))
    #expect(subscription.next(timeout: .zero) == nil)
    try fence.commit()
    let cancelled = try store.openFence()
    try cancelled.append(.of("file:1", "never"))
    try cancelled.cancel()
    try store.append(.of("file:1", "last"))
    #expect(
      drain(subscription).map { String(decoding: $0.bytes ?? [], as: UTF8.self) }
        == ["a", "beside", "b"])
    try store.close()
  }

  @Test func `a fence that ends beside an open one stays hidden with it`() throws {
    let store = try EventStore.open(on: scratch.disk, .still)
    let first = try store.openFence()
    let second = try store.openFence()
    let start = try first.append(.of("file:1", "a1")).sequence
    try second.append(.of("file:2", "b1"))
    try first.append(.of("file:1", "a2"))
    try first.commit()
    // Only up to the second fence's first member could be shown, which is half of the first fence.
    #expect(try store.reader.lastSequence == start - 1)
    let other = try EventReader.open(on: try PosixDisk(root: scratch.path("."), readOnly: true))
    #expect(try other.lastSequence == start - 1)
    #expect(throws: StoreError.timedOut) {
      try store.wait(for: .visible, until: start, timeout: .zero)
    }
    try second.commit()
    #expect(try store.reader.lastSequence == start + 4)
    #expect(try other.events(in: region).events.count == 3)
    try store.close()
  }

  @Test func `fences one behind another cannot hide the log for ever`() throws {
    let clock = ManualClock()
    var options = StoreOptions()
    options.monotonicClock = clock.monotonic
    options.maintenance = .inline
    let store = try EventStore.open(on: scratch.disk, options)
    var last = try store.openFence()
    try last.append(.of("file:1", "0"))
    var refused = false
    for number in 1...20 where !refused {
      clock.advance(by: .milliseconds(300))
      do throws(StoreError) {
        let next = try store.openFence()
        try next.append(.of("file:1", "\(number)"))
        try last.commit()
        last = next
      } catch {
        refused = true
      }
    }
    #expect(refused)
    try last.commit()
    #expect(try store.reader.lastSequence == store.watermarks.durable)
    _ = try store.openFence()
    try store.close()
  }

  @Test func `ends are told by their reason, again and again`() throws {
    let store = try EventStore.open(on: scratch.disk)
    let cancelled = try store.reader.subscribe(from: .now)
    let closed = try store.reader.subscribe(to: region, from: .now)
    Worker.each(2, named: "ends") { index in
      if index == 0 {
        #expect(cancelled.next() == .ended(.cancelled))
      } else {
        cancelled.cancel()
      }
    }
    try store.append(.of("file:1", "told before the end"))
    try store.close()
    guard case .event? = closed.next() else { return #expect(Bool(false)) }
    #expect(closed.next() == .ended(.closed))
    #expect(closed.next() == .ended(.closed))
    #expect(cancelled.next() == .ended(.cancelled))
  }

  @Test func `a follower in another process goes on with the next writer`() throws {
    var store = try EventStore.open(on: scratch.disk)
    let reader = try EventReader.open(on: try PosixDisk(root: scratch.path("."), readOnly: true))
    let subscription = try reader.subscribe(to: region, from: .after(0))
    try store.append(.of("file:1", "a"))
    #expect(subscription.next()?.sequence == 2)
    try store.close()
    #expect(subscription.next(timeout: .milliseconds(1)) == nil)
    store = try EventStore.open(on: scratch.disk)
    let receipt = try store.append(.of("file:1", "b"))
    #expect(subscription.next(timeout: .seconds(60))?.sequence == receipt.sequence)
    try store.close()
  }
}

extension SubscriptionItem {
  fileprivate var sequence: UInt64? {
    if case .event(let event) = self { event.header.sequence } else { nil }
  }
}
