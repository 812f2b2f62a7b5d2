// A depot that seals what it stores, through the real binary: nobody reads the cold store, and what was
// shredded is gone for good while its neighbours come back.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import Glibc
import ScratchFiles
import Testing

@testable import larder

@Suite struct SealedDepotTests {
  private func holders(of text: String, in ground: RunningEngine) throws -> [String] {
    let wanted = hexadecimal(Array(text.utf8))
    return try ground.everything(below: "cold").filter { $0.contains(wanted) }
  }

  @Test func `the cold store has no plaintext, and a shred reaches what it should and no more`()
    throws
  {
    let ground = try RunningEngine("min_age: '0s',")
    try ground.scratch.disk.makeDirectory("secrets", mode: 0o700)
    let key = ground.scratch.path("secrets/kek")
    let made = try ChildProcess(
      builtProduct("larder"), ["events", "key", "new", key].map { Array($0.utf8) }
    ).wait()
    #expect(made.ending == .exited(0), "\(made.errorText)")
    try ground.configure("min_age: '0s', encrypt: true, key_file: '\(key)',")
    try ground.write("gone", "the salaries of all")
    try ground.write("stays", "the names of all")
    try ground.storeAll(["gone", "stays"])
    #expect(try holders(of: "salaries", in: ground) == [])
    #expect(try holders(of: "names of", in: ground) == [])

    #expect(try ground.run("shred", "gone").ending == .exited(2))
    let planned = try ground.run("shred", "gone", "--dry-run", "--json")
    #expect(planned.ending == .exited(0), "\(planned.errorText)")
    let digest = try #require(try ground.json(planned)["plan"]?.string)
    #expect(try ground.text("depot/gone") == "the salaries of all")
    let other = try ground.run("shred", "stays", "--plan", digest)
    #expect(other.ending == .exited(3), "\(other.errorText)")
    let shredded = try ground.run("shred", "gone", "--plan", digest)
    #expect(shredded.ending == .exited(0), "\(shredded.errorText) \(shredded.outputText)")
    #expect(try ground.text("depot/gone") == nil)

    #expect(try ground.run("evict", "stays").ending == .exited(0))
    let engine = try ground.start()
    #expect(try ground.ask("P4CACHE/1 FETCH gone")?.hasPrefix("ERR shredded") == true)
    #expect(try ground.ask("P4CACHE/1 FETCH stays") == "OK 16")
    #expect(try ground.text("depot/stays") == "the names of all")
    engine.signal(SIGTERM)
    #expect(try engine.wait().ending == .exited(0))
  }
}
