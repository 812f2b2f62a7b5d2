// How far the log is durable and visible, published to other processes in a file that all map. The
// words are written together under a counter that is odd while they change, so that a reader can
// tell a torn set and read again. They are a hint with one hard promise: an offset is stored only
// after the bytes below it were synced, so what they call durable is durable.
//
//   0  counter, odd while the others change        3  durable offset in it
//   1  first sequence of the active segment        4  last visible sequence
//   2  its generation                              5  counts changes of sealed segments

internal import DurableFiles

/// What the words say.
struct LiveState: Equatable {
  var segment: SegmentName
  var durableOffset: UInt64
  var visible: UInt64
  /// Changes whenever a segment was sealed or compacted, so that readers list the directory anew.
  var epoch: UInt64
}

struct LiveWords: Sendable {
  private static let count = 6
  private static let counter = 0
  private static let visibleWord = 4
  /// How often a torn set is read again before the writer is taken to have died in the middle.
  private static let readsMax = 1_000

  private let words: any SharedWords

  /// Maps the words for writing, making them as needed.
  static func writing(on disk: any Disk) throws(StoreError) -> LiveWords {
    do throws(DiskError) {
      return LiveWords(
        words: try disk.sharedWords(StoreNames.words, count: count, writing: true))
    } catch {
      throw StoreError(error)
    }
  }

  /// Maps the words for reading; nil when no writer ever published any.
  static func reading(on disk: any Disk) throws(StoreError) -> LiveWords? {
    do throws(DiskError) {
      guard try disk.status(at: StoreNames.words) != nil else { return nil }
      return LiveWords(
        words: try disk.sharedWords(StoreNames.words, count: count, writing: false))
    } catch .absent, .endsEarly {
      return nil
    } catch {
      throw StoreError(error)
    }
  }

  /// Publishes a state and wakes the readers that wait for one.
  func publish(_ state: LiveState) {
    let odd = words.load(Self.counter) | 1
    words.store(odd, at: Self.counter)
    words.store(state.segment.first, at: 1)
    words.store(UInt64(state.segment.generation), at: 2)
    words.store(state.durableOffset, at: 3)
    words.store(state.visible, at: Self.visibleWord)
    words.store(state.epoch, at: 5)
    words.store(odd &+ 1, at: Self.counter)
  }

  /// The newest whole state; nil when there is none.
  func read() -> LiveState? {
    for _ in 0..<Self.readsMax {
      let before = words.load(Self.counter)
      guard before & 1 == 0, before > 0 else { continue }
      let state = LiveState(
        segment: SegmentName(
          first: words.load(1), generation: UInt32(truncatingIfNeeded: words.load(2))),
        durableOffset: words.load(3), visible: words.load(Self.visibleWord), epoch: words.load(5))
      if words.load(Self.counter) == before { return state }
    }
    return nil
  }

  /// Sleeps while nothing was published since `counter`; returns the counter then.
  func wait(since counter: UInt64, timeout: Duration) -> UInt64 {
    words.wait(Self.counter, while: counter, timeout: timeout)
  }

  /// Grows with every state that is published.
  var version: UInt64 { words.load(Self.counter) }
}
