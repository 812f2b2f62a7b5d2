// What the depot's server does next: a value that is asked for one chore after the other and told what
// came of each. A seed decides everything, so a run that went wrong can be had again; time is the
// business of whoever does the chores.

import Ambient
package import DurableFiles

/// One thing that the depot's server does.
package enum Chore: Hashable, Sendable {
  case create(FilePath, Edition)
  case rewrite(FilePath, Edition)
  /// Asks for it, reads it and compares it.
  case read(FilePath, Edition)
  /// Moves it, then deletes the old name.
  case rename(FilePath, to: FilePath, Edition)
  case delete(FilePath)
}

/// What came of a chore.
package enum Upshot: Hashable, Sendable {
  case done
  /// It was read, and had been in the depot before it was asked for, or not.
  case read(wasHot: Bool)
  /// Nothing has changed; the code says who refused.
  case refused(String)
  /// The file is where it should be, and deleting the name that it had before was refused.
  case halfDone(String)
  /// Other bytes came back than were written.
  case differs(String)
}

/// A seeded workload and its book.
package struct Workload: Sendable {
  package private(set) var book = Book()
  private var generator: SeededGenerator
  private var names: DepotNames
  private let target: Int
  private let share: UInt64
  private var editions: UInt64 = 0

  /// The share of a workload that one hand does: names and editions of two shares never meet. It
  /// grows to `files` files and stays near that.
  package init(seed: UInt64, share: Int, files: Int) {
    precondition(files > 0 && share >= 0, "a workload has files")
    var mixed = SeededGenerator(seed: seed)
    for _ in 0..<share { _ = mixed.next() }
    generator = SeededGenerator(seed: mixed.next())
    names = DepotNames(share: share)
    target = files
    self.share = UInt64(share)
  }

  /// Whether it has as many files as it was meant to have.
  package var isFull: Bool { book.standing.count >= target }

  /// The next chore.
  package mutating func next() -> Chore {
    let standing = book.standing.count
    if standing == 0 || standing < target / 2 { return create() }
    // A server repeats what it could tell nobody; not at once, or it would do nothing else.
    if let owed = book.owed.first, generator.chance(oneIn: 4) { return .delete(owed) }
    switch generator.below(100) {
    case ..<22: return standing < target || generator.chance(oneIn: 3) ? create() : rewrite()
    case ..<36: return rewrite()
    case ..<42: return rename()
    case ..<52: return standing > target ? .delete(any()) : read()
    case ..<56: return .delete(any())
    default: return read()
    }
  }

  /// Takes down what came of it.
  package mutating func note(_ upshot: Upshot, of chore: Chore) {
    switch upshot {
    case .refused(let code):
      book.refused(code)
      // Whether it is gone only the engine knows, and it says so when it is asked again.
      if case .delete(let path) = chore, book.standing[path] != nil { book.dropped(path) }
    case .differs(let sentence):
      book.differs(sentence)
    case .read(let wasHot):
      if case .read(let path, _) = chore { book.read(path, wasHot: wasHot) }
    case .done:
      done(chore)
    case .halfDone(let code):
      book.refused(code)
      if case .rename(let path, let next, _) = chore { book.renamed(path, to: next) }
    }
  }

  /// Says that the stored copy of a file was damaged on purpose.
  package mutating func noteDamage(of path: FilePath) { book.damaged(path) }

  private mutating func done(_ chore: Chore) {
    switch chore {
    case .create(let path, let edition): book.created(path, edition)
    case .rewrite(let path, let edition): book.rewritten(path, edition)
    case .read: break
    case .rename(let path, let next, _):
      book.renamed(path, to: next)
      book.settled(path)
    case .delete(let path):
      if book.standing[path] != nil { book.dropped(path) }
      book.settled(path)
    }
  }

  private mutating func any() -> FilePath {
    book.file(at: generator.below(book.standing.count))
  }

  private mutating func edition() -> Edition {
    editions += 1
    return Edition(number: editions << 8 | share, size: Edition.size(&generator))
  }

  private mutating func create() -> Chore { .create(names.next(&generator), edition()) }

  private mutating func rewrite() -> Chore { .rewrite(any(), edition()) }

  private mutating func read() -> Chore {
    let path = any()
    guard let edition = book.standing[path] else {
      preconditionFailure("a file that is drawn stands in the book")
    }
    return .read(path, edition)
  }

  private mutating func rename() -> Chore {
    let path = any()
    guard let edition = book.standing[path] else {
      preconditionFailure("a file that is drawn stands in the book")
    }
    return .rename(path, to: names.next(&generator), edition)
  }
}
