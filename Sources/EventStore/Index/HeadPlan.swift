// Which table of heads is made next, decided from the catalog alone: eight neighbouring tables of one
// size first, then eight neighbouring segments that no table stands for. Nothing is read for that but
// what is in memory.

/// What is put together next.
struct HeadPlan {
  private enum Material {
    case segments([FooterIndex])
    case tables([HeadTable])
  }

  let run: HeadRun
  private let material: Material

  /// The next table that the segments want; nil when there is none.
  init?(_ catalog: Catalog) {
    guard let plan = Self.merge(catalog) ?? Self.build(catalog) else { return nil }
    self = plan
  }

  private init(_ run: HeadRun, _ material: Material) {
    self.run = run
    self.material = material
  }

  /// Where its rows come from.
  var sources: [HeadRowSource] {
    switch material {
    case .segments(let footers):
      return footers.enumerated().map { HeadRowSource($1, number: $0) }
    case .tables(let tables):
      var sources: [HeadRowSource] = []
      var number = 0
      for table in tables {
        sources.append(HeadRowSource(table, number: number))
        number += table.run.segments.count
      }
      return sources
    }
  }

  /// Neighbouring tables of one size.
  private static func merge(_ catalog: Catalog) -> HeadPlan? {
    let tables = catalog.heads
    var low = 0
    for index in tables.indices {
      if index > low, !tables[index].run.continues(tables[index - 1].run) { low = index }
      guard index - low + 1 == HeadKeeper.fanIn else { continue }
      let merged = tables[low...index]
      let segments = merged.flatMap(\.run.segments)
      guard segments.count <= HeadTable.segmentsMax else {
        // These stay as they are, and newer ones may be merged all the same.
        low = index + 1
        continue
      }
      let sequences =
        tables[low].run.sequences.lowerBound...tables[index].run.sequences.upperBound
      return HeadPlan(
        HeadRun(sequences: sequences, root: tables[index].run.root, segments: segments),
        .tables(Array(merged)))
    }
    return nil
  }

  /// Neighbouring segments without a table.
  private static func build(_ catalog: Catalog) -> HeadPlan? {
    var low = 0
    for (index, segment) in catalog.segments.enumerated() {
      guard let footer = segment.sealed, footer.count > 0,
        !catalog.hasHeads(over: footer.firstSequence)
      else {
        low = index + 1
        continue
      }
      guard index - low + 1 == HeadKeeper.fanIn else { continue }
      let segments = catalog.segments[low...index]
      return HeadRun(segments).map { HeadPlan($0, .segments(segments.compactMap(\.sealed))) }
    }
    return nil
  }
}

extension Catalog {
  /// Whether a table stands for the segment that begins with this sequence.
  fileprivate func hasHeads(over sequence: UInt64) -> Bool {
    let place = heads.partition { $0.run.sequences.upperBound >= sequence }
    return place < heads.count && heads[place].run.sequences.contains(sequence)
  }
}

extension Segment {
  /// The footer, once the segment is sealed.
  fileprivate var sealed: FooterIndex? { tail == nil ? footer : nil }
}

extension HeadRun {
  /// The run over exactly these sequences; nil when segments do not begin and end there, or wait for
  /// their footers.
  init?(_ sequences: ClosedRange<UInt64>, of segments: [Segment]) {
    let low = segments.partition { $0.firstSequence >= sequences.lowerBound }
    let high = segments.partition { $0.firstSequence > sequences.upperBound }
    guard low < high else { return nil }
    self.init(segments[low..<high])
    guard self.sequences == sequences else { return nil }
  }

  /// The run of neighbouring segments; nil unless all of them are sealed.
  fileprivate init?(_ segments: ArraySlice<Segment>) {
    guard let first = segments.first, let last = segments.last, let root = last.sealed?.root,
      segments.allSatisfy({ $0.sealed != nil }), first.firstSequence <= last.lastSequence
    else { return nil }
    self.init(
      sequences: first.firstSequence...last.lastSequence, root: root,
      segments: segments.map(\.name))
  }

  /// How often eight were put together for it.
  private var level: Int {
    var (rest, level) = (segments.count, 0)
    while rest >= HeadKeeper.fanIn {
      rest /= HeadKeeper.fanIn
      level += 1
    }
    return level
  }

  /// Whether it begins where the other ends, and is of its size.
  fileprivate func continues(_ other: HeadRun) -> Bool {
    level == other.level && other.sequences.upperBound + 1 == sequences.lowerBound
  }
}
