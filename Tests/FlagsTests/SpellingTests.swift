// How values are typed, in both directions, and which word was probably meant.

import Ambient
import Flags
import Testing

@Suite struct SpellingTests {
  @Test(
    arguments: [
      ("0s", .zero), ("250ms", .milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)),
      ("2h", .seconds(7_200)), ("1d", .seconds(86_400)), ("1h30m", .seconds(5_400)),
      ("1d1h1m1s1ms", .milliseconds(90_061_001)), ("36525d", longestDuration),
    ] as [(String, Duration)])
  func `a duration is read and written alike`(_ text: String, _ duration: Duration) {
    #expect(parsedDuration(text) == duration)
    #expect(spelled(duration: duration) == text)
  }

  @Test(
    arguments: [
      "", "5", "s", "5x", "5 s", "-5s", "1m1h", "1s1s", "1.5h", "5S", "5s5", "36526d",
      "9999999999999999d", "٣s", "5sec",
    ])
  func `what is no duration is refused`(_ text: String) {
    #expect(parsedDuration(text) == nil)
  }

  @Test func `a spelling writes what it reads`() {
    let sizes = Spelling<ByteCount>.byteCount(ByteCount(1)...ByteCount(1 << 40))
    for text in ["1", "1000", "64K", "3M", "1T"] {
      #expect(sizes.read(Array(text.utf8)).map(sizes.write) == text)
    }
    #expect(sizes.read(Array("1536K".utf8)).map(sizes.write) == "1536K")
    #expect(sizes.read(Array("2T".utf8)) == nil && sizes.read(Array("0".utf8)) == nil)
    #expect(sizes.wanted == "a size such as 64K or 1.5GiB from 1 B to 1.00 TiB")

    let integers = Spelling<Int>.integer(Int.min...9)
    #expect(integers.read(Array("-3".utf8)) == -3 && integers.read(Array("+3".utf8)) == 3)
    #expect(integers.read(Array("3.0".utf8)) == nil && integers.read(Array("10".utf8)) == nil)
    #expect(integers.wanted == "a whole number up to 9")

    let numbers = Spelling<Double>.number(0...1)
    #expect(numbers.read(Array("0.25".utf8)).map(numbers.write) == "0.25")
    #expect(numbers.read(Array("1.1".utf8)) == nil && numbers.read(Array("nan".utf8)) == nil)

    #expect(Spelling<Bool>.truth.read(Array("true".utf8)) == true)
    #expect(Spelling<Bool>.truth.read(Array("yes".utf8)) == nil)
    #expect(Spelling<String>.word(["a", "b"], placeholder: "W").read(Array("b".utf8)) == "b")
    #expect(Spelling<[UInt8]>.path().read([0xFF]).map(Spelling<[UInt8]>.path().write) == "\\xff")
    #expect(Spelling<[UInt8]>.path().read([0]) == nil && Spelling<[UInt8]>.path().read([]) == nil)
    #expect(Spelling<String>.text("T").read([0xFF]) == nil)
  }

  @Test(
    arguments: [
      ("stauts", "status"), ("statu", "status"), ("STATUS", "status"), ("sta", "status"),
      ("evit", "evict"), ("rehidrate", "rehydrate"), ("xxxxx", nil), ("", nil), ("e", nil),
      ("sttaus", "status"), ("ct", nil), ("upload_threds", "upload_threads"),
    ])
  func `the word that was meant is found, and no other`(_ word: String, _ meant: String?) {
    let known = ["status", "evict", "rehydrate", "uploads", "upload_threads"]
    #expect(nearest(to: word, among: known) == meant)
  }

  @Test func `long words are compared in bounded time`() {
    let long = String(repeating: "a", count: 1_000_000)
    #expect(nearest(to: long, among: ["status", long + "b"]) == long + "b")
    #expect(nearest(to: "status", among: [long]) == nil)
  }
}
