// What a figure says of its runs, its rival and its bar.

import Bench
import Testing

@Suite struct FigureTests {
  private func figure(
    _ quantity: Quantity, _ ours: [Double], _ theirs: [Double]? = nil, bar: Bar? = nil
  ) -> Figure {
    Figure(
      name: "f", quantity: quantity, runs: Runs(ours),
      rival: theirs.map { Rival(name: "r", result: .measured(Runs($0))) }, bar: bar)
  }

  @Test func `the median stands between the lowest and the highest`() {
    #expect(Runs([5, 1, 100]).median == 5)
    #expect(Runs([4, 1, 2, 100]).median == 3)
    #expect(Runs([7]).median == 7)
    #expect(Runs([5, 1, 100]).lowest == 1)
    #expect(Runs([5, 1, 100]).highest == 100)
  }

  @Test func `a rate meets its bar from above and a cost from below`() {
    #expect(figure(.perSecond, [95], [100], bar: .ratio(0.95)).isMet == true)
    #expect(figure(.perSecond, [94], [100], bar: .ratio(0.95)).isMet == false)
    #expect(figure(.seconds, [1.2], [1], bar: .ratio(1.3)).isMet == true)
    #expect(figure(.seconds, [1.4], [1], bar: .ratio(1.3)).isMet == false)
    #expect(figure(.bytesPerSecond, [5e9], bar: .value(5e9)).isMet == true)
    #expect(figure(.bytes, [481], bar: .value(480)).isMet == false)
    #expect(figure(.bytes, [481]).isMet == nil)
  }

  @Test func `what burdens somebody meets its bar from below, and is spelled by what it is`() {
    for quantity in [Quantity.traffic, .times, .share] {
      #expect(figure(quantity, [1], bar: .value(2)).isMet == true)
      #expect(figure(quantity, [3], bar: .value(2)).isMet == false)
      #expect(figure(quantity, [0], bar: .value(0)).isMet == true)
    }
    #expect(Quantity.traffic.spelled(1_380) == "1.38 kB/s")
    #expect(Quantity.times.spelled(1.4) == "1.40/s")
    #expect(Quantity.share.spelled(0.0042) == "0.42 %")
  }

  @Test func `a bar of two parts needs both, or one, as it says`() {
    let both = Bar.both(ratio: 0.4, value: 500)
    #expect(figure(.perSecond, [600], [1_000], bar: both).isMet == true)
    #expect(figure(.perSecond, [400], [500], bar: both).isMet == false)
    #expect(figure(.perSecond, [600], [2_000], bar: both).isMet == false)
    #expect(figure(.perSecond, [600], bar: both).isMet == nil)
    let either = Bar.either(ratio: 1.3, value: 0.02)
    #expect(figure(.seconds, [0.019], [0.001], bar: either).isMet == true)
    #expect(figure(.seconds, [0.13], [0.1], bar: either).isMet == true)
    #expect(figure(.seconds, [0.14], [0.1], bar: either).isMet == false)
  }

  @Test func `a missing rival is never beaten`() {
    let figure = Figure(
      name: "f", quantity: .perSecond, runs: Runs([1]),
      rival: Rival(name: "r", result: .missing("gone")), bar: .ratio(0.5))
    #expect(figure.ratio == nil)
    #expect(figure.isMet == nil)
  }

  @Test(
    arguments: [
      (.bytesPerSecond, 6.412e9, "6.41 GB/s"), (.bytesPerSecond, 999.6, "1.00 kB/s"),
      (.seconds, 61.24e-9, "61.2 ns"), (.seconds, 1.5e-4, "150 us"), (.seconds, 12, "12.0 s"),
      (.perSecond, 59_432, "59.4k/s"), (.perSecond, 12, "12.0/s"), (.bytes, 480, "480 B"),
      (.bytes, 0, "0.00 B"), (.seconds, 0, "0.00 ns"), (.bytes, 5e15, "5000 TB"),
    ] as [(Quantity, Double, String)])
  func `values are spelled with three digits`(
    _ quantity: Quantity, _ value: Double, _ text: String
  ) {
    #expect(quantity.spelled(value) == text)
  }
}
