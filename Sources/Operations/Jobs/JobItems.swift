// The items of a job, read back from the log as they are needed: where each chunk is stays in memory,
// what is in it does not, but for the two that were read last. Before the first item is given out the
// chunks are compared with the plan that the job's intent names.

internal import Digests
internal import EventStore
internal import Synchronization

/// Why a job's items cannot be had, as a sentence.
struct JobItemsFault: Error, Equatable, Sendable {
  let sentence: String
}

/// A job's items.
final class JobItems: Sendable {
  private struct Place {
    let range: Range<Int>
    let sequence: UInt64
  }
  private struct State {
    /// Where the chunks of items are, once that is known.
    var places: [Place]?
    var read: [PlanChunkItems] = []
  }
  private struct PlanChunkItems {
    let range: Range<Int>
    let items: [PlanItem]
  }

  private static let chunksKept = 2
  private static let chunksAtOnce = 16

  private let intent: JobIntent
  private let reader: EventReader
  private let state = Mutex(State())

  init(_ intent: JobIntent, _ reader: EventReader) {
    self.intent = intent
    self.reader = reader
  }

  /// The item of an index.
  func item(_ index: Int) throws(JobItemsFault) -> PlanItem {
    let (places, found) = state.withLock { state in
      (state.places, state.read.first { $0.range.contains(index) })
    }
    if let found { return found.items[index - found.range.lowerBound] }
    let known = if let places { places } else { try findPlaces() }
    guard let place = known.first(where: { $0.range.contains(index) }) else {
      throw JobItemsFault(sentence: "item \(index) is in no chunk of \(intent.job)")
    }
    let chunk = try chunk(try event(place.sequence))
    guard let items = chunk.items, chunk.range == place.range else { throw damaged }
    state.withLock { state in
      state.read.append(PlanChunkItems(range: chunk.range, items: items))
      if state.read.count > Self.chunksKept { state.read.removeFirst() }
    }
    return items[index - chunk.range.lowerBound]
  }

  /// Finds all chunks, and compares them with the plan.
  private func findPlaces() throws(JobItemsFault) -> [Place] {
    var places: [Place] = []
    var digests: [Blake3Digest] = []
    let region = Region(
      entityPrefix: "\(intent.job)", scope: EffectKind.scope, kind: .exactly(EffectKind.planChunk))
    var position: UInt64 = 0
    while true {
      let page = try page(region, after: position)
      for event in page.events {
        let chunk = try chunk(event)
        digests.append(chunk.digest)
        if chunk.content == .items {
          places.append(Place(range: chunk.range, sequence: event.header.sequence))
        }
      }
      if page.isEnd { break }
      position = page.position
    }
    let found = Plan.digest(intent.operation, canonicalDigest(intent.input), digests)
    guard digests.count == intent.chunks, found == intent.plan else { throw damaged }
    state.withLock { [places] in $0.places = places }
    return places
  }

  private var damaged: JobItemsFault {
    JobItemsFault(sentence: "the items of \(intent.job) in the log are not those of its plan")
  }

  private func chunk(_ event: Event) throws(JobItemsFault) -> PlanChunk {
    guard let bytes = event.bytes else {
      throw JobItemsFault(sentence: "items of \(intent.job) cannot be read any more")
    }
    guard let chunk = PlanChunk(decoding: bytes) else { throw damaged }
    return chunk
  }

  private func event(_ sequence: UInt64) throws(JobItemsFault) -> Event {
    do throws(StoreError) {
      return try reader.event(sequence)
    } catch {
      throw JobItemsFault(sentence: "\(error)")
    }
  }

  private func page(_ region: Region, after position: UInt64) throws(JobItemsFault) -> Page {
    do throws(StoreError) {
      return try reader.events(in: region, after: position, limit: Self.chunksAtOnce)
    } catch {
      throw JobItemsFault(sentence: "\(error)")
    }
  }
}
