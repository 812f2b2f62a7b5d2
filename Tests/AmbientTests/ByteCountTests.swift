// The one spelling of sizes, and what is read as one.

import Ambient
import Testing

@Suite struct ByteCountTests {
  @Test(
    arguments: [
      (0, "0 B"), (1_023, "1023 B"), (1_024, "1.00 KiB"), (1_536, "1.50 KiB"),
      (10_239, "10.0 KiB"), (1_023_999, "0.98 MiB"), (1 << 30, "1.00 GiB"),
      (-2_048, "-2.00 KiB"), (Int64.max, "8.00 EiB"),
    ] as [(Int64, String)])
  func `a size has one spelling`(_ bytes: Int64, _ text: String) {
    #expect(ByteCount(bytes).description == text)
  }

  @Test(
    arguments: [
      ("1500", 1_500), ("4K", 4_096), ("1.5GiB", 1_610_612_736), ("20 MB", 20_971_520), ("0b", 0),
    ] as [(String, Int64)])
  func `sizes are read with or without a unit`(_ text: String, _ bytes: Int64) {
    #expect(ByteCount(parsing: text)?.bytes == bytes)
  }

  @Test(arguments: ["", "K", "1X", "1.2.3", "-5", "1 KK", "9e9", "99999E"])
  func `what is no size is refused`(_ text: String) {
    #expect(ByteCount(parsing: text) == nil)
  }
}
