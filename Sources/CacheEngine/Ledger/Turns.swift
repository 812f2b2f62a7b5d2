// Whose turn it is with which file. Whoever acts on a file holds its turn from the look at its row to
// the event that says what was done, so that no two act on one row; files do not wait for each
// other, and nothing is locked but the file's own turn while a disk or a store is waited for.

internal import Ambient
internal import DurableFiles

/// The turns of all files.
final class Turns: Sendable {
  /// How many locks the turns are spread over.
  private static let shardsMax = 64

  private let shards: [Monitor<Set<FilePath>>]

  init() {
    shards = (0..<Self.shardsMax).map { _ in Monitor([]) }
  }

  /// Waits for the turn of a file; nil when `timeout` passed first.
  func take(_ path: FilePath, timeout: Duration) -> Turn? {
    let shard = shard(of: path)
    let taken = shard.wait(timeout: timeout) { (held: inout Set<FilePath>) -> Bool? in
      held.insert(path).inserted ? true : nil
    }
    return taken == nil ? nil : Turn(path, shard)
  }

  /// Takes the turn of a file if nobody has it.
  func takeAtOnce(_ path: FilePath) -> Turn? {
    let shard = shard(of: path)
    return shard.withLock { $0.insert(path).inserted } ? Turn(path, shard) : nil
  }

  private func shard(of path: FilePath) -> Monitor<Set<FilePath>> {
    shards[Int(UInt(bitPattern: path.hashValue) % UInt(Self.shardsMax))]
  }
}

/// The turn of one file, given back when its holder lets go.
struct Turn: ~Copyable {
  let path: FilePath
  private let shard: Monitor<Set<FilePath>>

  fileprivate init(_ path: FilePath, _ shard: Monitor<Set<FilePath>>) {
    self.path = path
    self.shard = shard
  }

  deinit {
    let path = path
    shard.change { _ = $0.remove(path) }
  }
}
