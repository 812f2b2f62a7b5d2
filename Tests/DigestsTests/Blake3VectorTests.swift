// The official vectors, in every mode, by every way of computing that this processor has.

import Bytes
import Digests
import Testing

@Suite struct Blake3VectorTests {
  struct Case {
    let input: [UInt8]
    let mode: Blake3Mode
    let output: [UInt8]
  }

  static let levels = Blake3Level.allCases.filter { $0 <= .best }

  static func cases(_ level: Blake3Level) throws -> [Case] {
    let vectors = try Vectors(PackageResources.blake3_json)
    let key = Array(try #require(vectors["key"]?.string).utf8)
    let context = try #require(vectors["context_string"]?.string)
    let modes = [
      ("hash", Blake3Mode.plain(level: level)),
      ("keyed_hash", try Blake3Mode.keyed(key.span, level: level)),
      ("derive_key", Blake3Mode.deriving(context, level: level)),
    ]
    let cases = try #require(vectors["cases"]?.array)
    return try cases.flatMap { entry in
      let input = counted(Int(try #require(entry["input_len"]?.integer)))
      return try modes.map { name, mode in
        Case(input: input, mode: mode, output: try entry.bytes(name))
      }
    }
  }

  @Test(arguments: levels)
  func `every vector holds when hashed at once`(_ level: Blake3Level) throws {
    let cases = try Self.cases(level)
    #expect(cases.count == 105)
    for vector in cases {
      #expect(Blake3.digest(of: vector.input, vector.mode).bytes == Array(vector.output[..<32]))
    }
  }

  @Test(arguments: levels)
  func `every vector holds when hashed in odd pieces, output of any length included`(
    _ level: Blake3Level
  ) throws {
    for vector in try Self.cases(level) {
      var hasher = Blake3(vector.mode)
      var rest = vector.input[...]
      var size = 1
      while !rest.isEmpty {
        hasher.update(Array(rest.prefix(size)))
        rest = rest.dropFirst(size)
        size = (size * 3 + 1) % 4_099
      }
      #expect(hasher.output(count: vector.output.count) == vector.output)
      #expect(hasher.output(count: 70, from: 61) == Array(vector.output[61...]))
      #expect(hasher.digest().bytes == Array(vector.output[..<32]))
    }
  }

  @Test(arguments: levels)
  func `every vector holds when one of many`(_ level: Blake3Level) throws {
    let longest = counted(110_000)
    for name in ["hash", "keyed_hash", "derive_key"] {
      let vectors = try Self.cases(level).enumerated().filter {
        $0.offset % 3 == ["hash", "keyed_hash", "derive_key"].firstIndex(of: name)
      }.map(\.element)
      let mode = try #require(vectors.first?.mode)
      let digests = Blake3.digests(
        of: vectors.map { 0..<$0.input.count }, in: longest.span, mode)
      #expect(digests.map(\.bytes) == vectors.map { Array($0.output[..<32]) })
    }
  }
}
