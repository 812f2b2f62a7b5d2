// The one thread that owns every connection of a server of requests: it accepts, reads, writes, and
// cuts off whoever takes too long. It never waits but for all of them at once, so one that is slow
// costs the others nothing.

import Ambient
import Glibc

/// The loop of a server of requests.
struct RequestLoop: ~Copyable, Sendable {
  /// How long it rests when the process has no descriptor left and nobody can be ended for one.
  private static let rest = Duration.milliseconds(100)
  /// Bytes that are read at once; a line of the longest kind is read in turns.
  private static let readBytesMax = 8_192
  private static let wakeNumber: UInt64 = 0
  private static let listenerNumber: UInt64 = 1

  /// One connection; it never leaves the loop's thread.
  private final class Seat {
    let stream: Stream
    let peer: Peer?
    var conversation: Conversation
    /// What it waits for, and since when.
    var waiting = Conversation.Waiting.request
    var since: MonotonicTime

    init(_ stream: consuming Stream, _ peer: Peer?, requestBytesMax: Int, _ now: MonotonicTime) {
      self.stream = stream
      self.peer = peer
      conversation = Conversation(requestBytesMax: requestBytesMax)
      since = now
    }
  }

  /// What the loop has while it runs.
  private struct Table {
    var seats: [UInt64: Seat] = [:]
    var nextNumber: UInt64 = 2
    /// No seat is overdue before this; nil when none can be.
    var nextOverdue: MonotonicTime?
    /// When to accept again after a rest; nil when the listener tells.
    var acceptsAt: MonotonicTime?
    var now = MonotonicClock.live.now()
    var buffer = [UInt8](repeating: 0, count: readBytesMax)
  }

  private let board: RequestBoard
  private let spoken: RequestProtocol
  private var listener: StreamListener?
  private var set: WaitSet

  init(
    _ name: String, _ listener: consuming StreamListener, _ board: RequestBoard,
    _ spoken: RequestProtocol
  ) throws(SocketsError) {
    let set = try WaitSet(name: name)
    try set.add(board.wakeNumber, as: Self.wakeNumber)
    try set.add(listener.number, as: Self.listenerNumber)
    self.board = board
    self.spoken = spoken
    self.set = set
    self.listener = consume listener
  }

  /// Serves until told to stop and all are answered, or the time for that is over.
  consuming func run() {
    var table = Table()
    var stopping: RequestBoard.Stopping?
    while stopping == nil || !table.seats.isEmpty {
      let moments = [table.nextOverdue, table.acceptsAt, stopping?.givesUpAt]
      let changed: ArraySlice<UInt64>
      do throws(SocketsError) {
        changed = try set.changed(until: moments.compactMap { $0 }.min())
      } catch {
        // Only a wrong program is refused the wait itself.
        preconditionFailure("the server cannot wait: \(error)")
      }
      table.now = MonotonicClock.live.now()
      for number in changed {
        if number == Self.listenerNumber { table.acceptsAt = table.now }
        if let seat = table.seats[number] { advance(seat, number, &table) }
      }
      let (answers, told) = board.collect()
      for answer in answers { settle(answer, &table) }
      if told != nil && stopping == nil { conclude(&table) }
      stopping = told
      if let moment = table.acceptsAt, moment <= table.now { accept(&table) }
      if let moment = table.nextOverdue, moment <= table.now { cutOff(&table) }
      if let moment = stopping?.givesUpAt, moment <= table.now { break }
    }
    board.count { $0.connections = 0 }
    board.endLoop(givenUp: !table.seats.isEmpty)
  }

  // MARK: accepting

  /// Takes everyone who waits at the listener.
  private mutating func accept(_ table: inout Table) {
    table.acceptsAt = nil
    while true {
      do throws(SocketsError) {
        guard let stream = try listener?.acceptAtOnce() else { return }
        try admit(stream, &table)
      } catch .tooManyOpenFiles {
        // Those who wait stay in the kernel's queue, and it tells of them only once.
        if endSilent(&table) { continue }
        table.acceptsAt = table.now + Self.rest
        return
      } catch {
        board.fail(error)
        listener = nil
        return
      }
    }
  }

  private func admit(_ stream: consuming Stream, _ table: inout Table) throws(SocketsError) {
    board.count { $0.accepted += 1 }
    let peer: Peer?
    do throws(SocketsError) {
      peer = try stream.peer
    } catch {
      // It left before anybody looked.
      return
    }
    guard spoken.admits(peer) else {
      board.count { $0.denied += 1 }
      refuse(stream, .denied)
      return
    }
    if table.seats.count >= board.limits.connectionsMax && !endSilent(&table) {
      board.count { $0.busy += 1 }
      refuse(stream, .busy)
      return
    }
    let number = table.nextNumber
    table.nextNumber += 1
    try set.add(stream.endpoint.number, as: number)
    let seat = Seat(
      stream, peer, requestBytesMax: board.limits.requestBytesMax, table.now)
    table.seats[number] = seat
    board.count { $0.connections = table.seats.count }
    advance(seat, number, &table)
  }

  /// Tells why, if that can be told at once; the connection ends.
  private func refuse(_ stream: borrowing Stream, _ refusal: RequestRefusal) {
    do throws(SocketsError) {
      _ = try stream.writeAtOnce(spoken.refusal(refusal).span)
    } catch {
      // It has left, so there is nobody to tell.
    }
  }

  /// Ends the connection that has been silent longest; false when all have asked something.
  private func endSilent(_ table: inout Table) -> Bool {
    let silent = table.seats.lazy.filter { $0.value.waiting == .request }
    guard let (number, _) = silent.min(by: { $0.value.since < $1.value.since }) else {
      return false
    }
    board.count { $0.cutOff += 1 }
    end(number, &table)
    return true
  }

  // MARK: conversations

  /// Writes, reads and asks until the connection has to wait for something.
  private func advance(_ seat: Seat, _ number: UInt64, _ table: inout Table) {
    do throws(SocketsError) {
      var step = Conversation.Step.wait
      repeat {
        try write(seat)
        try read(seat, &table.buffer)
        step = seat.conversation.next()
        switch step {
        case .request(let line):
          let request = RequestBoard.Request(connection: number, line: line, peer: seat.peer)
          if board.submit(request) {
            step = .wait
          } else {
            seat.conversation.answer(spoken.refusal(.busy), isLast: false)
          }
        case .overlong: seat.conversation.answer(spoken.refusal(.overlong), isLast: true)
        case .wait: break
        case .close:
          end(number, &table)
          return
        }
      } while step != .wait
      note(seat, &table)
    } catch {
      // Whoever has left is done with.
      end(number, &table)
    }
  }

  private func write(_ seat: Seat) throws(SocketsError) {
    while !seat.conversation.unwritten.isEmpty {
      guard let count = try seat.stream.writeAtOnce(seat.conversation.unwritten.span) else {
        return
      }
      seat.conversation.wrote(count)
    }
  }

  private func read(_ seat: Seat, _ buffer: inout [UInt8]) throws(SocketsError) {
    while seat.conversation.room > 0 {
      let countMax = min(seat.conversation.room, buffer.count)
      guard let count = try seat.stream.readAtOnce(into: &buffer, countMax: countMax) else {
        return
      }
      if count == 0 { seat.conversation.finish() }
      seat.conversation.receive(buffer[..<count])
    }
  }

  private func settle(_ answer: RequestBoard.Answer, _ table: inout Table) {
    guard let seat = table.seats[answer.connection] else { return }
    let bytes = answer.bytes ?? spoken.refusal(.unanswered)
    seat.conversation.answer(bytes, isLast: false)
    advance(seat, answer.connection, &table)
  }

  private func end(_ number: UInt64, _ table: inout Table) {
    table.seats[number] = nil
    board.count { $0.connections = table.seats.count }
  }

  // MARK: time

  /// Remembers what the connection waits for, and since when.
  private func note(_ seat: Seat, _ table: inout Table) {
    let waiting = seat.conversation.waiting
    // The rest of a request is waited for from its first byte on, however often more of it comes.
    let isSame = waiting == seat.waiting && waiting != .request
    if !isSame { (seat.waiting, seat.since) = (waiting, table.now) }
    guard let moment = overdue(seat) else { return }
    table.nextOverdue = min(table.nextOverdue ?? moment, moment)
  }

  private func overdue(_ seat: Seat) -> MonotonicTime? {
    switch seat.waiting {
    case .answer: nil
    case .reader: seat.since + board.limits.readingMax
    case .restOfRequest: seat.since + board.limits.askingMax
    case .request: seat.since + board.limits.silenceMax
    }
  }

  /// Ends whoever is overdue, and finds when the next one is.
  private func cutOff(_ table: inout Table) {
    let overdue = table.seats.compactMapValues { self.overdue($0) }
    let late = overdue.filter { $0.value <= table.now }
    board.count { $0.cutOff += late.count }
    for number in late.keys { end(number, &table) }
    table.nextOverdue = overdue.values.filter { $0 > table.now }.min()
  }

  /// Lets nobody else in, and every connection end behind the answer that is under way.
  private mutating func conclude(_ table: inout Table) {
    listener = nil
    table.acceptsAt = nil
    for (number, seat) in table.seats {
      seat.conversation.conclude()
      advance(seat, number, &table)
    }
  }
}
