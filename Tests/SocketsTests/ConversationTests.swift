// A conversation alone: whatever way its bytes are cut, each line is asked once, in order, and only
// when what was answered before is written.

import Ambient
import Testing

@testable import Sockets

@Suite struct ConversationTests {
  private let newline = UInt8(ascii: "\n")

  private func lines(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func `every line is asked once and answered in order, however it is cut`(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let lines = (0..<60).map { _ in
      generator.bytes(generator.below(41)).map { $0 == newline ? 0 : $0 }
    }
    var wire = lines.flatMap { $0 + [newline] }[...]
    var conversation = Conversation(requestBytesMax: 40)
    var asked: [[UInt8]] = []
    var read: [UInt8] = []
    var isAsked = false
    while asked.count < lines.count || isAsked || !conversation.unwritten.isEmpty {
      switch generator.below(3) {
      case 0:
        let count = min(generator.below(30), conversation.room, wire.count)
        conversation.receive(wire.prefix(count))
        wire = wire.dropFirst(count)
      case 1 where isAsked:
        conversation.answer(asked.last! + [newline], isLast: false)
        isAsked = false
      case 2 where !conversation.unwritten.isEmpty:
        let count = 1 + generator.below(conversation.unwritten.count)
        read += conversation.unwritten.prefix(count)
        conversation.wrote(count)
      default: break
      }
      let wasFree = !isAsked && conversation.unwritten.isEmpty
      if case .request(let line) = conversation.next() {
        #expect(wasFree, "a request was given out before the last was done with")
        asked.append(line)
        isAsked = true
      }
    }
    #expect(asked == lines)
    #expect(read == lines.flatMap { $0 + [newline] })
    #expect(conversation.waiting == .request)
  }

  @Test func `a line may be as long as is allowed, and no longer`() {
    var conversation = Conversation(requestBytesMax: 4)
    #expect(conversation.room == 5)
    conversation.receive(lines("abcd\n"))
    #expect(conversation.room == 0)
    #expect(conversation.next() == .request(Array("abcd".utf8)))
    conversation.answer([1], isLast: false)
    conversation.wrote(1)
    conversation.receive(lines("abcde"))
    #expect(conversation.next() == .overlong)
  }

  @Test func `no more is taken in than one line besides the one that is asked`() {
    var conversation = Conversation(requestBytesMax: 4)
    conversation.receive(lines("a\n"))
    #expect(conversation.next() == .request(Array("a".utf8)))
    conversation.receive(lines("b\nc\nd"))
    #expect(conversation.room == 0)
    #expect(conversation.next() == .wait)
    #expect(conversation.waiting == .answer)
  }

  @Test func `who finished is answered, and half a line is not asked`() {
    var conversation = Conversation(requestBytesMax: 40)
    conversation.receive(lines("whole\nhalf"))
    conversation.finish()
    #expect(conversation.room == 0)
    #expect(conversation.next() == .request(Array("whole".utf8)))
    #expect(conversation.next() == .wait)
    conversation.answer([1, 2], isLast: false)
    #expect(conversation.waiting == .reader)
    conversation.wrote(1)
    #expect(conversation.next() == .wait)
    conversation.wrote(1)
    #expect(conversation.next() == .close)
  }

  @Test func `behind the last answer nothing is asked`() {
    var conversation = Conversation(requestBytesMax: 40)
    conversation.receive(lines("one\ntwo\n"))
    #expect(conversation.next() == .request(Array("one".utf8)))
    conversation.conclude()
    conversation.answer([1], isLast: false)
    conversation.wrote(1)
    #expect(conversation.next() == .close)
    var silent = Conversation(requestBytesMax: 40)
    silent.conclude()
    #expect(silent.next() == .close)
  }
}
