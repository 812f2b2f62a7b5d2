// The steps of a rehearsal that shrink the store: merging, retention, named events, an entity. What was
// asked for may be gone afterwards, as a whole or in part when the machine died, and nothing else.

import Ambient
import EventStore

extension StoreRehearsal {
  /// Compacts in one of the ways.
  mutating func compact() throws {
    guard let store else { return }
    let request = try request()
    do throws(StoreError) {
      try store.compact(request)
      try model.judgeRemovals(store.reader)
    } catch {
      switch error {
      case .compaction:
        // One before it could not take its files back; the next open settles that.
        return
      default: try meet(error)
      }
    }
  }

  private mutating func request() throws -> CompactionRequest {
    let merges = generator.chance(oneIn: 2)
    let known = model.acknowledged
    let last = known.map(\.sequence).max() ?? 1
    let bytesMax = generator.chance(oneIn: 2) ? 24_576 : 1 << 20
    switch generator.below(6) {
    case 0, 1: return CompactionRequest(mergedBytesMax: bytesMax)
    case 2, 3:
      let below = UInt64(generator.below(Int(last))) + 1
      let category = generator.chance(oneIn: 2)
      model.allowRemoval { $0.sequence < below }
      return CompactionRequest(
        removing: .below(below, category ? Region(kind: .category(1)) : .everything),
        merges: merges, mergedBytesMax: bytesMax)
    case 4:
      var named: Set<UInt64> = []
      for _ in 0..<min(known.count, 4) {
        named.insert(known[generator.below(known.count)].sequence)
      }
      model.allowRemoval { named.contains($0.sequence) }
      return CompactionRequest(
        removing: .events(named), merges: merges, mergedBytesMax: bytesMax)
    default:
      let entity = "file:\(generator.below(6))"
      model.allowRemoval { $0.header.coordinate.entity == entity }
      return CompactionRequest(
        removing: .region(Region(entityPrefix: entity)), merges: merges, mergedBytesMax: bytesMax)
    }
  }

  /// A retry long after the append gets its receipt, whatever became of the event since.
  mutating func retryLate() throws {
    guard !keyed.isEmpty else { return }
    let (event, receipt) = keyed[generator.below(keyed.count)]
    if let key = event.key { try retry(event, key, receipt) }
  }
}

extension StoreModel {
  /// Notes what went; all of it was asked for.
  mutating func judgeRemovals(_ reader: EventReader) throws(StoreError) {
    let last = try reader.lastSequence
    for receipt in acknowledged
    where receipt.sequence <= last && removable.contains(receipt.sequence) {
      do throws(StoreError) {
        _ = try reader.event(receipt.sequence)
      } catch .removed {
        removed.insert(receipt.sequence)
      }
    }
  }
}
