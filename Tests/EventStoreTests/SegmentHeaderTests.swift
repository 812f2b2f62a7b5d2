// What the first bytes of a segment say when they are not what was written.

import Ambient
import Digests
import Testing

@testable import EventStore

@Suite struct SegmentHeaderTests {
  private let header = SegmentHeader(
    name: SegmentName(first: 7, generation: 1), lineage: Lineage(id: EventID(high: 1, low: 2)),
    made: WallTime(seconds: 3), root: Blake3.digest(of: [4]), signer: nil)

  @Test func `a header comes back as it was written`() throws {
    #expect(try SegmentHeader.decode(header.encode()) == header)
  }

  @Test func `a bit that flips anywhere is damage, and never a newer format`() {
    let bytes = header.encode()
    for bit in 0..<bytes.count * 8 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      do throws(FormatFault) {
        _ = try SegmentHeader.decode(flipped)
        Issue.record("bit \(bit) is not noticed")
      } catch .damage {
        continue
      } catch {
        Issue.record("bit \(bit): \(error.sentence)")
      }
    }
  }

  @Test func `a whole header of a newer format is told from damage`() {
    var bytes = header.encode()
    bytes[8] = 2
    let crc = Crc32c.checksum(of: bytes.span.extracting(0..<112))
    for byte in 0..<4 { bytes[112 + byte] = UInt8(truncatingIfNeeded: crc >> UInt32(8 * byte)) }
    #expect(throws: FormatFault.newer(found: 2, known: 1)) { try SegmentHeader.decode(bytes) }
  }
}
