// What readers may see, at any moment and not only after a crash. What one of them saw is as good as
// acknowledged: it may never be lost, be taken back or come in halves, whoever asked for it and
// whatever they were told.

import EventStore

/// What a reader saw at one moment: everything behind a place, up to what was visible.
struct Sight {
  let after: UInt64
  let visible: UInt64
  let events: [(event: Event, receipt: Receipt)]
}

extension StoreModel {
  /// Holds what a reader saw in the middle of something against what became of it.
  mutating func judge(_ sight: Sight) throws {
    var seen: Set<String> = []
    for (event, receipt) in sight.events where !event.header.kind.isReserved {
      guard let payload = payload(of: event.header), let index = request(of: event.header) else {
        throw Broken("a reader saw \(event.header.id), which was never asked for")
      }
      if let bytes = event.bytes, !bytes.elementsEqual(payload.utf8) {
        throw Broken("a reader saw '\(Self.name(payload))' as other bytes")
      }
      if case .sealed = event.payload {
        throw Broken("a reader with keys saw '\(Self.name(payload))' sealed")
      }
      seen.insert(payload)
      try note(payload, receipt, in: index)
    }
    try checkWholeness(seen)
  }

  private mutating func note(_ payload: String, _ receipt: Receipt, in index: Int) throws {
    if let fence = requests[index].fence {
      switch fences[fence].fate {
      case .open, .cancelled:
        throw Broken("a reader saw '\(Self.name(payload))' of a fence that is not committed")
      case .committing: fences[fence].fate = .committed
      case .committed: break
      }
    }
    guard let member = requests[index].payloads.firstIndex(of: payload) else { return }
    switch requests[index].fates[member] {
    case .refused: throw Broken("a reader saw '\(Self.name(payload))', which was refused")
    case .unknown: set(.acknowledged(receipt), of: member, in: index)
    case .acknowledged(let known):
      guard known == receipt else {
        throw Broken("a reader saw another receipt of '\(Self.name(payload))'")
      }
    }
  }

  /// Batches and fences are seen whole, but for what compaction may have taken.
  private func checkWholeness(_ seen: Set<String>) throws {
    let touched = Set(seen.compactMap { request(of: $0) })
    for index in touched where !mayBeThinned(requests[index]) {
      guard requests[index].payloads.allSatisfy(seen.contains) else {
        throw Broken(
          "a reader saw a part of the batch of '\(Self.name(requests[index].payloads[0]))'")
      }
    }
    for fence in Set(touched.compactMap { requests[$0].fence }) {
      for member in fences[fence].members.map({ requests[$0] })
      where !member.receipts.isEmpty && !mayBeThinned(member) {
        guard member.payloads.allSatisfy(seen.contains) else {
          throw Broken("a reader saw a fence without its member '\(Self.name(member.payloads[0]))'")
        }
      }
    }
  }

  private func mayBeThinned(_ request: Request) -> Bool {
    request.receipts.contains { removable.contains($0.sequence) }
  }

  /// Holds what somebody was told of a part of the log against everything that was acknowledged
  /// there: nothing left out, nothing told that may not be seen, and in order.
  func check(
    _ told: [Event], of region: Region, behind start: UInt64, upTo end: UInt64, _ who: String
  ) throws {
    let known = acknowledged
    let sequences = Set(known.map(\.sequence))
    let heard = Set(told.map(\.header.sequence))
    var last = start
    for event in told {
      let sequence = event.header.sequence
      guard sequence > last, sequence <= end, region.contains(event.header) else {
        throw Broken("\(who) was told of event \(sequence) at the wrong place")
      }
      guard event.header.kind.isReserved || sequences.contains(sequence) else {
        throw Broken("\(who) was told of event \(sequence), which nobody may see")
      }
      last = sequence
    }
    for receipt in known
    where receipt.sequence > start && receipt.sequence <= end && region.contains(receipt.header)
      && !removable.contains(receipt.sequence)
    {
      guard heard.contains(receipt.sequence) else {
        throw Broken("\(who) was not told of event \(receipt.sequence)")
      }
    }
  }
}
