// What the engine does before it serves anybody: it puts back what was on its way out when it ended, and
// removes what was on its way in. Both take a moment however large the depot is. The look through the
// depot comes afterwards, beside everything else.

internal import Ambient
internal import DurableFiles
internal import EventStore
internal import Manifest

/// Clears up behind an engine that ended in the middle of something.
struct Recovery: Sendable {
  let depot: Depot
  let ledger: Ledger
  let log: Log

  /// What was found.
  struct Found: Equatable, Sendable {
    var removed = 0
    var putBack: [FilePath] = []
    /// Files whose path is not known or taken; they were kept.
    var kept = 0
  }

  /// Clears up.
  func run() throws(EngineError) -> Found {
    var found = Found()
    do throws(DiskError) {
      try depot.prepare()
      for name in try depot.disk.list(Depot.restoring).map(\.name) {
        try depot.disk.remove(Depot.restoring.appending(name))
        found.removed += 1
      }
      for name in try depot.disk.list(Depot.evicting).map(\.name) {
        let aside = Depot.evicting.appending(name)
        guard let path = path(of: name) else {
          log.write(
            .warning, "a file lies aside and nothing tells where it belongs",
            [LogField("file", "\(aside)")])
          found.kept += 1
          continue
        }
        switch Departure.putBack(aside, at: path, in: depot) {
        case .back: found.putBack.append(path)
        case .displaced: found.kept += 1
        case .stuck(let error): throw error
        }
      }
    } catch {
      throw .disk(error)
    }
    return found
  }

  /// The path of a file that lies aside, from the last event of its stream.
  private func path(of name: [UInt8]) -> FilePath? {
    guard let text = String(validating: name, as: UTF8.self) else { return nil }
    do throws(StoreError) {
      guard let event = try ledger.store.reader.latest("file:\(text)"), let bytes = event.bytes
      else { return nil }
      do throws(PayloadFault) {
        return try FileEvent(kind: event.header.kind, payload: bytes).path
      } catch {
        return nil
      }
    } catch {
      return nil
    }
  }
}
