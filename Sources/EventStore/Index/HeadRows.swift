// Rows for a table of heads, in the order of their keys: out of a segment's footer, out of a table that
// is there already, and out of several of these at once. None of them has all of its rows in memory: a
// table is read bucket by bucket, and the keys of a footer, which lie there in the order of names, are
// computed and sorted one slice of their range after the other.

internal import Digests

/// The rows of one source; segments are counted from the oldest of the run that is made.
struct HeadRowSource {
  private enum Material {
    case rows
    case footer(FooterIndex, slices: UInt32)
    case table(HeadTable)
  }

  /// About how many rows of a footer are in memory at once.
  static let sliceRows = 131_072

  private let material: Material
  /// The number of the source's first segment in the run.
  private let first: UInt32
  /// Rows that are in memory, and how many of them were given.
  private var rows: [HeadRow] = []
  private var given = 0
  /// How many buckets or slices were begun.
  private var parts = 0

  /// Rows in the order of their keys.
  init(_ rows: [HeadRow]) {
    material = .rows
    first = 0
    self.rows = rows
  }

  /// The streams of a segment that is sealed.
  init(_ footer: FooterIndex, number: Int, sliceRows: Int = Self.sliceRows) {
    material = .footer(footer, slices: UInt32(footer.streamCount / sliceRows + 1))
    first = UInt32(number)
  }

  /// The rows of a table whose first segment has this number.
  init(_ table: HeadTable, number: Int) {
    material = .table(table)
    first = UInt32(number)
  }

  /// The next row, or nil behind the last.
  mutating func next() throws(FormatFault) -> HeadRow? {
    while given == rows.count {
      guard let more = try part(parts) else { return nil }
      (rows, given, parts) = (more, 0, parts + 1)
    }
    given += 1
    return HeadRow(key: rows[given - 1].key, segment: rows[given - 1].segment + first)
  }

  /// The rows of a bucket or a slice; nil behind the last.
  private func part(_ number: Int) throws(FormatFault) -> [HeadRow]? {
    switch material {
    case .rows: return nil
    case .footer(let footer, let slices):
      guard number < Int(slices) else { return nil }
      return footer.streamKeys { HeadTable.bucket(of: $0.high, among: slices) == number }
        .sorted().map { HeadRow(key: $0, segment: 0) }
    case .table(let table):
      guard number < Int(table.buckets) else { return nil }
      guard let rows = table.rows(of: number) else {
        throw FormatFault("has a bucket that does not match its checksum")
      }
      return rows
    }
  }
}

/// The rows of several sources, each key once and with the newest segment that has it.
struct HeadRowMerge {
  private var sources: [HeadRowSource]
  private var waiting: [HeadRow?] = []

  init(_ sources: [HeadRowSource]) throws(FormatFault) {
    self.sources = sources
    for index in sources.indices { waiting.append(try self.sources[index].next()) }
  }

  /// The next row, or nil behind the last.
  mutating func next() throws(FormatFault) -> HeadRow? {
    var least: HeadRow?
    for case let row? in waiting {
      if let known = least, (known.key, row.segment) < (row.key, known.segment) { continue }
      least = row
    }
    guard let least else { return nil }
    for index in waiting.indices {
      while let row = waiting[index], row.key == least.key {
        waiting[index] = try sources[index].next()
      }
    }
    return least
  }
}
