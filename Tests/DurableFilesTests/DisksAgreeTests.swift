// The live disk is the model of the simulated one: whatever random calls are made, on few names so
// that they meet, both answer alike, with the same bytes, sizes, names and refusals.

import Ambient
import DiskSimulation
import DurableFiles
import ScratchFiles
import Testing

@Suite struct DisksAgreeTests {
  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func `both disks answer random calls alike`(_ seed: UInt64) throws {
    let scratch = try Scratch()
    var live = Caller(try PosixDisk(root: scratch.path), seed: seed)
    var simulated = Caller(SimulatedDisk(seed: seed, faults: .none), seed: seed)
    defer {
      live.closeAll()
      simulated.closeAll()
    }
    for step in 0..<600 {
      let (expected, answer) = (live.step(), simulated.step())
      guard expected == answer else {
        Issue.record("seed \(seed), call \(step): \(expected) on the machine, \(answer) simulated")
        return
      }
    }
    #expect(live.succeeded > 150 && live.refused > 50)
  }
}

/// Makes calls as its seed says, and tells in words what came of each.
private struct Caller {
  private let disk: any Disk
  private var choices: SeededGenerator
  private var files: [FileID] = []
  private(set) var succeeded = 0
  private(set) var refused = 0

  private static let names: [FilePath] = [
    .root, "a", "b", "c", "d", "e", "d/a", "d/b", "e/a", "d/e", "d/e/a", "a/b",
  ]

  init(_ disk: any Disk, seed: UInt64) {
    self.disk = disk
    choices = SeededGenerator(seed: seed)
  }

  mutating func closeAll() {
    for file in files { disk.close(file) }
    files = []
  }

  mutating func step() -> String {
    do throws(DiskError) {
      let answer = files.isEmpty || choices.chance(oneIn: 2) ? try onName() : try onFile()
      succeeded += 1
      return answer
    } catch {
      refused += 1
      return "refused: \(error)"
    }
  }

  private mutating func name() -> FilePath { Self.names[choices.below(Self.names.count)] }

  private mutating func onName() throws(DiskError) -> String {
    let (path, other) = (name(), name())
    switch choices.below(14) {
    case 0, 1, 2:
      if files.count == 8 { closeAll() }
      files.append(try disk.open(path, .creating(mode: 0o644)))
      return "made \(path)"
    case 3, 4:
      if files.count == 8 { closeAll() }
      files.append(try disk.open(path, choices.chance(oneIn: 2) ? .reading : .writing))
      return "opened \(path)"
    case 5, 6:
      try disk.makeDirectory(path, mode: 0o755)
      return "directory \(path)"
    case 7:
      try disk.remove(path)
      return "removed \(path)"
    case 8:
      try disk.removeDirectory(path)
      return "removed directory \(path)"
    case 9, 10:
      try disk.rename(path, to: other, replacing: choices.chance(oneIn: 2))
      return "moved \(path) to \(other)"
    case 11:
      try disk.clone(path, to: other, mode: 0o600)
      return "copied \(path) to \(other)"
    case 12:
      let entries = try disk.list(path).map { "\(FilePath.root.appending($0.name)) \($0.kind)" }
      return "listed \(path): \(entries.sorted())"
    default:
      let status = try disk.status(at: path)
      let mode = path == .root ? nil : status?.mode
      return "\(path) is \(status.map { "\($0.kind) \(mode, default: "")" } ?? "absent")"
    }
  }

  private mutating func onFile() throws(DiskError) -> String {
    let file = files[choices.below(files.count)]
    let offset = choices.below(10_000)
    let bytes = choices.bytes(choices.below(5_000))
    switch choices.below(9) {
    case 0, 1:
      return "wrote \(try disk.write(file, bytes.span, at: UInt64(offset)))"
    case 2:
      return "appended \(try disk.append(file, bytes.span))"
    case 3, 4:
      var read = [UInt8](repeating: 0, count: 8_000)
      var span = read.mutableSpan
      let count = try disk.read(file, at: UInt64(offset), into: &span, range: 0..<8_000)
      return "read \(count): \(read.reduce(into: 0) { $0 = ($0 &* 31) &+ Int($1) })"
    case 5:
      try disk.truncate(file, to: UInt64(offset))
      return "cut to \(offset)"
    case 6:
      try disk.allocate(file, to: UInt64(offset))
      return "allocated \(offset)"
    case 7:
      try disk.setAttribute(
        "x", of: file, to: choices.chance(oneIn: 3) ? nil : bytes.prefix(9) + [])
      return "attribute \(try disk.attribute("x", of: file) ?? [])"
    default:
      let status = try disk.status(file)
      return "\(status.kind) \(status.size) \(status.mode) \(status.links)"
    }
  }
}
