// What a power failure takes and what it must leave. Most promises hold over many seeds: each is
// checked after every crash, and that the crashes really took something is checked at the end.

import DiskSimulation
import DurableFiles
import Testing

@Suite struct PowerLossTests {
  private let page = 4_096
  private let seeds = 1...200

  /// A disk as the power left it after `work`.
  private func afterCrash(
    _ seed: Int, _ plan: FaultPlan = .honest, _ work: (SimulatedDisk) throws(DiskError) -> Void
  ) throws(DiskError) -> SimulatedDisk {
    let disk = SimulatedDisk(seed: UInt64(seed), faults: plan)
    try work(disk)
    disk.crash()
    return disk.reopen()
  }

  @Test func `what was synced is there, bytes and names`() throws {
    for seed in seeds {
      let disk = try afterCrash(seed) { (disk) throws(DiskError) in
        try disk.makeDirectory("d", mode: 0o750)
        try disk.syncDirectory(.root)
        try disk.putDurably("d/a", pattern(10_000))
        let file = try OpenFile("d/a", .writing, on: disk)
        try file.setAttribute("x", to: [7])
        try file.truncate(to: 9_999)
        try file.sync(.all)
      }
      #expect(try disk.get("d/a") == Array(pattern(10_000)[..<9_999]))
      #expect(try OpenFile("d/a", .reading, on: disk).attribute("x") == [7])
      #expect(try disk.status(at: "d")?.mode == 0o750)
    }
  }

  @Test func `without faults a power failure loses nothing`() throws {
    let disk = try afterCrash(1, .none) { (disk) throws(DiskError) in
      try disk.makeDirectory("d", mode: 0o700)
      try disk.put("d/a", pattern(10_000))
      try disk.rename("d/a", to: "b", replacing: false)
    }
    #expect(try disk.get("b") == pattern(10_000))
    #expect(try disk.names() == ["b", "d"])
    #expect(disk.faultCounts.isEmpty)
  }

  @Test func `pages that were not synced are lost one by one and out of order`() throws {
    var kept: Set<[UInt8]> = []
    for seed in seeds {
      let plan = FaultPlan.none.arming(.pageLost, oneIn: 2)
      let disk = try afterCrash(seed, plan) { (disk) throws(DiskError) in
        try disk.putDurably("a", filled(3 * page, 0))
        try OpenFile("a", .writing, on: disk).write(filled(3 * page, 1), at: 0)
      }
      let bytes = try disk.get("a")
      for index in 0..<3 {
        #expect(Set(bytes[index * page..<(index + 1) * page]).count == 1)
      }
      kept.insert((0..<3).map { bytes[$0 * page] })
      let lost = bytes.count(where: { $0 == 0 }) / page
      #expect(disk.faultCounts[.pageLost, default: 0] == lost)
    }
    #expect(kept.count == 8)
  }

  @Test func `a lost page may be as it was between two syncs`() throws {
    var seen: Set<UInt8> = []
    for seed in seeds {
      let plan = FaultPlan.none.arming(.pageLost, oneIn: 1)
      let disk = try afterCrash(seed, plan) { (disk) throws(DiskError) in
        try disk.putDurably("a", [0])
        let file = try OpenFile("a", .writing, on: disk)
        for value: UInt8 in 1...4 { try file.write([value], at: 0) }
      }
      seen.formUnion(try disk.get("a"))
    }
    #expect(seen == [0, 1, 2, 3])
  }

  @Test func `a torn page has whole sectors of both moments`() throws {
    var mixed = 0
    for seed in seeds {
      let plan = FaultPlan.none.arming(.sectorTorn, oneIn: 1)
      let disk = try afterCrash(seed, plan) { (disk) throws(DiskError) in
        try disk.putDurably("a", filled(page, 0))
        try OpenFile("a", .writing, on: disk).write(filled(page, 1), at: 0)
      }
      let bytes = try disk.get("a")
      let sectors = stride(from: 0, to: page, by: 512).map { Set(bytes[$0..<$0 + 512]) }
      #expect(sectors.allSatisfy { $0.count == 1 })
      if Set(sectors).count == 2 { mixed += 1 }
      #expect(disk.faultCounts[.sectorTorn] == 1)
    }
    #expect(mixed > 150)
  }

  @Test func `a file that grew may have any length between, and zeros where pages are lost`() throws
  {
    var lengths: Set<Int> = []
    for seed in seeds {
      let disk = try afterCrash(seed) { (disk) throws(DiskError) in
        try disk.putDurably("a", filled(100, 1))
        try OpenFile("a", .writing, on: disk).append(filled(9_900, 2))
      }
      let bytes = try disk.get("a")
      lengths.insert(bytes.count)
      #expect((100...10_000).contains(bytes.count))
      #expect(bytes[..<100].allSatisfy { $0 == 1 })
      #expect(bytes[100...].allSatisfy { $0 == 2 || $0 == 0 })
    }
    #expect(lengths.contains(100) && lengths.contains(10_000) && lengths.count > 10)
  }

  @Test func `a cut that was not synced may be undone, and never eats what it kept`() throws {
    var lengths: Set<Int> = []
    for seed in seeds {
      let disk = try afterCrash(seed) { (disk) throws(DiskError) in
        try disk.putDurably("a", filled(3 * page, 1))
        try OpenFile("a", .writing, on: disk).truncate(to: 5_000)
      }
      let bytes = try disk.get("a")
      lengths.insert(bytes.count)
      #expect(bytes[..<5_000].allSatisfy { $0 == 1 })
    }
    #expect(lengths == [5_000, 3 * page])
  }

  @Test func `what is read behind a cut is zeros, whatever the device kept`() throws {
    for seed in seeds {
      let disk = try afterCrash(seed) { (disk) throws(DiskError) in
        try disk.putDurably("a", filled(3 * page, 1))
        let file = try OpenFile("a", .writing, on: disk)
        try file.truncate(to: 5_000)
        try file.sync()
      }
      let file = try OpenFile("a", .writing, on: disk)
      try file.truncate(to: 20_000)
      #expect(try file.read(at: 0, count: 20_000) == filled(5_000, 1) + filled(15_000, 0))
    }
  }

  @Test func `names are made, removed and moved each for itself, unless synced`() throws {
    var seen: Set<[String]> = []
    for seed in seeds {
      let disk = try afterCrash(seed) { (disk) throws(DiskError) in
        for name: FilePath in ["gone", "old", "kept"] { try disk.putDurably(name, [1]) }
        try disk.put("made", [])
        try disk.remove("gone")
        try disk.rename("old", to: "new", replacing: false)
      }
      let names = try disk.names()
      seen.insert(names)
      #expect(names.contains("kept"))
      #expect(names.contains("old") != names.contains("new"))
      let lost = disk.firedFaults.filter { $0.fault == .nameLost }.map(\.path)
      #expect(lost.contains("made") != names.contains("made"))
      #expect(lost.contains("gone") == names.contains("gone"))
      #expect(lost.contains("new") == names.contains("old"))
    }
    #expect(seen.count == 8)
  }

  @Test func `what builds on a lost name is lost with it`() throws {
    var seen: Set<[String]> = []
    for seed in seeds {
      let disk = try afterCrash(seed) { (disk) throws(DiskError) in
        try disk.putDurably("a", [1])
        try disk.rename("a", to: "b", replacing: false)
        try disk.rename("b", to: "c", replacing: false)
        try disk.put("a", [2])
      }
      let names = try disk.names()
      seen.insert(names)
      let first = try names.filter { try disk.get(FilePath($0)) == [1] }
      #expect(first.count == 1)
      if names.contains("a"), try disk.get("a") != [1] { #expect(names.count == 2) }
    }
    #expect(seen == [["a"], ["b"], ["a", "b"], ["c"], ["a", "c"]])
  }

  @Test func `a move between directories is whole, and durable when both were synced`() throws {
    var places: Set<String> = []
    for (synced, expected) in [
      ([], ["from", "to"]), (["from"], ["from", "to"]), (["to"], ["from", "to"]),
      (["from", "to"], ["to"]),
    ] as [([FilePath], Set<String>)] {
      places = []
      for seed in seeds {
        let disk = try afterCrash(seed) { (disk) throws(DiskError) in
          try disk.makeDirectory("from", mode: 0o700)
          try disk.makeDirectory("to", mode: 0o700)
          try disk.syncDirectory(.root)
          try disk.putDurably("from/a", [1])
          try disk.rename("from/a", to: "to/a", replacing: false)
          for path in synced { try disk.syncDirectory(path) }
        }
        let found = try ["from", "to"].filter { try disk.names(FilePath($0)) == ["a"] }
        #expect(found.count == 1)
        places.formUnion(found)
      }
      #expect(places == expected)
    }
  }

  @Test func `a file moved out of a directory survives that directory's end`() throws {
    for seed in seeds {
      let disk = try afterCrash(seed) { (disk) throws(DiskError) in
        try disk.makeDirectory("d", mode: 0o700)
        try disk.syncDirectory(.root)
        try disk.putDurably("d/a", [1])
        try disk.rename("d/a", to: "a", replacing: false)
        try disk.removeDirectory("d")
        if seed % 2 == 0 { try disk.syncDirectory(.root) }
      }
      let names = try disk.names()
      if names.contains("a") {
        #expect(try disk.get("a") == [1])
        if names.contains("d") { #expect(try disk.names("d").isEmpty) }
      } else {
        #expect(try disk.get("d/a") == [1])
      }
      if seed % 2 == 0 { #expect(names == ["a"]) }
    }
  }

  @Test func `a directory that was not synced into its parent is lost with all it holds`() throws {
    var lost = 0
    for seed in seeds {
      let disk = try afterCrash(seed) { (disk) throws(DiskError) in
        try disk.makeDirectory("d", mode: 0o700)
        try disk.putDurably("d/a", [1])
      }
      if try disk.names() == [] { lost += 1 } else { #expect(try disk.get("d/a") == [1]) }
    }
    #expect((50...150).contains(lost))
  }

  @Test func `attributes that were not synced wholly may be as before`() throws {
    var modes: Set<UInt16> = []
    for seed in seeds {
      let disk = try afterCrash(seed) { (disk) throws(DiskError) in
        try disk.putDurably("a", [1])
        let file = try OpenFile("a", .writing, on: disk)
        try file.set(FileAttributes(mode: 0o640))
        try file.setAttribute("x", to: [1])
        try file.sync(.data)
      }
      let file = try OpenFile("a", .reading, on: disk)
      let mode = try file.status.mode
      modes.insert(mode)
      #expect(try (file.attribute("x") == nil) == (mode == 0o600))
      #expect((disk.faultCounts[.attributesLost] != nil) == (mode == 0o600))
    }
    #expect(modes == [0o600, 0o640])
  }

  @Test func `a stored word lives as long as the power, unless its file was synced`() throws {
    var values: Set<UInt64> = []
    for seed in seeds {
      let disk = try afterCrash(seed) { (disk) throws(DiskError) in
        let words = try disk.sharedWords("words", count: 2, writing: true)
        words.store(1, at: 1)
        try OpenFile("words", .writing, on: disk).sync(.all)
        try disk.syncDirectory(.root)
        words.store(2, at: 1)
      }
      values.insert(try disk.sharedWords("words", count: 2, writing: false).load(1))
    }
    #expect(values == [1, 2])
  }

  @Test func `a killed process leaves all that it wrote, and its locks are free`() throws {
    let disk = SimulatedDisk(seed: 1)
    let other = disk.startProcess()
    try disk.put("a", pattern(10_000))
    let file = try OpenFile("a", .writing, on: disk)
    try file.lock()
    do {
      let second = try OpenFile("a", .writing, on: other)
      #expect(throws: DiskError.locked("a", holder: disk.process)) { try second.lock() }
    }
    disk.kill()
    #expect(throws: DiskError.crashed) { try file.write([9], at: 0) }
    let second = try OpenFile("a", .writing, on: other)
    try second.lock()
    #expect(try other.get("a") == pattern(10_000))
  }

  @Test func `what died with the power changes nothing in the next life`() throws {
    let disk = SimulatedDisk(seed: 1, faults: .none)
    try disk.put("a", [1])
    let words = try disk.sharedWords("w", count: 1, writing: true)
    let after: SimulatedDisk
    do {
      let file = try OpenFile("a", .writing, on: disk)
      let mapped = try file.map(count: 1)
      disk.crash()
      after = disk.reopen()
      try after.put("b", [2])
      #expect(throws: DiskError.crashed) { try file.write([9], at: 0) }
      #expect(throws: DiskError.crashed) { try disk.remove("a") }
      words.store(9, at: 0)
      #expect(mapped.withBytes { $0.count } == 1)
    }
    let file = try OpenFile("b", .reading, on: after)
    #expect(try file.read(at: 0, count: 1) == [2])
    #expect(try after.get("a") == [1])
    #expect(try after.sharedWords("w", count: 1, writing: false).load(0) == 0)
  }

  @Test func `power may fail again and again while the code above recovers`() throws {
    var crashes = 0
    for seed in 1...20 {
      var disk = SimulatedDisk(seed: UInt64(seed), faults: .none.arming(.crash, oneIn: 5))
      var done = 0
      while done < 20 {
        do throws(DiskError) {
          try disk.put(FilePath.root.appending("file-\(done)"), [UInt8(done)])
          done += 1
        } catch .exists {
          // Made by the call that never returned.
          done += 1
        } catch {
          #expect(error == .crashed)
          crashes += 1
          disk = disk.reopen()
        }
      }
      disk.arm(.none)
      #expect(try disk.names().count == 20)
    }
    #expect(crashes > 50)
  }
}
