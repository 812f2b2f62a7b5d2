// Values through the writer and back through the reader, and what the reader refuses.

import Ambient
import Bytes
import Testing

@Suite struct ByteReaderTests {
  @Test func `numbers are little-endian and come back`() throws {
    var writer = ByteWriter()
    writer.append(0x01 as UInt8)
    writer.append(0x0203 as UInt16)
    writer.append(0x0405_0607 as UInt32)
    writer.append(0x0809_0A0B_0C0D_0E0F as UInt64)
    writer.append(-2 as Int64)
    #expect(
      hexadecimal(writer.bytes) == "01" + "0302" + "07060504" + "0f0e0d0c0b0a0908"
        + "feffffffffffffff")
    var reader = ByteReader(writer.bytes)
    #expect(try reader.uint8() == 1)
    #expect(try reader.uint16() == 0x0203)
    #expect(try reader.uint32() == 0x0405_0607)
    #expect(try reader.uint64() == 0x0809_0A0B_0C0D_0E0F)
    #expect(try reader.int64() == -2)
    try reader.finish()
  }

  @Test func `a varint takes as many bytes as was said`() {
    for shift in 0..<64 {
      let power: UInt64 = 1 << UInt64(shift)
      for value in [power, power - 1, UInt64.max >> UInt64(shift)] {
        var writer = ByteWriter()
        writer.append(varint: value)
        #expect(ByteWriter.count(ofVarint: value) == writer.count, "\(value)")
      }
    }
  }

  @Test func `bytes and text come back with their length`() throws {
    var writer = ByteWriter(reserving: 64)
    writer.append(prefixed: [1, 2, 3])
    writer.append(prefixed: [4, 5].span)
    writer.append(prefixed: "größe")
    writer.append(bytes: [6])
    writer.append(bytes: [0, 7, 0][1..<2])
    writer.append(bytes: [8].span)
    writer.append(repeating: 9, count: 3)
    writer.append(text: "é")
    var reader = ByteReader(writer.bytes)
    #expect(try reader.prefixed(lengthMax: 3) == [1, 2, 3])
    #expect(try reader.prefixed(lengthMax: 3) == [4, 5])
    #expect(try reader.text(lengthMax: 10) == "größe")
    #expect(try reader.bytes(6) == [6, 7, 8, 9, 9, 9])
    #expect(try reader.bytes(2) == [0xC3, 0xA9])
    #expect(reader.isAtEnd)
  }

  @Test func `a length is filled in when its end is known`() throws {
    var writer = ByteWriter()
    let outer = writer.openLength()
    writer.append(7 as UInt8)
    let inner = writer.openLength()
    writer.append(repeating: 1, count: 300)
    writer.close(inner)
    writer.close(outer)
    writer.set(8 as UInt8, at: 4)
    var reader = ByteReader(writer.bytes)
    #expect(try reader.uint32() == 305)
    #expect(try reader.uint8() == 8)
    #expect(try reader.uint32() == 300)
  }

  @Test func `what was written can be written over, cut and taken`() {
    var writer = ByteWriter()
    writer.append(repeating: 0xFF, count: 14)
    writer.set(0x0102_0304 as UInt32, at: 1)
    writer.set(0x0102_0304_0506_0708 as UInt64, at: 5)
    #expect(hexadecimal(writer.bytes) == "ff040302010807060504030201ff")
    writer.truncate(to: 2)
    #expect(writer.take() == [0xFF, 0x04])
    #expect(writer.count == 0)
    writer.append(1 as UInt8)
    writer.removeAll()
    #expect(writer.bytes.isEmpty)
  }

  @Test func `a reader that would pass the end says where and stays`() throws {
    var reader = ByteReader([1, 2, 3])
    _ = try reader.uint8()
    #expect(throws: BytesError.endsEarly(offset: 1, wanted: 4, left: 2)) { try reader.uint32() }
    #expect(throws: BytesError.endsEarly(offset: 1, wanted: 8, left: 2)) { try reader.uint64() }
    #expect(throws: BytesError.endsEarly(offset: 1, wanted: 3, left: 2)) { try reader.bytes(3) }
    #expect(throws: BytesError.endsEarly(offset: 1, wanted: .max, left: 2)) {
      try reader.skip(.max)
    }
    #expect(throws: BytesError.leftOver(offset: 1, count: 2)) { try reader.finish() }
    #expect(try reader.uint16() == 0x0302)
    #expect(throws: BytesError.endsEarly(offset: 3, wanted: 1, left: 0)) { try reader.uint8() }
  }

  @Test func `a length beyond its maximum is refused before it is believed`() throws {
    var writer = ByteWriter()
    writer.append(varint: 1 << 60)
    var reader = ByteReader(writer.bytes)
    #expect(throws: BytesError.tooLong(offset: 0, length: 1 << 60, lengthMax: 100)) {
      try reader.prefixed(lengthMax: 100)
    }
    #expect(throws: BytesError.endsEarly(offset: 9, wanted: 1 << 60, left: 0)) {
      try reader.prefixed(lengthMax: .max)
    }
    #expect(reader.offset == 0)
  }

  @Test func `text that is not UTF-8 is refused`() throws {
    var reader = ByteReader([2, 0xC3, 0x28])
    #expect(throws: BytesError.notUTF8(offset: 1)) { try reader.text(lengthMax: 9) }
    #expect(reader.offset == 0)
  }

  @Test(
    arguments: [
      (0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), (16_384, "808001"),
      (1 << 63, "80808080808080808001"), (.max, "ffffffffffffffffff01"),
    ] as [(UInt64, String)])
  func `a varint has one spelling`(_ value: UInt64, _ spelling: String) throws {
    var writer = ByteWriter()
    writer.append(varint: value)
    #expect(hexadecimal(writer.bytes) == spelling)
    var reader = ByteReader(writer.bytes)
    #expect(try reader.varint() == value)
    #expect(reader.isAtEnd)
  }

  @Test(
    arguments: [
      ("8000", .badVarint(offset: 0, .overlong)), ("ff8000", .badVarint(offset: 0, .overlong)),
      ("ffffffffffffffffff02", .badVarint(offset: 0, .tooLarge)),
      ("ffffffffffffffffff81", .badVarint(offset: 0, .tooLarge)),
      ("ffffffffffffffffffff01", .badVarint(offset: 0, .tooLarge)),
      ("", .endsEarly(offset: 0, wanted: 1, left: 0)),
      ("8080", .endsEarly(offset: 0, wanted: 3, left: 2)),
    ] as [(String, BytesError)])
  func `another spelling of a varint is refused`(_ spelling: String, _ error: BytesError) throws {
    var reader = ByteReader(try #require(bytes(fromHexadecimal: spelling)))
    #expect(throws: error) { try reader.varint() }
    #expect(reader.offset == 0)
  }

  @Test(
    arguments: [
      (0, "00"), (-1, "01"), (1, "02"), (-2, "03"), (63, "7e"), (-64, "7f"), (64, "8001"),
      (.max, "feffffffffffffffff01"), (.min, "ffffffffffffffffff01"),
    ] as [(Int64, String)])
  func `small signed numbers are short on both sides of zero`(
    _ value: Int64, _ spelling: String
  ) throws {
    var writer = ByteWriter()
    writer.append(zigzag: value)
    #expect(hexadecimal(writer.bytes) == spelling)
    var reader = ByteReader(writer.bytes)
    #expect(try reader.zigzag() == value)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `random bytes never lead the reader out of bounds`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      var reader = ByteReader(random.bytes(random.below(40)))
      var reads = 0
      do throws(BytesError) {
        while !reader.isAtEnd {
          let before = reader.offset
          try readAnything(&reader, random.below(9))
          #expect(reader.offset > before && reader.offset <= reader.bytes.count)
          reads += 1
        }
      } catch {
        #expect(!"\(error)".isEmpty)
      }
      #expect(reads <= 40)
    }
  }

  private func readAnything(_ reader: inout ByteReader, _ kind: Int) throws(BytesError) {
    switch kind {
    case 0: _ = try reader.uint8()
    case 1: _ = try reader.uint16()
    case 2: _ = try reader.uint32()
    case 3: _ = try reader.uint64()
    case 4: _ = try reader.varint()
    case 5: _ = try reader.zigzag()
    case 6: #expect(try reader.prefixed(lengthMax: 16).count <= 16)
    case 7: #expect(try reader.text(lengthMax: 16).utf8.count <= 16)
    default: _ = try reader.bytes(2)
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `any sequence of values comes back as it was written`(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    // As many random bits as a random length allows, so that short varints are met as well.
    let words = (0..<300).map { _ in random.next() >> UInt64(random.below(64)) }
    var writer = ByteWriter()
    for word in words {
      writer.append(varint: word)
      writer.append(zigzag: Int64(bitPattern: word))
      writer.append(word)
      writer.append(UInt16(truncatingIfNeeded: word))
    }
    var reader = ByteReader(writer.bytes)
    for word in words {
      #expect(try reader.varint() == word)
      #expect(try reader.zigzag() == Int64(bitPattern: word))
      #expect(try reader.uint64() == word)
      #expect(try reader.uint16() == UInt16(truncatingIfNeeded: word))
    }
    try reader.finish()
  }
}
