// When a frame may be sent, and how long the line takes. Every frame ends with a question that the
// terminal answers once it has read so far (ECMA-48 DSR: ESC [ 5 n, answered ESC [ 0 n), so nothing
// piles up in buffers that nobody sees: a frame of new data waits for the answer to the last frame, a
// frame after a key never waits. A terminal that does not answer is not asked again until it does.
//
//   asking ── no answer for 3 s ──▶ silent ── an answer after all ──▶ asking
//
// Time arrives with every call.

package import Ambient

/// Why a frame is drawn.
package enum FrameCause: Sendable {
  /// The person did something and looks at the screen.
  case key
  /// There is news.
  case data
}

/// The clock of frames on one line.
package struct FrameClock: Sendable {
  /// How long an answer may take.
  package static let answerMax = Duration.seconds(3)
  /// The most questions that are unanswered at a time; further frames ask nothing.
  package static let questionsMax = 32

  private var asked: [MonotonicTime] = []
  /// False on a terminal that does not answer.
  package private(set) var isAsking: Bool
  /// How long the last answer took; nil while none came.
  package private(set) var roundTrip: Duration?

  /// A clock for a terminal that may be asked, or for one that must not be.
  package init(mayAsk: Bool) {
    isAsking = mayAsk
  }

  /// Whether a frame may be sent now.
  package func allows(_ cause: FrameCause) -> Bool {
    cause == .key || asked.isEmpty
  }

  /// A frame was made; whether it ends with a question.
  package mutating func sent(at now: MonotonicTime) -> Bool {
    guard isAsking, asked.count < Self.questionsMax else { return false }
    asked.append(now)
    return true
  }

  /// An answer came; how long it took, nil when nothing was asked.
  @discardableResult
  package mutating func answered(at now: MonotonicTime) -> Duration? {
    isAsking = true
    guard !asked.isEmpty else { return nil }
    let took = now - asked.removeFirst()
    roundTrip = took
    return took
  }

  /// Until when the oldest answer is waited for; nil when none is.
  package var deadline: MonotonicTime? { asked.first.map { $0 + Self.answerMax } }

  /// Stops asking when the oldest answer is overdue; whether it did.
  package mutating func expire(at now: MonotonicTime) -> Bool {
    guard let deadline, deadline <= now else { return false }
    forget()
    isAsking = false
    return true
  }

  /// Whatever was asked will not be answered: the terminal was away.
  package mutating func forget() {
    asked = []
  }
}
