// Colours in sRGB, and the two questions that are asked of them: how far apart two look, answered in
// Oklab, where equal distances look equally far; and how well one reads on the other, answered by the
// contrast of WCAG 2. There is no mathematics library here, so roots are found by Newton's way.

/// A colour in sRGB.
package struct Colour: Hashable, Sendable {
  package let red: UInt8
  package let green: UInt8
  package let blue: UInt8

  package init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// `0xRRGGBB`.
  package init(_ code: UInt32) {
    self.init(
      UInt8(truncatingIfNeeded: code >> 16), UInt8(truncatingIfNeeded: code >> 8),
      UInt8(truncatingIfNeeded: code))
  }

  /// Reads `#rrggbb` or `#rgb`.
  package init?(parsing text: some StringProtocol) {
    let digits = text.dropFirst()
    guard text.first == "#", digits.allSatisfy(\.isHexDigit), digits.allSatisfy(\.isASCII)
    else { return nil }
    let full =
      digits.count == 3 ? digits.map { "\($0)\($0)" }.joined() : String(digits)
    guard full.count == 6, let code = UInt32(full, radix: 16) else { return nil }
    self.init(code)
  }

  /// How well text in the one reads on the other: from 1, not at all, to 21.
  package func contrast(with other: Colour) -> Double {
    let (one, two) = (luminance, other.luminance)
    return (max(one, two) + 0.05) / (min(one, two) + 0.05)
  }

  /// How far apart both look; 0 is the same, black and white are 1 apart.
  package func distance(to other: Colour) -> Double {
    oklab.distance(to: other.oklab)
  }

  /// The colour between both; 0 is this one, 1 the other.
  package func mixed(with other: Colour, _ share: Double) -> Colour {
    let (a, b) = (oklab, other.oklab)
    return Oklab(
      lightness: a.lightness + (b.lightness - a.lightness) * share,
      a: a.a + (b.a - a.a) * share, b: a.b + (b.b - a.b) * share
    ).colour
  }

  private var linear: (red: Double, green: Double, blue: Double) {
    (linearised(red), linearised(green), linearised(blue))
  }

  private var luminance: Double {
    let (red, green, blue) = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }

  var oklab: Oklab {
    let (red, green, blue) = linear
    let long = cubeRoot(0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue)
    let medium = cubeRoot(0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue)
    let short = cubeRoot(0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue)
    return Oklab(
      lightness: 0.210_454_255_3 * long + 0.793_617_785_0 * medium - 0.004_072_046_8 * short,
      a: 1.977_998_495_1 * long - 2.428_592_205_0 * medium + 0.450_593_709_9 * short,
      b: 0.025_904_037_1 * long + 0.782_771_766_2 * medium - 0.808_675_766_0 * short)
  }
}

extension Colour: CustomStringConvertible {
  /// `#rrggbb`.
  package var description: String {
    "#"
      + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

/// A colour by how it looks: lightness, green to red, blue to yellow.
struct Oklab: Sendable {
  let lightness: Double
  let a: Double
  let b: Double

  func distance(to other: Oklab) -> Double {
    let (l, a, b) = (lightness - other.lightness, self.a - other.a, self.b - other.b)
    return (l * l + a * a + b * b).squareRoot()
  }

  var colour: Colour {
    func cubed(_ value: Double) -> Double { value * value * value }
    let long = cubed(lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b)
    let medium = cubed(lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b)
    let short = cubed(lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b)
    return Colour(
      encoded(4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short),
      encoded(-1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short),
      encoded(-0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short))
  }
}

private let linearValues: [Double] = (0...255).map { level in
  let value = Double(level) / 255
  return value <= 0.04045 ? value / 12.92 : power12Fifths((value + 0.055) / 1.055)
}

private func linearised(_ level: UInt8) -> Double { linearValues[Int(level)] }

/// The level of sRGB nearest to a linear value.
private func encoded(_ value: Double) -> UInt8 {
  let above = linearValues.partitioningIndex { $0 >= value }
  guard above > 0 else { return 0 }
  guard above < 256 else { return 255 }
  let isNearer = linearValues[above] - value < value - linearValues[above - 1]
  return UInt8(isNearer ? above : above - 1)
}

/// value^2.4, for values from 0 to 1.
private func power12Fifths(_ value: Double) -> Double {
  let square = value * value
  return square * root(square, 5)
}

private func cubeRoot(_ value: Double) -> Double { root(value, 3) }

private func root(_ value: Double, _ degree: Int) -> Double {
  guard value > 0 else { return 0 }
  var guess = max(value, 0.25)
  for _ in 0..<64 {
    var power = 1.0
    for _ in 1..<degree { power *= guess }
    let next = (Double(degree - 1) * guess + value / power) / Double(degree)
    if next == guess { break }
    guess = next
  }
  return guess
}

extension [Double] {
  /// The first index for which it holds, in an array where it holds from some place on.
  fileprivate func partitioningIndex(_ holds: (Double) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
