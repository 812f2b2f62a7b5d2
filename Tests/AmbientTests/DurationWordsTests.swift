// How durations are said.

import Ambient
import Testing

struct DurationWordsTests {
  @Test(arguments: [
    (Duration.microseconds(-4), "0 us"), (.microseconds(850), "850 us"),
    (.microseconds(1_999), "1 ms"), (.milliseconds(999), "999 ms"), (.milliseconds(2_449), "2.4 s"),
    (.seconds(10), "10 s"), (.seconds(59), "59 s"), (.seconds(60), "1 min"),
    (.seconds(200), "3 min 20 s"), (.seconds(7_500), "2 h 5 min"), (.seconds(86_400), "1 d"),
    (.seconds(356_400), "4 d 3 h"),
  ])
  func `a duration is said in its two largest units`(_ duration: Duration, _ words: String) {
    #expect(duration.inWords == words)
  }
}
