// `larder events append DIR`: lines of JSON in, receipts out. A receipt is printed only after its
// event is durable, and a line that cannot be appended ends the command with its number, so that
// what was printed is exactly what is stored.
//
//   reader thread ──jobs──▶ appender threads ──answers──▶ main thread, which prints
//
// The reader is left behind when the command ends early, for nothing ends a read of standard input.

import Ambient
import Bytes
import DurableFiles
import EventStore
import Flags

private let appenders = Flag(
  "appenders", .integer(1...64), default: 1,
  "How many appends are under way at once; with more than one, lines may change places.")

/// Appends events from standard input.
let eventsAppendCommand: Command<Action> = Command(
  "append", "Append events from lines of JSON on standard input.",
  details: """
    Each line is an object with entity, scope, kind (C.TTT in hexadecimal) and payload (text) or base64; \
    optional are key (idempotency), expect ("any", "none", "exists" or a position), lane and batch. \
    Lines that follow one another with the same batch are one transaction. A line with one receipt is \
    printed for each event, after it is durable.
    """,
  takes: [storeDirectory, appenders] + sealFlags + keyFlags + [eventsSignKey, eventsJSON],
  action: Action(append))

/// The longest line: the largest payload as base64, and its names.
private let lineBytesMax = NewEvent.payloadBytesMax / 3 * 4 + 65_536

/// What an appender is asked to do.
private enum Job: Sendable {
  /// Events that are one transaction, and the line of the last.
  case append([NewEvent], line: Int)
  /// There is nothing more to read, and this is why.
  case fail(Failure)
}

/// What became of a job.
private enum Answer: Sendable {
  case receipts([Receipt])
  case failed(Failure)
  /// An appender has nothing more to do.
  case ended
}

private func append(_ invocation: Invocation, _ output: inout Output) throws(Failure) -> ExitCode {
  var options = StoreOptions()
  if let name = invocation[eventsSignKey] {
    options.signing = .required(try SigningKeyFile.read(name))
  }
  options.keys = try sealingKeys(invocation)
  let opening = options
  let disk = try storeDisk(making: invocation)
  let store = try storing { () throws(StoreError) in try EventStore.open(on: disk, opening) }
  var failure: Failure?
  do throws(Failure) {
    try appendLines(to: store, invocation[appenders], &output)
  } catch {
    failure = error
  }
  do throws(Failure) {
    try storing { () throws(StoreError) in try store.close() }
  } catch {
    // A store that could not append may not close either; what was wrong first says which line.
    throw failure ?? error
  }
  if let failure { throw failure }
  return .done
}

/// Runs the threads and prints receipts; throws the first failure once every appender has ended.
private func appendLines(
  to store: EventStore, _ count: Int, _ output: inout Output
) throws(Failure) {
  let jobs = Mailbox<Job>(messagesMax: count)
  let answers = Mailbox<Answer>(messagesMax: count)
  Worker("larder-lines") { readLines(into: jobs) }.detach()
  for index in 0..<count {
    Worker("larder-append-\(index)") { work(on: jobs, for: store, answers) }.detach()
  }
  var working = count
  var failure: Failure?
  while working > 0, let answer = answers.receive() {
    switch answer {
    case .receipts(let receipts):
      do throws(Failure) {
        for receipt in receipts { try output.print(json: receipt.object) }
        try output.flush()
      } catch {
        failure = failure ?? error
        jobs.close()
      }
    case .failed(let reason): failure = failure ?? reason
    case .ended: working -= 1
    }
  }
  if let failure { throw failure }
}

/// Reads standard input to its end, or until nobody takes jobs any more.
private func readLines(into jobs: Mailbox<Job>) {
  defer { jobs.close() }
  do throws(Failure) {
    var lines: LineReader
    do throws(DiskError) {
      lines = LineReader(try .standardInput(), bytesMax: lineBytesMax)
    } catch {
      throw .ended(.failed, "\(error)")
    }
    var batch = Batch()
    var number = 0
    while !jobs.isClosed {
      number += 1
      switch lines.next() {
      case .line(let bytes):
        if bytes.isEmpty { continue }
        let line = try AppendLine(bytes, number)
        if line.batch != batch.name || line.batch == nil { batch.send(to: jobs) }
        batch.add(line, number)
        if line.batch == nil { batch.send(to: jobs) }
      case .tooLong:
        throw .ended(.misused, "line \(number) is longer than \(lineBytesMax) bytes")
      case .unreadable(let error): throw .ended(.failed, "\(error)")
      case .end:
        batch.send(to: jobs)
        return
      }
    }
  } catch {
    _ = jobs.send(.fail(error))
  }
}

/// Lines that are collected until their transaction is whole.
private struct Batch {
  private(set) var name: String?
  private var events: [NewEvent] = []
  private var last = 0

  mutating func add(_ line: AppendLine, _ number: Int) {
    name = line.batch
    events.append(line.event)
    last = number
  }

  mutating func send(to jobs: Mailbox<Job>) {
    guard !events.isEmpty else { return }
    _ = jobs.send(.append(events, line: last))
    events = []
  }
}

/// Does jobs until there are none.
private func work(on jobs: Mailbox<Job>, for store: EventStore, _ answers: Mailbox<Answer>) {
  while let job = jobs.receive() {
    switch job {
    case .fail(let failure): _ = answers.send(.failed(failure))
    case .append(let events, let line):
      do throws(StoreError) {
        let receipts =
          events.count == 1 ? [try store.append(events[0])] : try store.append(batch: events)
        _ = answers.send(.receipts(receipts))
      } catch {
        // Nothing behind a line that failed may be stored.
        jobs.close()
        _ = jobs.drain()
        _ = answers.send(.failed(Failure(error, line: line)))
      }
    }
  }
  _ = answers.send(.ended)
}

extension Failure {
  /// The failure of a line.
  fileprivate init(_ error: StoreError, line: Int) {
    switch Failure(error) {
    case .ended(let code, let sentence): self = .ended(code, "line \(line): \(sentence)")
    case let other: self = other
    }
  }
}

extension Receipt {
  fileprivate var object: JSONValue {
    .object([
      "id": .string("\(id)"), "sequence": JSONValue(sequence),
      "stream": JSONValue(header.streamSequence), "entity": .string(header.coordinate.entity),
      "commitment": .string("\(commitment)"), "digest": .string("\(digest)"),
      "receipt": .string(base64(encoded)),
    ])
  }
}
