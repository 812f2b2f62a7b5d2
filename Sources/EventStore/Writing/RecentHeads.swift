// The last events of the streams that were appended to lately, as the next append finds them: those
// that are prepared and not committed yet among them. A head has a place that does not change, so
// that what is computed of it later is put there without looking for it again.

/// The last event of a stream, as far as it was prepared.
struct RecentHead {
  /// 0 where the stream has none that is known.
  var sequence: UInt64 = 0
  var streamSequence: UInt64 = 0
  /// Nil until what was prepared together is settled.
  var commitment: Commitment?

  var isUnsettled: Bool { sequence > 0 && commitment == nil }

  /// What the next event of the stream names; nil when it is the first.
  var predecessor: Predecessor? {
    guard sequence > 0 else { return nil }
    guard let commitment else { preconditionFailure("a head is settled before it is followed") }
    return Predecessor(sequence: sequence, commitment: commitment)
  }
}

struct RecentHeads {
  private var numbers = StreamNumbers()
  private var heads: [RecentHead] = []

  var count: Int { heads.count }

  subscript(place: Int) -> RecentHead {
    get { heads[place] }
    set { heads[place] = newValue }
  }

  /// Where the head of a stream is.
  func place(of stream: StreamKey) -> Int? {
    numbers.number(of: stream)
  }

  /// Where the head of a stream is from now on, with nothing known of it if it was not there.
  mutating func insert(_ stream: StreamKey) -> Int {
    let place = numbers.insert(stream)
    if place == heads.count { heads.append(RecentHead()) }
    return place
  }

  /// The heads of these streams alone, at other places.
  func only(_ kept: [(stream: StreamKey, place: Int)]) -> RecentHeads {
    var heads = RecentHeads()
    for (stream, place) in kept { heads[heads.insert(stream)] = self[place] }
    return heads
  }
}
