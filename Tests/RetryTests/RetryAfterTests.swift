// The header is read in both its forms, and what is neither asks for nothing.

import Ambient
import Retry
import Testing

@Suite struct RetryAfterTests {
  // 2015-10-21T07:28:00Z.
  private let now = WallTime(seconds: 1_445_412_480)

  @Test(
    arguments: [
      ("0", .zero), ("120", .seconds(120)), (" 7 ", .seconds(7)),
      ("Wed, 21 Oct 2015 07:28:00 GMT", .zero),
      ("Wed, 21 Oct 2015 07:29:30 GMT", .seconds(90)),
      ("Thu, 22 Oct 2015 07:28:00 GMT", .seconds(86_400)),
      ("Sun, 06 Nov 1994 08:49:37 GMT", .zero),
    ] as [(String, Duration)])
  func `seconds and dates are understood`(_ header: String, _ expected: Duration) {
    #expect(retryAfter(header, now: now) == expected)
  }

  @Test(arguments: [
    "", " ", "soon", "-1", "1.5", "99999999999", "+5", "Wed, 21 Okt 2015 07:28:00 GMT",
    "Wed, 21 Oct 2015 07:28:00 CET", "Wed, 31 Feb 2015 07:28:00 GMT",
    "Wed, 21 Oct 2015 25:28:00 GMT", "Wed, 21 Oct 15 07:28:00 GMT", "Wed 21 Oct 2015 07:28:00 GMT",
    "Wed, 21 Oct 2015 07:28 GMT",
  ])
  func `what is neither is ignored`(_ header: String) {
    #expect(retryAfter(header, now: now) == nil)
  }
}
