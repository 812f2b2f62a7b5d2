// How far the log is durable and visible, published to other processes in a file that all map. The
// words are written together under a counter that is odd while they change, so that a reader can
// tell a torn set and read again. They are a hint with one hard promise: an offset is stored only
// after the bytes below it were synced, so what they call durable is durable.
//
//   0  counter, odd while the others change        3  durable offset in it
//   1  first sequence of the active segment        4  last visible sequence
//   2  its generation                              5  counts changes of sealed segments
//   6  the start of the machine that they are of
//   7  a check over words 1 to 6
//
// The counter is 0 before the first is published and after the writer has ended in order.
// What a power cut leaves of them may be old, or a part of them: the first is still true of what is
// durable, and says nothing of what may be seen; the check tells the second.

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
  private static let count = 8
  private static let counter = 0
  private static let visibleWord = 4
  private static let startWord = 6
  private static let checkWord = 7
  /// How often a torn set is read again before the writer is taken to have died in the middle.
  private static let readsMax = 1_000

  private let words: any SharedWords
  private let machineStart: UInt64

  /// Maps the words for writing, making them as needed.
  static func writing(on disk: any Disk) throws(StoreError) -> LiveWords {
    do throws(DiskError) {
      return LiveWords(
        words: try disk.sharedWords(StoreNames.words, count: count, writing: true),
        machineStart: disk.machineStart)
    } catch {
      throw StoreError(error)
    }
  }

  /// Maps the words for reading; nil when no writer ever published any.
  static func reading(on disk: any Disk) throws(StoreError) -> LiveWords? {
    do throws(DiskError) {
      guard try disk.status(at: StoreNames.words) != nil else { return nil }
      return LiveWords(
        words: try disk.sharedWords(StoreNames.words, count: count, writing: false),
        machineStart: disk.machineStart)
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
    words.store(machineStart, at: Self.startWord)
    words.store(Self.check(state, machineStart), at: Self.checkWord)
    words.store(odd &+ 1, at: Self.counter)
  }

  /// Tells those who have the words mapped that nobody will publish in them any more.
  func retire() {
    words.store(0, at: Self.counter)
  }

  /// Whether there is anything in them: a writer has published, and has not ended in order since.
  var isPublished: Bool { words.load(Self.counter) > 0 }

  /// The newest whole state; nil when there is none, or none of this start of the machine.
  func read() -> LiveState? {
    guard let found = readAny(), found.start == machineStart else { return nil }
    return found.state
  }

  /// What was durable at some time, also before the machine was started anew.
  func readDurable() -> LiveState? { readAny()?.state }

  private func readAny() -> (state: LiveState, start: UInt64)? {
    for _ in 0..<Self.readsMax {
      let before = words.load(Self.counter)
      if before == 0 { return nil }
      guard before & 1 == 0 else { continue }
      let state = LiveState(
        segment: SegmentName(
          first: words.load(1), generation: UInt32(truncatingIfNeeded: words.load(2))),
        durableOffset: words.load(3), visible: words.load(Self.visibleWord), epoch: words.load(5))
      let (start, check) = (words.load(Self.startWord), words.load(Self.checkWord))
      guard words.load(Self.counter) == before else { continue }
      return check == Self.check(state, start) ? (state, start) : nil
    }
    return nil
  }

  /// What tells a whole state from parts of several, or of none.
  private static func check(_ state: LiveState, _ start: UInt64) -> UInt64 {
    let values = [
      state.segment.first, UInt64(state.segment.generation), state.durableOffset, state.visible,
      state.epoch, start,
    ]
    return values.reduce(0x9E37_79B9_7F4A_7C15) { check, value in
      let mixed = (check ^ value) &* 0xD6E8_FEB8_6659_FD93
      return mixed ^ mixed >> 32
    }
  }

  /// Sleeps while nothing was published since `counter`; returns the counter then.
  func wait(since counter: UInt64, timeout: Duration) -> UInt64 {
    words.wait(Self.counter, while: counter, timeout: timeout)
  }

  /// Grows with every state that is published.
  var version: UInt64 { words.load(Self.counter) }
}
