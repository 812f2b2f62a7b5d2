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

  mutating func appendFenced() throws {
    guard !fences.isEmpty else { return try beginFence() }
    let place = generator.below(fences.count)
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
    let (fence, number) = fences.remove(at: place)
    let commits = generator.chance(oneIn: 2)
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
