// The steps of a rehearsal that open, fill and end fences, several at a time. One that was open for too
// long is found cancelled; one whose end could not be written is open still.

import Ambient
import DurableFiles
import EventStore

extension StoreRehearsal {
  /// The most fences that are open at once.
  private static let fencesMax = 3

  mutating func beginFence() throws {
    guard fences.count < Self.fencesMax, let store else { return }
    let opened = clock.monotonic.now()
    do throws(StoreError) {
      let fence = try store.openFence()
      fences.append((fence, model.addFence(at: opened)))
    } catch {
      try meet(error)
    }
  }

  /// Has two fences whose members take turns, and ends the first while the second is open: neither may
  /// be seen then, for a part of the first stands behind the beginning of the second. Now and then
  /// nobody lives to end them, and the next life cancels the one while the other is still to come.
  mutating func crossFences() throws {
    guard fences.isEmpty else { return try endFence() }
    try beginFence()
    try beginFence()
    for place in [0, 1, 0] {
      guard fences.count == 2 else { return }
      try append(toFence: place)
    }
    guard fences.count == 2 else { return }
    if generator.chance(oneIn: 3) { return try crash() }
    try endFence(at: 0, commits: true)
    try look()
  }

  mutating func appendFenced() throws {
    guard !fences.isEmpty else { return try beginFence() }
    try append(toFence: generator.below(fences.count))
  }

  private mutating func append(toFence place: Int) throws {
    let (fence, number) = fences[place]
    let payload = payload()
    let event = try event(payload)
    let index = model.add([payload], fence: number)
    try attempt(index) { _ throws(StoreError) in
      do throws(StoreError) {
        return [try fence.append(event)]
      } catch .fence {
        throw .closed
      }
    }
  }

  mutating func endFence() throws {
    guard !fences.isEmpty else { return }
    let place = generator.below(fences.count)
    try endFence(at: place, commits: generator.chance(oneIn: 2))
  }

  private mutating func endFence(at place: Int, commits: Bool) throws {
    let (fence, number) = fences.remove(at: place)
    model.fences[number].fate = commits ? .committing : .cancelled
    do throws(StoreError) {
      if commits { try fence.commit() } else { try fence.cancel() }
      guard commits else { return }
      model.fences[number].fate = .committed
      model.fences[number].record = store?.watermarks.durable
    } catch .fence {
      // It was open for too long.
      model.fences[number].fate = .cancelled
    } catch {
      switch error {
      case .full, .disk(.io(_)):
        model.fences[number].fate = .open
        fences.insert((fence, number), at: place)
      default: break
      }
      try meet(error)
    }
  }
}
