// Listing a directory tree in the byte order of its keys. A directory sorts as its name with `/`
// behind it, so walking down in that order gives every key in order, with nothing to sort at the
// end. A directory may have any number of names: only the smallest that are still wanted are held,
// and it is read again when more are needed. Memory is a page for each level of the tree.

import DurableFiles

extension LocalStore {
  package func list(_ request: ListRequest) throws(StorageError) -> ObjectPage {
    try backend.perform(.list, nil, cancellation: request.cancellation) {
      (attempts) throws(StorageError) in
      try attempts.onFiles { () throws(StorageError) in
        var listing = Listing(request, self, attempts)
        try listing.run()
        return listing.page
      }
    }
  }
}

/// One page in the making.
private struct Listing {
  /// A name in a directory, by the bytes that its keys begin with.
  private struct Candidate {
    let entry: DirectoryEntry
    /// The whole key of a file; for a directory, what all keys in it begin with.
    let order: [UInt8]
  }

  private let request: ListRequest
  private let store: LocalStore
  private let disk: any Disk
  private let attempts: Attempts
  private let after: [UInt8]
  private var objects: [ListedObject] = []

  init(_ request: ListRequest, _ store: LocalStore, _ attempts: Attempts) {
    self.request = request
    self.store = store
    self.attempts = attempts
    disk = store.disk
    after = request.after?.bytes ?? []
  }

  private var isFull: Bool { objects.count >= request.limit }

  var page: ObjectPage {
    ObjectPage(objects: objects, next: isFull ? objects.last?.key : nil)
  }

  mutating func run() throws(StorageError) {
    // Everything wanted lies below the directory that the prefix names.
    let start: FilePath
    if let slash = request.prefix.lastIndex(of: UInt8(ascii: "/")) {
      do throws(DiskError) {
        start = try FilePath(bytes: Array(request.prefix[..<slash]))
      } catch {
        // No key begins with what is no path.
        return
      }
    } else {
      start = .root
    }
    try walk(start)
  }

  /// Adds what lies below a directory, in order, until the page is full.
  private mutating func walk(_ directory: FilePath) throws(StorageError) {
    var floor: [UInt8] = []
    while !isFull {
      try attempts.check()
      let (candidates, more) = try smallest(in: directory, above: floor)
      for candidate in candidates where !isFull {
        let path = directory.appending(candidate.entry.name)
        if candidate.entry.kind == .directory {
          try walk(path)
        } else {
          try add(path)
        }
      }
      guard more, let last = candidates.last else { return }
      floor = last.order
    }
  }

  /// The smallest names of a directory that may have wanted keys, above the floor, in order; and
  /// whether there are others.
  private func smallest(
    in directory: FilePath, above floor: [UInt8]
  ) throws(StorageError) -> ([Candidate], more: Bool) {
    let most = max(64, request.limit - objects.count)
    var kept: [Candidate] = []
    var more = false
    func trim() {
      kept.sort { $0.order.lexicographicallyPrecedes($1.order) }
      if kept.count > most {
        kept.removeLast(kept.count - most)
        more = true
      }
    }
    var position: ListPosition? = .start
    while let from = position {
      let page: DirectoryPage
      do throws(DiskError) {
        page = try disk.list(directory, from: from, max: 1_024)
      } catch {
        switch error {
        // It has gone, or was never there: nothing begins with the prefix.
        case .absent, .notADirectory: return ([], false)
        case .escapes: return ([], false)
        default: throw store.failure(error, ofDirectory: directory)
        }
      }
      for entry in page.entries {
        guard let candidate = candidate(entry, in: directory),
          floor.lexicographicallyPrecedes(candidate.order)
        else { continue }
        kept.append(candidate)
      }
      if kept.count >= 2 * most { trim() }
      position = page.next
    }
    trim()
    return (kept, more)
  }

  private func candidate(_ entry: DirectoryEntry, in directory: FilePath) -> Candidate? {
    let slash = UInt8(ascii: "/")
    let way = directory == .root ? [] : directory.bytes + [slash]
    let name = way + entry.name
    guard !entry.name.starts(with: LocalStore.ownNames.utf8), ObjectKey.fault(in: name) == nil
    else { return nil }
    switch entry.kind {
    case .regular:
      return name.starts(with: request.prefix) && after.lexicographicallyPrecedes(name)
        ? Candidate(entry: entry, order: name) : nil
    case .directory:
      let order = name + [slash]
      let isWanted = order.starts(with: request.prefix) || request.prefix.starts(with: order)
      let isAhead = after.lexicographicallyPrecedes(order) || after.starts(with: order)
      return isWanted && isAhead ? Candidate(entry: entry, order: order) : nil
    case .symbolicLink, .other:
      return nil
    }
  }

  /// Adds the object at a path, unless it is none or has just gone.
  private mutating func add(_ path: FilePath) throws(StorageError) {
    let key = try ObjectKey(bytes: path.bytes)
    do throws(DiskError) {
      let status = try store.marked(path, on: disk).status(of: key)
      objects.append(
        ListedObject(
          key: key, size: status.size, etag: status.etag, modified: status.modified))
    } catch {
      switch error {
      case .absent, .notRegular, .escapes: return
      default: throw store.failure(error, of: key)
      }
    }
  }
}
