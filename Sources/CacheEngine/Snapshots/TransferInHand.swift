// One transfer that is under way, as whoever looks sees it: the thread that moves the bytes says how far
// it is, and nobody waits for it to say so.

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import Synchronization
internal import Telemetry
internal import Views

/// A transfer under way.
final class TransferInHand: Sendable {
  let path: FilePath
  let since: WallTime
  let cancellation = Cancellation()
  private let flow: TransferFlow
  private let bytesDone = Atomic<UInt64>(0)
  private let bytes = Atomic<UInt64>(0)
  private let attempt = Atomic<Int>(1)

  init(_ path: FilePath, since: WallTime, _ flow: TransferFlow) {
    self.path = path
    self.since = since
    self.flow = flow
  }

  /// Says how much there is to move, and for which time it is tried.
  func begin(bytes: UInt64, attempt: Int = 1) {
    self.bytes.store(bytes, ordering: .relaxed)
    self.attempt.store(attempt, ordering: .relaxed)
    flow.news.note()
  }

  /// Says how much was moved. The number falls when a part is sent again, and nothing flows then.
  func note(_ done: UInt64) {
    let before = bytesDone.exchange(done, ordering: .relaxed)
    if done > before { flow.moved(done - before) }
  }

  /// Says that all of it was moved.
  func complete() { note(bytes.load(ordering: .relaxed)) }

  var done: UInt64 { bytesDone.load(ordering: .relaxed) }

  /// The transfer as it is shown; `waiting` is how many wait for it.
  func view(waiting: Int = 0) -> TransferView {
    TransferView(
      path: escaped(path.bytes), bytesDone: done, bytes: bytes.load(ordering: .relaxed),
      since: since, attempt: attempt.load(ordering: .relaxed), waiting: waiting)
  }
}

/// What all transfers of one direction have in common: how fast they are.
struct TransferFlow: Sendable {
  /// Bytes of each of the last seconds, and files.
  let bytes: RecentRate
  let files: RecentRate
  let news: EngineNews
  private let clock: MonotonicClock

  init(_ news: EngineNews, clock: MonotonicClock) {
    self.news = news
    self.clock = clock
    bytes = RecentRate(at: clock.now())
    files = RecentRate(at: clock.now())
  }

  func moved(_ count: UInt64) {
    bytes.add(count, at: clock.now())
    news.note()
  }

  /// One more file is through.
  func ended() { files.add(1, at: clock.now()) }

  /// The bytes of the last seconds.
  var rate: RateView { RateView(bytesPerSecond: bytes.perSecond(at: clock.now())) }

  /// Whether anything moved in the last seconds.
  var moves: Bool { bytes.perSecond(at: clock.now()).contains { $0 > 0 } }

  /// How long so much takes at the pace of the last seconds; nil when nothing moved.
  func duration(of left: Tally) -> Duration? {
    if left.files == 0 { return .zero }
    let now = clock.now()
    return [
      Self.duration(of: left.bytes, bytes.perSecond(at: now)),
      Self.duration(of: left.files, files.perSecond(at: now)),
    ].compactMap { $0 }.max()
  }

  /// Over how many seconds a pace is taken: long enough for it to be steady.
  private static let paceSeconds = 30

  private static func duration(of left: UInt64, _ perSecond: [UInt64]) -> Duration? {
    let last = perSecond.suffix(paceSeconds)
    let moved = last.reduce(0, +)
    guard moved > 0 else { return nil }
    return .milliseconds(Int64(Double(left) * Double(last.count) / Double(moved) * 1_000))
  }
}
