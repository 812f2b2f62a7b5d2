// One connection of a server of requests, as a value: bytes come in, whole requests come out one at
// a time, answers go back in the same order.
//
//   listening ──a whole line──▶ asking ──answer──▶ answering ──all of it is written──▶ listening
//       │ too long, or the other end finished                  └──the last──▶ over
//       └──────────────────────▶ over
//
// Nothing is asked while an earlier answer is not yet written, so whoever does not read is not
// served; and nothing is read beyond a bound, so whoever asks faster is slowed to the server's pace.

/// What has been said on one connection.
struct Conversation {
  /// What comes next.
  enum Step: Equatable {
    /// This is to be answered.
    case request([UInt8])
    /// The line is longer than may be, so nobody knows where the next begins.
    case overlong
    /// Nothing, until bytes came or went, or an answer is there.
    case wait
    /// It is over.
    case close
  }

  /// What it waits for.
  enum Waiting: Equatable {
    case answer, reader, restOfRequest, request
  }

  private let requestBytesMax: Int
  private var input: [UInt8] = []
  /// How much of the input has been searched for the end of a line.
  private var searched = 0
  private var output: [UInt8] = []
  private var written = 0
  private var isAsking = false
  private var hasFinished = false
  private var isLast = false

  init(requestBytesMax: Int) {
    self.requestBytesMax = requestBytesMax
  }

  /// How many more bytes it takes in: a longest line and its end, besides what is asked.
  var room: Int {
    hasFinished || isLast ? 0 : max(0, requestBytesMax + 1 - input.count)
  }

  /// Takes in what the other end said.
  mutating func receive(_ bytes: ArraySlice<UInt8>) {
    precondition(bytes.count <= room, "only what there is room for is read")
    input += bytes
  }

  /// The other end has said all it will.
  mutating func finish() { hasFinished = true }

  /// After the answer that is being made or written there is none.
  mutating func conclude() { isLast = true }

  /// What comes next; a request is given out once.
  mutating func next() -> Step {
    if isAsking || !unwritten.isEmpty { return .wait }
    if isLast { return .close }
    if let end = input[searched...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = Array(input[..<end])
      input.removeFirst(end + 1)
      searched = 0
      // A line that is too long cannot have come whole: there is no room for it.
      isAsking = true
      return .request(line)
    }
    searched = input.count
    if input.count > requestBytesMax { return .overlong }
    return hasFinished ? .close : .wait
  }

  /// Takes the answer to the last request, or a refusal that nobody asked for.
  mutating func answer(_ bytes: [UInt8], isLast last: Bool) {
    isAsking = false
    isLast = isLast || last
    output = bytes
    written = 0
  }

  /// What is to be written now.
  var unwritten: ArraySlice<UInt8> { output[written...] }

  /// So much of it was written.
  mutating func wrote(_ count: Int) {
    written += count
    if written == output.count { (output, written) = ([], 0) }
  }

  /// What it waits for.
  var waiting: Waiting {
    if !unwritten.isEmpty { return .reader }
    if isAsking { return .answer }
    return input.isEmpty ? .request : .restOfRequest
  }
}
