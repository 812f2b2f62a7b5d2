// The hands that do a workload side by side, each with a share of it that no other touches. They go as fast
// as they can until their files are there, and at a steady pace then.

import Ambient
import DurableFiles

/// Does a workload on threads of its own.
final class WorkCrew: Sendable {
  /// How many hands there are.
  static let hands = 4
  /// How long a hand rests between two chores once its files are there.
  static let restingTime = Duration.milliseconds(70)
  /// How long a hand rests behind a refusal, so that a fault is not met ten thousand times.
  static let refusedPause = Duration.milliseconds(250)

  private let shares: [Monitor<Workload>]
  private let hand: ServerHand
  private let cancellation = Cancellation()
  private let running = Monitor(0)
  private let entropy: Entropy

  /// `files` are shared out among the hands; `entropy` makes their rests uneven.
  init(seed: UInt64, files: Int, hand: ServerHand) {
    self.hand = hand
    entropy = .seeded(seed)
    shares = (0..<Self.hands).map { share in
      let own = max(1, files / Self.hands + (share < files % Self.hands ? 1 : 0))
      return Monitor(Workload(seed: seed, share: share, files: own))
    }
  }

  /// Starts the hands.
  func start() {
    running.change { $0 = shares.count }
    for number in shares.indices {
      Worker("server-\(number)") { [self] in
        while !cancellation.isCancelled { work(number) }
        running.change { $0 -= 1 }
      }.detach()
    }
  }

  /// Stops them behind what they are at, and returns when they have.
  func stop() {
    cancellation.cancel()
    _ = running.wait { $0 == 0 ? true : nil }
  }

  private func work(_ number: Int) {
    let (chore, isFull) = shares[number].withLock { share in (share.next(), share.isFull) }
    let upshot = hand.perform(chore)
    shares[number].withLock { $0.note(upshot, of: chore) }
    if case .refused = upshot { _ = hand.pause.wait(Self.refusedPause, cancellation) }
    guard isFull else { return }
    // Between half of it and one and a half, or all hands would move at once.
    let share = Double(entropy.word() >> 11) * 0x1p-53
    _ = hand.pause.wait(Self.restingTime * (0.5 + share), cancellation)
  }

  /// What all hands have done so far.
  var chores: ChoreCounts { books.reduce(ChoreCounts()) { $0 + $1.chores } }

  /// The books of all hands.
  var books: [Book] { shares.map { share in share.withLock { $0.book } } }

  /// Whether all files are there.
  var isFull: Bool { shares.allSatisfy { share in share.withLock { $0.isFull } } }

  /// Notes in the book of whoever has the file that its stored copy was damaged.
  func noteDamage(of path: FilePath) {
    owner(of: path)?.withLock { $0.noteDamage(of: path) }
  }

  /// Has a file read besides what is decided, and takes down what came of it.
  func read(_ path: FilePath) {
    guard let owner = owner(of: path), let edition = owner.withLock({ $0.book.standing[path] })
    else { return }
    // Whoever has the file may write it at this moment, so only a refusal says something.
    if case .refused(let code) = hand.perform(.read(path, edition)) {
      owner.withLock { $0.note(.refused(code), of: .read(path, edition)) }
    }
  }

  private func owner(of path: FilePath) -> Monitor<Workload>? {
    shares.first { share in share.withLock { $0.book.standing[path] != nil } }
  }

  /// Does what is still owed; nothing more may be under way.
  func settle() {
    for number in shares.indices {
      let owed = shares[number].withLock { $0.book.owed }
      for path in owed {
        let upshot = hand.perform(.delete(path))
        shares[number].withLock { $0.note(upshot, of: .delete(path)) }
      }
    }
  }

  /// Reads one file back.
  func readBack(_ path: FilePath, _ edition: Edition) -> Upshot {
    hand.perform(.read(path, edition))
  }
}
