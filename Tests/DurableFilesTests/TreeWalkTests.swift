// Walks through trees: everything once, links not followed, changes and refusals survived.

import DiskSimulation
import DurableFiles
import Testing

@Suite final class TreeWalkTests {
  private let grounds = Grounds()

  /// Every step of a walk; fails when it takes more than a tree here can have.
  private func steps(_ walk: consuming TreeWalk) throws(DiskError) -> [TreeWalk.Step] {
    var steps: [TreeWalk.Step] = []
    while let step = try walk.next() { steps.append(step) }
    return steps
  }

  @Test(arguments: DiskKind.allCases)
  func `everything below is told once, a directory before what it holds`(_ kind: DiskKind) throws {
    let ground = try grounds.make(kind)
    let disk = ground.disk
    var expected: [FilePath: FileKind] = [:]
    for directory: FilePath in ["a", "a/b", "a/b/c", "d"] {
      try disk.makeDirectory(directory, mode: 0o700)
      expected[directory] = .directory
      for index in 0..<300 {
        let path = directory.appending("file-\(index)")
        try disk.put(path, [])
        expected[path] = .regular
      }
    }
    try ground.plantLink("loop", to: "a")
    expected["loop"] = .symbolicLink
    var seen: Set<FilePath> = [.root]
    for step in try steps(TreeWalk(.root, on: disk)) {
      guard case .entry(let path, let kind) = step else {
        Issue.record("\(step)")
        continue
      }
      #expect(expected[path] == kind)
      #expect(seen.contains(path.parent))
      #expect(seen.insert(path).inserted)
    }
    #expect(seen.count == expected.count + 1)
    #expect(try steps(TreeWalk("a/b/c", on: disk)).count == 300)
  }

  @Test(arguments: DiskKind.allCases)
  func `a directory can be passed over`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    for directory: FilePath in ["a", "b"] {
      try disk.makeDirectory(directory, mode: 0o700)
      try disk.put(directory.appending("file"), [])
    }
    var walk = TreeWalk(.root, on: disk)
    var told: Set<FilePath> = []
    while case .entry(let path, _)? = try walk.next() {
      told.insert(path)
      if path == "a" { walk.skipDescendants() }
      if path == "b/file" { walk.skipDescendants() }
    }
    #expect(told == ["a", "b", "b/file"])
  }

  @Test(arguments: DiskKind.allCases)
  func `what vanishes or changes its kind meanwhile is passed over`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    for name: FilePath in ["a", "b", "c"] {
      try disk.makeDirectory(name, mode: 0o700)
      try disk.put(name.appending("file"), [])
    }
    var walk = TreeWalk(.root, on: disk)
    var told = 0
    while let step = try walk.next() {
      guard case .entry(let path, .directory) = step else { continue }
      told += 1
      try disk.removeTree(path)
      if told == 2 { try disk.put(path, []) }
    }
    #expect(told == 3)
  }

  @Test(arguments: DiskKind.allCases)
  func `the first directory must be there`(_ kind: DiskKind) throws {
    let disk = try grounds.make(kind).disk
    try disk.put("file", [])
    for (path, error) in [
      ("none", .absent("none")), ("file", .notADirectory("file")),
    ] as [(FilePath, DiskError)] {
      var walk = TreeWalk(path, on: disk)
      #expect(throws: error) { try walk.next() }
    }
  }

  @Test(arguments: DiskKind.allCases)
  func `a directory that cannot be read is told, and the walk goes on`(_ kind: DiskKind) throws {
    let ground = try grounds.make(kind)
    let disk = ground.disk
    for name: FilePath in ["a", "b", "c"] { try disk.makeDirectory(name, mode: 0o700) }
    var walk = TreeWalk(.root, on: disk)
    var told: [TreeWalk.Step] = []
    while let step = try walk.next() {
      told.append(step)
      if case .entry(let path, .directory) = step, told.count == 1 {
        try disk.removeDirectory(path)
        try ground.plantLink(path.description, to: "elsewhere")
      }
    }
    #expect(told.count == 4)
    #expect(
      told.contains {
        if case .unreadable(let path, let error) = $0 { error == .escapes(path) } else { false }
      })
  }

  @Test func `a tree as deep as paths go is walked and removed`() throws {
    let disk = try grounds.make(.posix).disk
    var path = FilePath.root
    while path.bytes.count < 4_000 {
      path = path.appending("deeper")
      try disk.makeDirectory(path, mode: 0o700)
    }
    #expect(try steps(TreeWalk(.root, on: disk)).count == path.components.count)
    try disk.removeTree(.root)
    #expect(try disk.names().isEmpty)
  }
}
