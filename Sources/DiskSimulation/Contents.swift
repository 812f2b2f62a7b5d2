// The bytes of one file, twice: as every process reads them now (the page cache) and as they lie
// on the device. Pages that differ are dirty. A sync copies dirty pages over; losing power decides
// for each of them alone whether it is the new one, the old one, or some sectors of each.
//
// A page that is not there is zeros. Pages are arrays, so both sides share one until it is written.

import Ambient
import DurableFiles

/// One page of a file.
typealias Page = [UInt8]

/// The bytes of a file, in memory and on the device.
struct Contents {
  static let pageSize = 4_096
  static let sectorSize = 512
  private static let zeros = Page(repeating: 0, count: pageSize)

  /// As read now.
  private(set) var pages: [Int: Page] = [:]
  private(set) var size = 0
  /// As on the device.
  private var storedPages: [Int: Page] = [:]
  private var storedSize = 0
  private var dirty: Set<Int> = []
  /// Pages for which space is taken whether they were written or not.
  private var reserved = 0
  /// Changes with every change of what is read.
  private(set) var version = 0

  /// How many pages of the device it occupies.
  var pagesUsed: Int { max(reserved, pages.count) }

  /// Dirty pages in order.
  var dirtyPages: [Int] { dirty.sorted() }

  /// Copies what is there from `offset` on into the range; returns how much that was.
  func read(at offset: Int, into bytes: inout MutableSpan<UInt8>, range: Range<Int>) -> Int {
    guard offset < size else { return 0 }
    let count = min(range.count, size - offset)
    var done = 0
    while done < count {
      let (page, start) = (offset + done).quotientAndRemainder(dividingBy: Self.pageSize)
      let length = min(Self.pageSize - start, count - done)
      let source = pages[page] ?? Self.zeros
      bytes.copy(source.span.extracting(start..<start + length), at: range.lowerBound + done)
      done += length
    }
    return count
  }

  /// The first `count` bytes.
  func bytes(count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    _ = read(at: 0, into: &span, range: 0..<count)
    return bytes
  }

  /// How many of `count` bytes at `offset` fit when so many pages may still be taken.
  func fitting(_ count: Int, at offset: Int, pagesLeft: Int) -> Int {
    var left = pagesLeft + max(0, reserved - pages.count)
    var done = 0
    while done < count {
      let (page, start) = (offset + done).quotientAndRemainder(dividingBy: Self.pageSize)
      if pages[page] == nil {
        if left == 0 { break }
        left -= 1
      }
      done = min(count, done + Self.pageSize - start)
    }
    return done
  }

  /// Writes the bytes; a page that was dirty may land on the device as it was before.
  mutating func write(
    _ bytes: Span<UInt8>, at offset: Int, _ generator: inout SeededGenerator
  ) {
    var done = 0
    while done < bytes.count {
      let (page, start) = (offset + done).quotientAndRemainder(dividingBy: Self.pageSize)
      let length = min(Self.pageSize - start, bytes.count - done)
      soil(page, &generator)
      // Taken out and put back, so that only a page that the device shares is copied.
      var target = pages.updateValue([], forKey: page) ?? Self.zeros
      var span = target.mutableSpan
      span.copy(bytes.extracting(done..<done + length), at: start)
      pages[page] = target
      done += length
    }
    size = max(size, offset + bytes.count)
    version += 1
  }

  /// The kernel writes dirty pages back whenever it likes, so what was there may be on the device.
  private mutating func soil(_ page: Int, _ generator: inout SeededGenerator) {
    if !dirty.insert(page).inserted, generator.chance(oneIn: 4) {
      storedPages[page] = pages[page]
    }
  }

  /// Cuts the file, or extends it with zeros.
  mutating func resize(to newSize: Int, _ generator: inout SeededGenerator) {
    if newSize < size {
      let (last, rest) = newSize.quotientAndRemainder(dividingBy: Self.pageSize)
      let kept = rest == 0 ? last : last + 1
      for page in pages.keys.sorted() where page >= kept {
        soil(page, &generator)
        pages[page] = nil
      }
      if rest > 0, let page = pages[last] {
        soil(last, &generator)
        pages[last] = Self.cut(page, at: rest)
      }
      reserved = min(reserved, kept)
    }
    size = newSize
    version += 1
  }

  /// Takes space for the first `bytes`, extending the file.
  mutating func reserve(_ bytes: Int) {
    reserved = max(reserved, Self.pages(for: bytes))
    size = max(size, bytes)
    version += 1
  }

  static func pages(for bytes: Int) -> Int { (bytes + pageSize - 1) / pageSize }

  /// The same bytes as another file's, none of them on the device yet.
  init(copying other: Contents) {
    pages = other.pages
    size = other.size
    dirty = Set(pages.keys)
  }

  init() {}

  /// Makes everything durable.
  mutating func sync() {
    for page in dirty { storedPages[page] = pages[page] }
    dirty.removeAll(keepingCapacity: true)
    storedSize = size
  }

  /// Makes some of it durable and forgets that the rest is not: what a failed sync leaves.
  mutating func syncPartly(_ generator: inout SeededGenerator) {
    for page in dirtyPages where generator.chance(oneIn: 2) { storedPages[page] = pages[page] }
    dirty.removeAll()
    if generator.chance(oneIn: 2) { storedSize = size }
  }

  /// Takes a dirty page from the sync that comes: the device will have what it had, and so will
  /// whoever reads. Returns the page as it should have been.
  mutating func divert(_ page: Int) -> Page {
    let bytes = pages[page] ?? Self.zeros
    dirty.remove(page)
    pages[page] = storedPages[page]
    version += 1
    return bytes
  }

  /// Puts a page that belongs elsewhere on the device, where it is read from then on.
  mutating func overwrite(_ page: Int, with bytes: Page) {
    storedPages[page] = bytes
    if !dirty.contains(page) { pages[page] = bytes }
    version += 1
  }

  /// The pages of a range of bytes that lie on the device and are read from there.
  func cleanPages(in range: Range<Int>) -> [Int] {
    guard !range.isEmpty else { return [] }
    return (range.lowerBound / Self.pageSize...(range.upperBound - 1) / Self.pageSize)
      .filter { !dirty.contains($0) && storedPages[$0] != nil }
  }

  /// Flips a bit of a page on the device and in memory.
  mutating func flip(bit: Int, at offset: Int) {
    let (page, start) = offset.quotientAndRemainder(dividingBy: Self.pageSize)
    pages[page]![start] ^= 1 << UInt8(bit)
    storedPages[page] = pages[page]
    version += 1
  }

  /// What becomes of one dirty page.
  enum Fate {
    case written, lost, torn
  }

  /// The pages that are not on the device as they are read, in order.
  var unsyncedPages: [Int] { dirty.filter { pages[$0] != storedPages[$0] }.sorted() }

  /// Whether the device knows another length.
  var isSizeUnsynced: Bool { size != storedSize }

  /// Leaves what lies on the device, given the fate of each unsynced page and of the length.
  mutating func losePower(
    fates: [Int: Fate], losesSize: Bool, _ generator: inout SeededGenerator
  ) {
    for page in fates.keys.sorted() {
      switch fates[page]! {
      case .written: storedPages[page] = pages[page]
      case .lost: break
      case .torn: storedPages[page] = torn(page, &generator)
      }
    }
    dirty.removeAll()
    if !losesSize {
      storedSize = size
    } else if size > storedSize, generator.chance(oneIn: 2) {
      storedSize += generator.below(size - storedSize)
    }
    cutStored()
    pages = storedPages
    size = storedSize
    reserved = min(reserved, Self.pages(for: size))
    version += 1
  }

  /// Some sectors as written last, the others as they were.
  private func torn(_ page: Int, _ generator: inout SeededGenerator) -> Page {
    let new = pages[page] ?? Self.zeros
    var mixed = storedPages[page] ?? Self.zeros
    for start in stride(from: 0, to: Self.pageSize, by: Self.sectorSize)
    where generator.chance(oneIn: 2) {
      mixed.replaceSubrange(
        start..<start + Self.sectorSize, with: new[start..<start + Self.sectorSize])
    }
    return mixed
  }

  /// Nothing is read behind the end, also when the file grows again.
  private mutating func cutStored() {
    let (last, rest) = storedSize.quotientAndRemainder(dividingBy: Self.pageSize)
    storedPages = storedPages.filter { $0.key < last || $0.key == last && rest > 0 }
    if rest > 0, let page = storedPages[last] { storedPages[last] = Self.cut(page, at: rest) }
  }

  /// The page with nothing but zeros from a place on.
  private static func cut(_ page: Page, at place: Int) -> Page {
    Array(page[..<place]) + zeros[place...]
  }
}
