// Figures that stand still, and room that is shared.

import Ambient
import Terminal
import Testing
import Widgets

@Suite struct FiguresTests {
  let figures = Figures(Brush(.unicode))

  @Test(arguments: [0, 1, 999, 1_000, 1_023, 1_024, 999_999, 1_048_576, 5_000_000_000, Int.max])
  func `sizes, rates and counts always take the same columns`(_ number: Int) {
    #expect(figures.bytes(ByteCount(number)).count == Figures.bytesColumns)
    #expect(figures.rate(ByteCount(number)).count == Figures.rateColumns)
    #expect(figures.count(number).count == Figures.countColumns)
  }

  @Test(arguments: [
    (0, "   0 s"), (999, "999 ns"), (850_000, "850 µs"), (12_000_000, " 12 ms"),
    (999_999_999, "999 ms"), (3_440_000_000, " 3.4 s"), (9_940_000_000, " 9.9 s"),
    (9_960_000_000, "   9 s"), (59_900_000_000, "  59 s"), (200_000_000_000, " 3m20s"),
    (7_500_000_000_000, " 2h05m"), (273_600_000_000_000, " 3d04h"),
    (10_368_000_000_000_000, "  120d"), (-5, "   0 s"), (Int.max, "99999d"),
  ])
  func `a duration is read at a glance, in six columns`(_ nanoseconds: Int, _ text: String) {
    let spelled = figures.duration(.nanoseconds(nanoseconds))
    #expect(nanoseconds == .max ? spelled.count == 7 || spelled.count == 6 : spelled == text)
  }

  @Test(arguments: [
    (0.0, "  0 %"), (0.001, " <1 %"), (0.07, "  7 %"), (0.999, " 99 %"), (1.0, "100 %"),
    (1.2, "120 %"), (-1, "  0 %"), (99, "999 %"),
  ])
  func `a share is all or nothing only when it is`(_ share: Double, _ text: String) {
    #expect(figures.share(share) == text)
  }

  @Test func `what is not known is never nought`() {
    for text in [
      figures.bytes(nil), figures.rate(nil), figures.count(nil), figures.duration(nil),
      figures.share(nil),
    ] {
      #expect(text.hasSuffix("–") && !text.contains("0"))
    }
    #expect(Figures(Brush(.ascii)).count(nil) == "      -")
  }

  @Test(arguments: [
    (999_999, "999,999"), (1_000_000, " 1.00 M"), (12_345_678, " 12.3 M"), (999_600_000, " 1.00 G"),
    (-1_000, " -1,000"), (0, "      0"),
  ])
  func `a count is exact as long as it fits`(_ number: Int, _ text: String) {
    #expect(figures.count(number) == text)
    #expect(Figures.grouped(1_234_567) == "1,234,567")
    #expect(Figures.grouped(-999) == "-999")
  }
}

@Suite struct LayoutTests {
  let shares = [
    Share(minimum: 10, ideal: 20, priority: 3),
    Share(minimum: 10, ideal: 30, weight: 1, priority: 1),
    Share(minimum: 10, ideal: 10, weight: 1, priority: 2),
  ]

  @Test(
    arguments: [
      (100, [20, 49, 29]), (62, [20, 30, 10]), (50, [20, 18, 10]), (32, [10, 10, 10]),
      (31, [20, nil, 10]), (20, [20, nil, nil]), (15, [15, nil, nil]), (5, [5, nil, nil]),
      (0, [nil, nil, nil]),
    ] as [(Int, [Int?])])
  func `what matters least goes first, and what is left is shared`(_ extent: Int, _ sizes: [Int?]) {
    #expect(shared(extent, among: shares, gap: 1).map { $0?.count } == sizes)
  }

  @Test func `nothing ever overlaps or leaves the room there is`() {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<2_000 {
      let shares = (0..<(1 + random.below(6))).map { _ in
        let minimum = random.below(20)
        return Share(
          minimum: minimum, ideal: minimum + random.below(20), weight: random.below(3),
          priority: random.below(4))
      }
      let extent = random.below(90)
      var end = 0
      for range in shared(extent, among: shares, gap: 1).compactMap({ $0 }) {
        #expect(range.lowerBound >= end && range.upperBound <= extent)
        end = range.upperBound
      }
    }
  }

  @Test func `a region is shared in rows and in columns`() {
    let region = Region(row: 2, column: 3, rows: 30, columns: 100)
    #expect(region.rows(shares)[0] == Region(row: 2, column: 3, rows: 10, columns: 100))
    #expect(region.columns(shares, gap: 1)[1] == Region(row: 2, column: 24, rows: 30, columns: 49))
  }
}

@Suite struct ListCursorTests {
  @Test func `the cursor stays on what it is on when the list is sorted anew`() {
    var cursor = ListCursor<String>()
    var list = (0..<100).map { "f\($0)" }
    func follow() {
      cursor.follow(
        count: list.count, rows: 10, place: { list.firstIndex(of: $0) }, identity: { list[$0] })
    }
    follow()
    #expect(cursor.selected == "f0")
    cursor.move(by: 25, rows: 10, of: list.count) { list[$0] }
    #expect(cursor.selected == "f25")
    #expect(cursor.visible(rows: 10, of: 100) == 16..<26)
    list.reverse()
    follow()
    #expect(cursor.selected == "f25")
    #expect(cursor.index == 74)
    #expect(cursor.visible(rows: 10, of: 100) == 65..<75, "it stays on its line of the screen")
    list.removeAll { $0 == "f25" }
    follow()
    #expect(cursor.selected == "f24", "what took its row is selected")
    list = ["only"]
    follow()
    #expect(cursor.selected == "only" && cursor.top == 0)
    list = []
    follow()
    #expect(cursor.selected == nil)
    #expect(cursor.visible(rows: 10, of: 0).isEmpty)
  }

  @Test func `moving ends at the ends, and what is selected is always seen`() {
    var cursor = ListCursor<Int>()
    var random = SeededGenerator(seed: 9)
    for _ in 0..<1_000 {
      let (count, rows) = (1 + random.below(50), 1 + random.below(12))
      cursor.follow(count: count, rows: rows, place: { $0 < count ? $0 : nil }, identity: { $0 })
      cursor.move(by: random.below(41) - 20, rows: rows, of: count) { $0 }
      #expect((0..<count).contains(cursor.index))
      #expect(cursor.visible(rows: rows, of: count).contains(cursor.index))
    }
  }
}
