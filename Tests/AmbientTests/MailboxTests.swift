// The bounded queue: in order, never more than its bound, nothing lost and nothing twice, and an
// end that comes after the last message.

import Ambient
import Testing

@Suite struct MailboxTests {
  @Test func `messages come out in the order they went in`() {
    let box = Mailbox<Int>(messagesMax: 3)
    // Around the ring several times.
    for number in 0..<10 {
      #expect(box.post(number) == .accepted)
      #expect(box.post(number + 100) == .accepted)
      #expect(box.count == 2)
      #expect(box.receive() == number)
      #expect(box.receive() == number + 100)
    }
    #expect(box.count == 0)
  }

  @Test func `a full box says so, and takes more when there is room`() {
    let box = Mailbox<Int>(messagesMax: 2)
    #expect(box.messagesMax == 2)
    #expect([box.post(1), box.post(2), box.post(3)] == [.accepted, .accepted, .full])
    #expect(box.send(3, timeout: .zero) == .full)
    #expect(box.receive() == 1)
    #expect(box.send(3, timeout: .zero) == .accepted)
    #expect(box.drain() == [2, 3])
  }

  @Test func `an empty box has nothing for whoever will not wait`() {
    let box = Mailbox<Int>(messagesMax: 2)
    #expect(box.receive(timeout: .zero) == nil)
    #expect(box.drain() == [])
  }

  @Test func `draining takes no more than asked for`() {
    let box = Mailbox<Int>(messagesMax: 10)
    for number in 0..<5 { _ = box.post(number) }
    #expect(box.drain(max: 2) == [0, 1])
    #expect(box.drain(max: 0) == [])
    #expect(box.drain() == [2, 3, 4])
  }

  @Test func `a closed box gives what it has, takes nothing and then ends`() {
    let box = Mailbox<Int>(messagesMax: 4)
    _ = box.post(1)
    _ = box.post(2)
    box.close()
    #expect(box.isClosed)
    #expect(box.post(3) == .closed)
    #expect(box.send(3) == .closed)
    #expect(box.receive() == 1)
    #expect(box.receive() == 2)
    #expect(box.receive() == nil)
  }

  @Test func `closing ends a receiver and a sender that wait`() {
    let empty = Mailbox<Int>(messagesMax: 1)
    let full = Mailbox<Int>(messagesMax: 1)
    _ = full.post(1)
    let closer = Worker("closer") {
      empty.close()
      full.close()
    }
    #expect(empty.receive() == nil)
    #expect(full.send(2) == .closed)
    closer.join()
    #expect(full.receive() == 1)
  }

  @Test func `whoever waits is woken by a message and by room, however it came`() {
    let (there, back) = (Mailbox<Int>(messagesMax: 1), Mailbox<Int>(messagesMax: 1))
    let echo = Worker("echo") {
      while let number = there.receive(timeout: .seconds(60)) { _ = back.post(number) }
    }
    for number in 0..<1_000 {
      #expect(there.post(number) == .accepted)
      #expect(back.receive(timeout: .seconds(60)) == number)
    }
    there.close()
    echo.join()
    // Draining makes room for one who waits for it.
    _ = back.post(1)
    let sender = Worker("sender") { #expect(back.send(2, timeout: .seconds(60)) == .accepted) }
    var drained: [Int] = []
    while drained.count < 2 { drained += back.drain() }
    #expect(drained == [1, 2])
    sender.join()
  }

  @Test func `among many senders and receivers nothing is lost and nothing comes twice`() {
    let box = Mailbox<Int>(messagesMax: 7)
    let received = Monitor<[Int]>([])
    let most = Monitor(0)
    let receivers = Worker("receivers") {
      Worker.each(3, named: "receiver") { _ in
        while let message = box.receive() {
          let count = box.count
          most.withLock { $0 = max($0, count) }
          received.withLock { $0.append(message) }
        }
      }
    }
    Worker.each(4, named: "sender") { sender in
      for number in 0..<2_000 { #expect(box.send(sender * 10_000 + number) == .accepted) }
    }
    box.close()
    receivers.join()
    let expected = (0..<4).flatMap { sender in (0..<2_000).map { sender * 10_000 + $0 } }
    #expect(received.withLock { $0.sorted() } == expected)
    #expect(most.withLock { $0 } <= 7)
  }

  @Test func `one receiver sees each sender's messages in their order`() {
    let box = Mailbox<(sender: Int, number: Int)>(messagesMax: 5)
    let senders = Worker("senders") {
      Worker.each(4, named: "sender") { sender in
        for number in 0..<1_000 { _ = box.send((sender, number)) }
      }
      box.close()
    }
    var next = [0, 0, 0, 0]
    while let message = box.receive() {
      #expect(message.number == next[message.sender])
      next[message.sender] += 1
    }
    #expect(next == [1_000, 1_000, 1_000, 1_000])
    senders.join()
  }

  @Test func `a message is let go of once it was taken`() {
    final class Token: Sendable {}
    let box = Mailbox<Token>(messagesMax: 2)
    weak var token: Token?
    do {
      let made = Token()
      token = made
      _ = box.post(made)
    }
    #expect(token != nil)
    _ = box.receive()
    #expect(token == nil)
  }

  @Test func `a box for nothing is a wrong program`() async {
    await #expect(processExitsWith: .failure) { _ = Mailbox<Int>(messagesMax: 0) }
  }
}
