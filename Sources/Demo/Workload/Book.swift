// What the depot's server has done, and so what must be where. The engine is judged by this book: it was
// kept by whoever wrote the files, before anything was asked of the engine.
//
//   named    = standing + deleted + renamed        each a number of names
//   standing = dirty + clean + failed              as the manifest has them

package import DurableFiles

/// What the workload did, in numbers.
package struct ChoreCounts: Equatable, Sendable {
  /// Files that were made.
  package var created = 0
  package var rewritten = 0
  package var renamed = 0
  package var deleted = 0
  /// Files that were read and compared, by where they were.
  package var readHot = 0
  package var readCold = 0
  package var writtenBytes: UInt64 = 0
  package var readBytes: UInt64 = 0
  /// What was refused, by code; the file is as it was before.
  package var refusals: [String: Int] = [:]

  package init() {}

  package static func + (left: ChoreCounts, right: ChoreCounts) -> ChoreCounts {
    var sum = left
    sum.created += right.created
    sum.rewritten += right.rewritten
    sum.renamed += right.renamed
    sum.deleted += right.deleted
    sum.readHot += right.readHot
    sum.readCold += right.readCold
    sum.writtenBytes += right.writtenBytes
    sum.readBytes += right.readBytes
    sum.refusals.merge(right.refusals) { $0 + $1 }
    return sum
  }
}

/// The files that must be there, and what happened to the others.
package struct Book: Sendable {
  /// Every file that must be there, with its bytes.
  package private(set) var standing: [FilePath: Edition] = [:]
  /// Names whose deletion was not confirmed; they may be there or not until it is.
  package private(set) var owed: [FilePath] = []
  /// Files whose stored copy was damaged on purpose, and how many ever were.
  package private(set) var damaged: Set<FilePath> = []
  package private(set) var damagedEver = 0
  package private(set) var chores = ChoreCounts()
  /// Bytes that came back and were not those that were written; at most `differencesMax`.
  package private(set) var differences: [String] = []
  /// The order in which files are drawn; a file leaves by swapping with the last.
  private var order: [FilePath] = []
  private var places: [FilePath: Int] = [:]

  /// The most differences that are told.
  package static let differencesMax = 100

  package init() {}

  /// A standing file by its place in an order that only chores change.
  func file(at index: Int) -> FilePath { order[index] }

  mutating func created(_ path: FilePath, _ edition: Edition) {
    stand(path, edition)
    chores.created += 1
    chores.writtenBytes += UInt64(edition.size)
  }

  mutating func rewritten(_ path: FilePath, _ edition: Edition) {
    standing[path] = edition
    damaged.remove(path)
    chores.rewritten += 1
    chores.writtenBytes += UInt64(edition.size)
  }

  mutating func read(_ path: FilePath, wasHot: Bool) {
    if wasHot { chores.readHot += 1 } else { chores.readCold += 1 }
    chores.readBytes += UInt64(standing[path]?.size ?? 0)
  }

  /// The file has its new name; the old one is deleted as soon as that is confirmed.
  mutating func renamed(_ path: FilePath, to next: FilePath) {
    guard let edition = standing[path] else { return }
    fall(path)
    stand(next, edition)
    chores.renamed += 1
    owed.append(path)
  }

  /// The file is no more wanted; that is owed until it is confirmed.
  mutating func dropped(_ path: FilePath) {
    fall(path)
    chores.deleted += 1
    owed.append(path)
  }

  /// The deletion of a name was confirmed.
  mutating func settled(_ path: FilePath) { owed.removeAll { $0 == path } }

  mutating func refused(_ code: String) { chores.refusals[code, default: 0] += 1 }

  mutating func damaged(_ path: FilePath) {
    damaged.insert(path)
    damagedEver += 1
  }

  mutating func differs(_ sentence: String) {
    if differences.count < Self.differencesMax { differences.append(sentence) }
  }

  private mutating func stand(_ path: FilePath, _ edition: Edition) {
    standing[path] = edition
    places[path] = order.count
    order.append(path)
  }

  private mutating func fall(_ path: FilePath) {
    standing[path] = nil
    damaged.remove(path)
    guard let place = places.removeValue(forKey: path) else { return }
    let last = order.removeLast()
    if place < order.count {
      order[place] = last
      places[last] = place
    }
  }
}
