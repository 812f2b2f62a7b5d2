// One cell of a screen in sixteen bytes: a scalar that takes one column or two, up to three marks
// that combine with it, and its style. A wide scalar stands in its first column; the column behind it
// holds a continuation, which has no scalar of its own.

/// What stands in one column of one row.
package struct Cell: Hashable, Sendable {
  /// 0 in a continuation.
  private var base: UInt32
  package var style: Style
  /// How many columns its scalar takes; 0 in a continuation.
  package private(set) var columns: UInt8
  /// Combining scalars in 21 bits each, the first lowest.
  private var marks: UInt64

  /// The most marks that are kept; more are not shown.
  package static let marksMax = 3

  /// A space.
  package init(blank style: Style = Style()) {
    self.init(scalar: " ", columns: 1, style: style)
  }

  /// A scalar that takes this many columns, 1 or 2.
  package init(scalar: Unicode.Scalar, columns: Int, style: Style) {
    base = scalar.value
    self.style = style
    self.columns = UInt8(columns)
    marks = 0
  }

  /// The second half of what stands left of it.
  package static func continuation(_ style: Style) -> Cell {
    var cell = Cell(blank: style)
    cell.base = 0
    cell.columns = 0
    return cell
  }

  package var isContinuation: Bool { columns == 0 }
  package var isWide: Bool { columns == 2 }
  package var isBlank: Bool { base == 0x20 && marks == 0 }

  /// Adds a mark that takes no column; false when there is no room for it.
  @discardableResult
  package mutating func combine(_ mark: Unicode.Scalar) -> Bool {
    for shift in stride(from: 0, to: 21 * Self.marksMax, by: 21)
    where marks >> UInt64(shift) & 0x1F_FFFF == 0 {
      marks |= UInt64(mark.value) << UInt64(shift)
      return true
    }
    return false
  }

  /// The scalar and its marks; empty for a continuation.
  package var scalars: [UInt32] {
    guard !isContinuation else { return [] }
    var all = [base]
    var rest = marks
    while rest != 0 {
      all.append(UInt32(rest & 0x1F_FFFF))
      rest >>= 21
    }
    return all
  }

  /// The same as text.
  package var text: String {
    var text = ""
    for value in scalars {
      guard let scalar = Unicode.Scalar(value) else { continue }
      text.unicodeScalars.append(scalar)
    }
    return text
  }

  /// True when it can be shown where only ASCII can.
  package var isASCII: Bool { base < 0x80 && marks == 0 }
}
