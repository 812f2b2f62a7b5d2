// What the depot's server has done to its files, and so what it must find when it reads them.
//
//   written and synced   exactly these bytes, hot or cold, whatever happens to the engine
//   removed by name      nothing, or bytes that the file once had: a file that vanished may come back
//   deleted              nothing, once the engine has said so
//   in doubt             anything: the machine failed in the middle of a write; and whatever it had then
//                        may have been stored, so a file that vanishes later may come back as that

import DurableFiles

/// The files of a depot as its server knows them.
struct DepotModel {
  enum Expected: Equatable {
    case exactly([UInt8])
    case onceHad
    case nothing
    case anything
  }
  private var expected: [FilePath: Expected] = [:]
  private var history: [FilePath: [[UInt8]]] = [:]
  /// Files that had bytes which the server does not know.
  private var doubted: Set<FilePath> = []

  func expects(_ path: FilePath) -> Expected { expected[path] ?? .nothing }

  mutating func wrote(_ path: FilePath, _ bytes: [UInt8]) {
    expected[path] = .exactly(bytes)
    history[path, default: []].append(bytes)
  }

  /// A file took the name of another; what it had the other has.
  mutating func moved(_ from: FilePath, to: FilePath) {
    let before = expects(from)
    removed(from)
    switch before {
    case .exactly(let bytes): wrote(to, bytes)
    default: doubts(to)
    }
  }

  mutating func removed(_ path: FilePath) {
    expected[path] = doubted.contains(path) ? .anything : .onceHad
  }

  mutating func deleted(_ path: FilePath) { expected[path] = .nothing }

  mutating func doubts(_ path: FilePath) {
    expected[path] = .anything
    doubted.insert(path)
  }

  /// What was read is what counts from here on, for a disk that changes bytes by itself.
  mutating func adopt(_ path: FilePath, _ bytes: [UInt8]?) {
    doubted.remove(path)
    if let bytes { wrote(path, bytes) } else { expected[path] = .onceHad }
  }

  /// What is wrong with finding these bytes, or nothing; nil when that is right.
  func fault(finding bytes: [UInt8]?, at path: FilePath) -> String? {
    switch (expects(path), bytes) {
    case (.anything, _), (.onceHad, nil), (.nothing, nil): return nil
    case (.exactly(let wanted), let bytes?):
      if bytes == wanted { return nil }
      let isOld = history[path, default: []].contains(bytes)
      return "\(path) has \(isOld ? "older" : "other") bytes than were written last"
    case (.exactly, nil): return "\(path) is lost"
    case (.onceHad, let bytes?):
      return history[path, default: []].contains(bytes)
        ? nil : "\(path) has bytes that it never had"
    case (.nothing, _?): return "\(path) was deleted and is back"
    }
  }
}
