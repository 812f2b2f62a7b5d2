// When frames are sent on a slow line, what such a line gets, and what waits for it.

import Ambient
import Testing

@testable import Terminal

@Suite struct FrameClockTests {
  let start = MonotonicTime(nanoseconds: 1_000)

  @Test func `data waits for the answer to the last frame, a key never waits`() {
    var clock = FrameClock(mayAsk: true)
    #expect(clock.allows(.data))
    #expect(clock.sent(at: start) == true)
    #expect(!clock.allows(.data))
    #expect(clock.allows(.key))
    #expect(clock.sent(at: start + .milliseconds(10)) == true)
    #expect(clock.answered(at: start + .milliseconds(80)) == .milliseconds(80))
    #expect(!clock.allows(.data), "the second frame is not answered yet")
    #expect(clock.answered(at: start + .milliseconds(100)) == .milliseconds(90))
    #expect(clock.allows(.data))
    #expect(clock.roundTrip == .milliseconds(90))
  }

  @Test func `no answer within three seconds ends the asking, an answer begins it again`() {
    var clock = FrameClock(mayAsk: true)
    _ = clock.sent(at: start)
    #expect(clock.deadline == start + .seconds(3))
    #expect(clock.expire(at: start + .milliseconds(2_999)) == false)
    #expect(clock.expire(at: start + .seconds(3)) == true)
    #expect(clock.allows(.data))
    #expect(clock.sent(at: start + .seconds(4)) == false, "it asks a terminal that does not answer")
    #expect(clock.deadline == nil)
    #expect(clock.answered(at: start + .seconds(5)) == nil)
    #expect(clock.isAsking)
    #expect(clock.sent(at: start + .seconds(6)) == true)
  }

  @Test func `questions are bounded, and an answer that nobody asked for is none`() {
    var clock = FrameClock(mayAsk: true)
    #expect(clock.answered(at: start) == nil)
    let asked = (0..<40).count { _ in clock.sent(at: start) }
    #expect(asked == FrameClock.questionsMax)
    #expect(!FrameClock(mayAsk: false).isAsking)
  }

  @Test func `a line that is slow gets less, step by step, and gets it back`() {
    var quality = LineQuality()
    #expect(quality.level == .all)
    #expect(quality.note(.seconds(1)) == false)
    #expect(quality.note(.seconds(1)) == false)
    #expect(quality.note(.seconds(1)) == true)
    #expect(quality.level == .coalesced)
    for _ in 0..<9 { _ = quality.note(.seconds(2)) }
    #expect(quality.level == .numbersOnly)
    for _ in 0..<99 { _ = quality.note(.seconds(30)) }
    #expect(quality.level == .numbersOnly)
    for _ in 0..<(4 * LineQuality.fastAnswers) { _ = quality.note(.milliseconds(20)) }
    #expect(quality.level == .all)
  }

  @Test func `a single stall changes nothing, nor does a line at the edge swing`() {
    var quality = LineQuality()
    for _ in 0..<20 {
      #expect(quality.note(.seconds(2)) == false)
      #expect(quality.note(.milliseconds(20)) == false)
    }
    for _ in 0..<3 { _ = quality.note(.milliseconds(300)) }
    #expect(quality.level == .coalesced)
    for _ in 0..<50 { #expect(quality.note(.milliseconds(200)) == false) }
    #expect(quality.level == .coalesced)
  }

  @Test func `each level draws no more often than the one before`() {
    let intervals = DetailLevel.allCases.map(\.interval)
    #expect(intervals == intervals.sorted())
  }

  @Test func `what waits goes out in order, and leaving goes before it`() {
    var queue = OutputQueue()
    var taken: [UInt8] = []
    queue.add([1, 2, 3, 4])
    let write = { (bytes: [UInt8], from: Int) -> Int in
      guard taken.count < 2 else { return 0 }
      taken.append(bytes[from])
      return 1
    }
    let isOpen = queue.flush(write)
    #expect(isOpen)
    #expect(taken == [1, 2])
    #expect(queue.count == 2)
    queue.replace(with: [9])
    _ = queue.flush { bytes, from in
      taken += bytes[from...]
      return bytes.count - from
    }
    #expect(taken == [1, 2, 0x18, 9], "a sequence that was cut is broken off")
    #expect(queue.isEmpty)
    queue.add([5])
    let isEnded = !queue.flush { _, _ in -1 }
    #expect(isEnded)
    queue.add([UInt8](repeating: 0, count: OutputQueue.bytesMax))
    #expect(!queue.hasRoom)
  }

  @Test(arguments: 0...4)
  func `a character that is cut by leaving is sent to its end`(_ sent: Int) {
    var queue = OutputQueue()
    var taken: [UInt8] = []
    queue.add(Array("█x".utf8))
    _ = queue.flush { bytes, from in
      guard taken.count < sent else { return 0 }
      taken.append(bytes[from])
      return 1
    }
    queue.replace(with: [9])
    _ = queue.flush { bytes, from in
      taken += bytes[from...]
      return bytes.count - from
    }
    let whole = sent == 0 ? [] : Array("█".utf8)
    let end: [UInt8] = sent == 4 ? [UInt8(ascii: "x"), 9] : [0x18, 9]
    #expect(taken == whole + end)
  }
}

@Suite struct RecorderTests {
  let start = MonotonicTime(nanoseconds: 0)

  @Test func `a recording is an asciinema file of what was written`() {
    var recorder = Recorder(GridSize(rows: 24, columns: 80))
    let bytes = Array("a\"\\\u{1B}[mä中".utf8)
    recorder.wrote(Array(bytes.dropLast(2)), at: start, isWhole: true)
    recorder.wrote(Array(bytes.suffix(2)) + [0x62], at: start + .milliseconds(1_500))
    recorder.resized(to: GridSize(rows: 10, columns: 40), at: start + .seconds(2))
    #expect(
      recorder.lines(started: WallTime(seconds: 1_750_000_000)) == [
        #"{"version": 2, "width": 80, "height": 24, "timestamp": 1750000000, "env": {"TERM": "xterm-256color"}}"#,
        #"[0.000000, "o", "a\"\\\u001b[mä"]"#,
        #"[1.500000, "o", "中b"]"#,
        #"[2.000000, "r", "40x10"]"#,
      ])
  }

  @Test func `what is older than it keeps goes, up to a whole screen`() {
    var recorder = Recorder(GridSize(rows: 24, columns: 80), bytesMax: 100)
    recorder.wrote([0x61], at: start, isWhole: true)
    recorder.resized(to: GridSize(rows: 5, columns: 5), at: start)
    recorder.wrote([UInt8](repeating: 0x62, count: 60), at: start + .seconds(1), isWhole: true)
    recorder.wrote([UInt8](repeating: 0x63, count: 60), at: start + .seconds(2))
    let lines = recorder.lines(started: WallTime(seconds: 1))
    #expect(lines.count == 3)
    #expect(lines[0].contains("\"width\": 5"), "the size is that of the first screen that is kept")
    #expect(lines[1].hasPrefix("[0.000000, \"o\", \"bbb"))
    for second in 3..<20 {
      recorder.wrote([UInt8](repeating: 0x64, count: 60), at: start + .seconds(second))
    }
    #expect(recorder.lines(started: WallTime(seconds: 1)).count < 6)
  }
}
