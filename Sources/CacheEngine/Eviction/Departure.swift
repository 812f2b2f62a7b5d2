// One file on its way out of the depot. The last word is the file's: it goes only if nobody has it
// open and it is to the nanosecond what was stored.
//
//   at its path ──lease, compare──▶ leased ──rename──▶ aside ──`evicted` is durable──▶ dropped
//        ▲          │ in doubt                           │
//        └──────────┴────────── put back ◀───────────────┘  by any doubt or refusal
//
// A rename changes a file's time of change (measured on ext4 and tmpfs), so behind it nobody could
// tell whether somebody wrote just before. The comparison therefore comes first, under a write lease:
// the kernel grants it while no other opening of the file exists, not even a mapping, and whoever
// opens or cuts the file from then on is made to wait and ends the lease visibly. As long as the
// lease holds, the comparison holds. The path may have been given to another file meanwhile, so what
// lies aside is compared with what is leased. Aside, no path of the depot leads to the file any more.
//
// A crash leaves the file below `.p4cache/evicting` under the name of its stream and generation; the
// next start puts it back unless newer events say that it is of no use any more. One race is left: a program that has found the file by its path before the rename
// and opens it only after the last look. It holds a file without a name then, as after any other
// removal; what it reads is right.

internal import DurableFiles
internal import EventStore
internal import Manifest

/// Why a file stays.
enum EvictionRefusal: Error, Equatable, Sendable {
  /// No file is there.
  case gone
  /// A program has it open.
  case inUse
  /// It is not what was stored.
  case differs(HotCopy)
  /// It has another name, where its bytes would stay.
  case linked
  /// Its file system cannot tell whether a program has it open.
  case unsupported
  /// One of the same name lies aside already, from before.
  case inTheWay
  /// A program opened it while it was moved, and it was put back.
  case disturbed(PutBack)
  case disk(DiskError)
}

/// What became of a file that was put back.
enum PutBack: Equatable, Sendable {
  case back(HotCopy)
  /// Another stands at its path by now; it lies at this path in the engine's corner.
  case displaced(FilePath)
  /// It lies aside still, and the next start puts it back.
  case stuck(DiskError)
}

/// A file that lies aside under a lease.
struct Departure: ~Copyable {
  let path: FilePath
  private let aside: FilePath
  private let file: OpenFile
  private let depot: Depot

  private init(
    _ path: FilePath, _ aside: FilePath, _ file: consuming OpenFile, _ depot: Depot
  ) {
    self.path = path
    self.aside = aside
    self.file = file
    self.depot = depot
  }

  /// Takes a file out of its place, if it is what was judged and nobody uses it.
  static func begin(
    _ path: FilePath, judged hot: HotCopy, generation: UInt64 = 0, in depot: Depot
  ) throws(EvictionRefusal) -> Departure {
    let file = try open(path, depot)
    try lease(file)
    try compare(file, with: hot)
    let aside = Depot.evicting.appending(asideName(of: path, generation: generation))
    try move(path, to: aside, depot)
    let departure = Departure(path, aside, file, depot)
    guard departure.isUndisturbed, departure.isItself else {
      throw .disturbed(departure.putBack())
    }
    return departure
  }

  /// The name that a file has aside: that of its stream, which tells the path, and the generation
  /// that was judged, which tells whether something has happened to the file since.
  static func asideName(of path: FilePath, generation: UInt64 = 0) -> String {
    "\(stream(of: path))-\(generation)"
  }

  /// What all names begin with that a file has aside.
  static func stream(of path: FilePath) -> String {
    let entity = FileEvent.coordinate(of: path).entity
    return String(entity[entity.index(after: entity.firstIndex(of: ":")!)...])
  }

  /// Whether what lies aside is the file that was compared. A program may have given the path to another
  /// file just before the rename, which no lease tells.
  private var isItself: Bool {
    do throws(DiskError) {
      return try depot.disk.status(at: aside)?.inode == file.status.inode
    } catch {
      return false
    }
  }

  /// Whether nobody has tried to open it since it was compared.
  var isUndisturbed: Bool {
    do throws(DiskError) {
      return try file.isLeased
    } catch {
      return false
    }
  }

  /// Puts the file back where it was, without replacing what stands there by now.
  consuming func putBack() -> PutBack {
    Self.putBack(aside, at: path, in: depot)
  }

  /// Lets the file go for ever.
  consuming func drop() throws(DiskError) {
    try depot.disk.remove(aside)
    depot.noteLeft(path)
  }

  /// Moves a file that lies aside to its path, or to where displaced files are kept.
  static func putBack(_ aside: FilePath, at path: FilePath, in depot: Depot) -> PutBack {
    do throws(DiskError) {
      try depot.makeWay(to: path)
      do throws(DiskError) {
        try depot.disk.rename(aside, to: path, replacing: false)
      } catch .exists {
        return .displaced(try displace(aside, in: depot))
      }
      // Or a crash of the machine may undo the way back alone, and keep the way out.
      try depot.disk.syncDirectory(path.parent)
      try depot.disk.syncDirectory(Depot.evicting)
      guard let hot = try depot.copy(at: path) else { return .stuck(.absent(path)) }
      return .back(hot)
    } catch {
      depot.heal(after: error)
      return .stuck(error)
    }
  }

  /// Keeps a file whose path is taken, under the first free name.
  static func displace(
    _ aside: FilePath, in depot: Depot
  ) throws(DiskError) -> FilePath {
    let name = String(decoding: aside.name, as: UTF8.self)
    for number in 1..<namesMax {
      let kept = Depot.displaced.appending("\(name)-\(number)")
      do throws(DiskError) {
        try depot.disk.rename(aside, to: kept, replacing: false)
        return kept
      } catch .exists {
        continue
      }
    }
    throw .tooLarge(Depot.displaced, max: namesMax)
  }

  /// The most displaced files of one path.
  private static let namesMax = 10_000

  private static func open(
    _ path: FilePath, _ depot: Depot
  ) throws(EvictionRefusal) -> OpenFile {
    do throws(DiskError) {
      return try OpenFile(path, .reading, on: depot.disk)
    } catch .locked {
      throw .inUse
    } catch {
      throw error.isOfNothingThere ? .gone : .disk(error)
    }
  }

  private static func lease(_ file: borrowing OpenFile) throws(EvictionRefusal) {
    do throws(DiskError) {
      guard try file.lease() else { throw DiskError.locked(file.path, holder: 0) }
    } catch {
      switch error {
      case .locked: throw .inUse
      case .unsupported, .denied: throw .unsupported
      default: throw .disk(error)
      }
    }
  }

  private static func compare(
    _ file: borrowing OpenFile, with hot: HotCopy
  ) throws(EvictionRefusal) {
    let status: FileStatus
    do throws(DiskError) {
      status = try file.status
    } catch {
      throw .disk(error)
    }
    let found = HotCopy(status)
    guard found.isSame(as: hot) else { throw .differs(found) }
    guard status.links == 1 else { throw .linked }
  }

  private static func move(
    _ path: FilePath, to aside: FilePath, _ depot: Depot
  ) throws(EvictionRefusal) {
    do throws(DiskError) {
      try depot.disk.rename(path, to: aside, replacing: false)
    } catch .exists {
      throw .inTheWay
    } catch {
      depot.heal(after: error)
      throw error.isOfNothingThere ? .gone : .disk(error)
    }
  }
}
