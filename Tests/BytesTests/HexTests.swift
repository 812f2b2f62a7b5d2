// Hexadecimal there and back, and what it refuses.

import Bytes
import Testing

@Suite struct HexTests {
  @Test func `bytes survive the way through hexadecimal`() {
    let every = (0...255).map { UInt8($0) }
    #expect(bytes(fromHexadecimal: hexadecimal(every)) == every)
    #expect(hexadecimal([0x00, 0xAB, 0xFF]) == "00abff")
    #expect(bytes(fromHexadecimal: "00ABff") == [0x00, 0xAB, 0xFF])
  }

  @Test(arguments: ["0", "0g", "abc", "é0", "0x00"])
  func `text that is not hexadecimal is refused`(_ text: String) {
    #expect(bytes(fromHexadecimal: text) == nil)
  }
}
