// The names in a store's directory. Everything that the store makes is listed here.
//
//   store.larder            what store this is (authority)
//   origin.larder           what a fork descends from (authority)
//   snapshot.larder         what a snapshot is made of; until it is opened for writing
//   writer.lock             locked by the one writer; holds its process
//   live.words              how far the log is durable and visible, for other processes; regenerable
//   segments/               the log (authority)
//     FIRST-GENERATION.segment
//     FIRST-GENERATION.index    tables over a segment that is not sealed; regenerable
//     FIRST-GENERATION.pending  a segment that compaction wrote and that is not in force yet
//   heads/FIRST-LAST.heads      which segment has the last event of a stream; regenerable
//   cursors/NAME.cursor     where a named reader stands (authority)
//   projections/NAME.snapshot   folded state; regenerable
//   keys/keyset             the data keys, wrapped (authority)

internal import DurableFiles

enum StoreNames {
  static let meta: FilePath = "store.larder"
  static let origin: FilePath = "origin.larder"
  static let manifest: FilePath = "snapshot.larder"
  static let lock: FilePath = "writer.lock"
  static let words: FilePath = "live.words"
  static let segments: FilePath = "segments"
  static let heads: FilePath = "heads"
  static let keys: FilePath = "keys"
  static let cursors: FilePath = "cursors"
  static let projections: FilePath = "projections"

  static func segment(_ name: SegmentName) -> FilePath {
    segments.appending(Segment.fileName(name))
  }

  static func pending(_ name: SegmentName) -> FilePath {
    segments.appending(Segment.fileName(name).dropLast("segment".count) + "pending")
  }

  static func index(_ name: SegmentName) -> FilePath {
    segments.appending(Segment.fileName(name).dropLast("segment".count) + "index")
  }

  static func heads(_ run: ClosedRange<UInt64>) -> FilePath {
    heads.appending(
      sixteenDigits(run.lowerBound) + "-" + sixteenDigits(run.upperBound) + ".heads")
  }
}
