// A live feed of a region, read from the log itself. A subscription keeps a position and nothing else:
// what it has not taken yet is in the log, so it costs the writer nothing, and the seam between what
// was there before and what comes is no place at all.
//
//   catching up ──level with the log──▶ live ──more than backlogMax behind──▶ told what it lost, live
//        └─ never loses anything           └──▶ ended: closed, cancelled or failed, told once more
//                                               each time it is asked
//
// It goes in rounds: a round takes everything up to what was visible when it began, and only between
// rounds is anything given up. `visible` never falls inside a batch or a fence, so either is told
// whole or not at all.

internal import Ambient
internal import Synchronization

/// Why a subscription tells nothing more.
public enum SubscriptionEnd: Hashable, Sendable {
  /// The store was closed, and everything was told.
  case closed
  /// Somebody cancelled the subscription.
  case cancelled
  /// The log could not be read, or takes no more events.
  case failed(String)
}

/// What a subscription tells.
public enum SubscriptionItem: Hashable, Sendable {
  case event(Event)
  /// The subscriber was too slow: of these sequences, both ends included, nothing is told.
  case lost(from: UInt64, to: UInt64)
  case ended(SubscriptionEnd)
}

/// Where a subscription begins.
public enum SubscriptionStart: Hashable, Sendable {
  /// Behind this sequence; 0 begins with the first event.
  case after(UInt64)
  /// Behind whatever is visible when it is made.
  case now
}

/// A live feed of a region. One thread asks for the next item; any thread may cancel.
public final class Subscription: Sendable {
  /// The most that a live subscription may be behind before it gives up what it missed, in events
  /// of the whole log, and the least and most that may be asked for.
  public static let backlogEventsDefault = 65_536
  public static let backlogEventsBounds = 1...16_777_216
  /// How many events are read at once.
  private static let pageEvents = 256

  private struct State {
    /// Everything up to here was told, or is not in the region.
    var position: UInt64
    /// Where the round ends.
    var roundEnd: UInt64
    var isLive: Bool
    /// What was read and not told, the next last.
    var ready: [Event] = []
    var end: SubscriptionEnd?
  }

  public let region: Region
  public let backlogEventsMax: Int
  private let reader: EventReader
  private let cancellation = Cancellation()
  private let state: Mutex<State>

  init(_ reader: EventReader, _ region: Region, _ start: SubscriptionStart, _ backlogEventsMax: Int)
    throws(StoreError)
  {
    self.reader = reader
    self.region = region
    let bounds = Self.backlogEventsBounds
    self.backlogEventsMax = min(max(backlogEventsMax, bounds.lowerBound), bounds.upperBound)
    let position: UInt64
    switch start {
    case .after(let sequence): position = sequence
    case .now: position = try reader.lastSequence
    }
    state = Mutex(State(position: position, roundEnd: position, isLive: start == .now))
  }

  /// The next item; waits for one, and returns nil only when `timeout` passed first.
  ///
  /// After the end was told it is told again.
  public func next(timeout: Duration? = nil) -> SubscriptionItem? {
    let clock = MonotonicClock.live
    let deadline = timeout.map { clock.now() + $0 }
    // One thread asks, so what is taken out here nobody else changes meanwhile; the events leave
    // with it, so that taking one does not copy the rest.
    var mine = state.withLock { state in
      defer { state.ready = [] }
      return state
    }
    defer { state.withLock { [mine] state in state = mine } }
    do throws(StoreError) {
      while mine.end == nil {
        if cancellation.isCancelled {
          mine.end = .cancelled
        } else if let event = mine.ready.popLast() {
          return .event(event)
        } else if mine.position < mine.roundEnd {
          try read(&mine)
        } else if let lost = try beginRound(&mine) {
          return lost
        } else if mine.position == mine.roundEnd {
          let left = deadline.map { $0 - clock.now() }
          if let left, left <= .zero { return nil }
          try reader.wait(after: mine.roundEnd, timeout: left, until: cancellation)
        }
      }
    } catch .closed {
      mine.end = .closed
    } catch {
      mine.end = .failed("\(error)")
    }
    return mine.end.map { .ended($0) }
  }

  /// Ends the subscription, and the wait of whoever asks it; in another process than the writer's
  /// within a second.
  public func cancel() {
    cancellation.cancel()
  }

  /// Looks how far the log has come; returns what a live subscriber that fell behind has lost.
  private func beginRound(_ mine: inout State) throws(StoreError) -> SubscriptionItem? {
    let visible = try reader.lastSequence
    guard visible > mine.roundEnd else { return nil }
    let behind = visible - mine.roundEnd
    let first = mine.roundEnd + 1
    mine.roundEnd = visible
    if behind <= UInt64(backlogEventsMax) {
      mine.isLive = true
    } else if mine.isLive {
      mine.position = visible
      return .lost(from: first, to: visible)
    }
    return nil
  }

  /// Reads the next events of the round.
  private func read(_ mine: inout State) throws(StoreError) {
    var part = region
    let low = region.sequences?.lowerBound ?? 1
    let high = min(region.sequences?.upperBound ?? .max, mine.roundEnd)
    guard low <= high, mine.position < high else {
      mine.position = mine.roundEnd
      return
    }
    part.sequences = low...high
    let page = try reader.events(in: part, after: mine.position, limit: Self.pageEvents)
    mine.ready = page.events.reversed()
    mine.position = page.isEnd ? mine.roundEnd : page.position
  }
}

extension EventReader {
  /// Feeds a region as it grows, from a place in the log on. One that begins in the past catches up
  /// without loss and then is live; live, it is told what it lost whenever it is more than
  /// `backlogEventsMax` events behind.
  public func subscribe(
    to region: Region = .everything, from start: SubscriptionStart,
    backlogEventsMax: Int = Subscription.backlogEventsDefault
  ) throws(StoreError) -> Subscription {
    try Subscription(self, region, start, backlogEventsMax)
  }
}
