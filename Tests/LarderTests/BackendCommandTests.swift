// `larder backend …` as a person or a script would run it, against directories of the test's own.

import Ambient
import Bytes
import ChildProcesses
import Digests
import DurableFiles
import ScratchFiles
import Testing

@testable import larder

@Suite struct BackendCommandTests {
  private let scratch: Scratch
  private let config: String

  init() throws {
    scratch = try Scratch()
    try scratch.disk.makeDirectory("cold", mode: 0o700)
    try scratch.disk.makeDirectory("old", mode: 0o700)
    config = try scratch.makeFile(
      "larder.json5",
      Array(
        """
        {
          // The cold stores of a test.
          primary: { type: 'local', path: '\(scratch.path("cold"))' },
          secondary: { type: 'nfs', path: '\(scratch.path("old"))' },
        }
        """.utf8))
  }

  private func backend(_ words: String..., config: String? = nil) throws -> EndedChild {
    let words = ["backend"] + words + ["--config", config ?? self.config]
    return try ChildProcess(builtProduct("larder"), words.map { Array($0.utf8) }).wait()
  }

  private func json(_ child: EndedChild) throws -> JSONValue {
    try JSONValue(parsing: child.output)
  }

  private func content(_ path: FilePath) throws -> [UInt8] {
    try OpenFile(path, .reading, on: scratch.disk).readAll(bytesMax: 1 << 24)
  }

  @Test func `what is put comes back, is told, listed and deleted`() throws {
    let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
    let file = try scratch.makeFile("a file", bytes)
    let put = try backend(
      "put", file, "main/a file#1,v", "--metadata", "mode=0644", "--json")
    #expect(put.ending == .exited(0) && put.errors.isEmpty)
    let digest = Blake3.digest(of: bytes).description
    #expect(try json(put)["blake3"]?.string == digest)
    #expect(try content("cold/main/a file#1,v") == bytes)

    let head = try backend("head", "main/a file#1,v", "--json")
    #expect(head.ending == .exited(0))
    #expect(try json(head)["size"]?.integer == 3_000_000)
    #expect(try json(head)["metadata"]?["mode"]?.string == "0644")
    let told = try backend("head", "main/a file#1,v")
    #expect(told.outputText.contains("blake3    \(digest)\n"))

    let got = try backend("get", "main/a file#1,v", scratch.path("back"))
    #expect(got.ending == .exited(0) && got.errors.isEmpty)
    #expect(try content("back") == bytes)

    let list = try backend("list", "main/", "--json")
    #expect(try json(list)["key"]?.string == "main/a file#1,v")
    let lines = try backend("list")
    #expect(lines.outputText.hasSuffix("  main/a file#1,v\n"))
    #expect(try backend("list", "other").output.isEmpty)

    let removed = try backend("rm", "main/a file#1,v", "none")
    #expect(removed.ending == .exited(0) && removed.output.isEmpty && removed.errors.isEmpty)
    let gone = try backend("head", "main/a file#1,v")
    #expect(gone.ending == .exited(1))
    #expect(gone.errorText == "larder: main/a file#1,v is not in the store\n")
  }

  @Test func `a test of a store that works says so, step by step`() throws {
    let child = try backend("test")
    #expect(child.ending == .exited(0) && child.errors.isEmpty)
    let steps = child.outputText.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(steps.map { $0[0] } == ["put", "head", "get", "range", "list", "delete", "sweep"])
    #expect(steps.allSatisfy { $0[1] == "ok" && $0[3] == "ms" })
    let told = try json(try backend("test", "--backend", "secondary", "--json"))
    #expect(told["backend"]?.string == "secondary" && told["ok"]?.bool == true)
    #expect(told["steps"]?.array?.count == 7)
    #expect(told["capabilities"]?.array?.contains("conditional_writes") == true)
  }

  @Test func `a test of a store tells what interrupted transfers left, and a head leaves it`()
    throws
  {
    let stray = try scratch.makeFile("stray", [1])
    let moved = try ChildProcess(
      "/bin/mv", [stray, scratch.path("cold/stray")].map { Array($0.utf8) }
    ).wait()
    #expect(moved.ending == .exited(0))
    let big = try scratch.makeFile("big", [])
    try OpenFile("big", .writing, on: scratch.disk).truncate(to: 512 << 20)
    #expect(try killed(["put", big, "k"], making: "k", in: "cold"), "no put was killed")
    _ = try backend("head", "k")
    #expect(try temporaries(in: "cold") == 1)
    let child = try backend("test")
    #expect(child.ending == .exited(0))
    #expect(child.outputText.hasSuffix("removed 1 unfinished transfers\norphan  stray\n"))
    #expect(try temporaries(in: "cold") == 0)
    let told = try json(try backend("test", "--json"))
    #expect(told["removed"]?.integer == 0 && told["orphans"]?.integer == 1)
    #expect(try scratch.disk.status(at: "cold/stray") != nil)
  }

  @Test func `an object that is there is kept when that is asked for`() throws {
    let file = try scratch.makeFile("f", [1])
    #expect(try backend("put", file, "k", "--if-absent").ending == .exited(0))
    let again = try backend("put", file, "k", "--if-absent")
    #expect(again.ending == .exited(1))
    #expect(again.errorText == "larder: k is in the store already; nothing was changed\n")
  }

  @Test func `a file that is there is kept unless replacing is asked for`() throws {
    let file = try scratch.makeFile("f", [1])
    _ = try backend("put", file, "k")
    let target = try scratch.makeFile("t", [2])
    let kept = try backend("get", "k", target)
    #expect(kept.ending == .exited(1))
    #expect(
      kept.errorText == "larder: '\(target)' exists already; give --replace to replace it\n")
    #expect(try content("t") == [2])
    #expect(try backend("get", "k", target, "--replace").ending == .exited(0))
    #expect(try content("t") == [1])
    let names = try scratch.disk.list(.root).map { String(decoding: $0.name, as: UTF8.self) }
    #expect(names.sorted() == ["cold", "f", "larder.json5", "old", "t"])
  }

  @Test func `a damaged object never reaches the file, and the exit code says so`() throws {
    let file = try scratch.makeFile("f", [UInt8](repeating: 5, count: 10_000))
    _ = try backend("put", file, "k")
    try OpenFile("cold/k", .writing, on: scratch.disk).write([6], at: 4_000)
    let child = try backend("get", "k", scratch.path("t"))
    #expect(child.ending == .exited(4))
    #expect(child.errorText.hasPrefix("larder: k is damaged: its bytes hash to "))
    let names = try scratch.disk.list(.root).map { String(decoding: $0.name, as: UTF8.self) }
    #expect(names.sorted() == ["cold", "f", "larder.json5", "old"])
  }

  @Test(
    arguments: [
      (
        "../escape",
        "'../escape' cannot be the name of an object: it has a '.' or '..' component; write the "
          + "path that it leads to"
      ),
      (
        "/etc/passwd",
        "'/etc/passwd' cannot be the name of an object: it begins with '/'; write it relative to "
          + "the store"
      ),
      (
        ".p4cache/manifest.sqlite",
        "'.p4cache/manifest.sqlite' cannot be the name of an object: '.p4cache' belongs to the "
          + "engine and is never stored"
      ),
    ])
  func `a name that would escape is wrong usage and one sentence`(
    key: String, sentence: String
  ) throws {
    let child = try backend("head", key)
    #expect(child.ending == .exited(2))
    #expect(child.errorText == "larder: \(sentence)\n" && child.output.isEmpty)
  }

  @Test func `a link in the store is not followed`() throws {
    let link = try ChildProcess(
      "/bin/ln", ["-s", "/etc", scratch.path("cold/out")].map { Array($0.utf8) }
    ).wait()
    #expect(link.ending == .exited(0))
    let child = try backend("get", "out/hostname", scratch.path("t"))
    #expect(child.ending == .exited(1))
    #expect(
      child.errorText
        == "larder: out/hostname leads through a symbolic link, which is never followed; replace "
        + "the link by what it leads to\n")
  }

  @Test func `a directory that may not be written is told with what to do`() throws {
    // Not even root makes files there.
    let config = try scratch.makeFile(
      "sys.json5", Array("{ primary: { type: 'local', path: '/sys/kernel' } }".utf8))
    let file = try scratch.makeFile("f", [1])
    for words in [["put", file, "k"], ["test"]] {
      let child = try ChildProcess(
        builtProduct("larder"),
        (["backend"] + words + ["--config", config]).map { Array($0.utf8) }
      ).wait()
      #expect(child.ending == .exited(1))
      #expect(
        child.errorText.hasPrefix("larder: primary denies access: ")
          && child.errorText.hasSuffix(
            "; give the user that larder runs as the right to read and write there\n"),
        "\(child.errorText)")
    }
  }

  @Test func `a directory that is missing is told with what to do`() throws {
    try scratch.disk.removeDirectory("cold")
    let child = try backend("test")
    #expect(child.ending == .exited(2))
    #expect(
      child.errorText
        == "larder: the directory \(scratch.path("cold")) of primary does not exist; make it, or "
        + "set 'path'\n")
  }

  @Test(
    arguments: [
      (
        "{ primary: { tpye: 'local' } }",
        "line 1, column 14: there is no setting 'primary.tpye' (did you mean 'primary.type'?)"
      ),
      (
        "{\n  primary: {\n    type: 'lokal',\n    path: '/x' } }",
        "line 3, column 11: 'primary.type' wants local, nfs or s3, not \"lokal\" (did you mean 'local'?)"
      ),
      (
        "{ primary: 5 }", "line 1, column 12: 'primary' wants an object with settings, not a number"
      ),
      (
        "{ primary: { type: 'local' } }",
        "line 1, column 20: a primary of type 'local' needs 'primary.path'"
      ),
      (
        "{ primary: { type: 'local', path: '/x', bucket: 'depot' } }",
        "line 1, column 49: a primary of type 'local' has no 'primary.bucket'; remove it"
      ),
    ])
  func `a wrong configuration is told with its line and column`(
    document: String, sentence: String
  ) throws {
    let file = try scratch.makeFile("wrong.json5", Array(document.utf8))
    let child = try backend("test", config: file)
    #expect(child.ending == .exited(2))
    #expect(child.errorText == "larder: \(file): \(sentence)\n" && child.output.isEmpty)
  }

  @Test func `a store that is not configured is told with the setting to give`() throws {
    let file = try scratch.makeFile("none.json5", Array("{}".utf8))
    let child = try backend("test", config: file)
    #expect(child.ending == .exited(2))
    #expect(
      child.errorText
        == "larder: \(file): the configuration has no primary store; set 'primary.type'\n")
    let missing = try backend("test", config: scratch.path("nowhere"))
    #expect(missing.ending == .exited(2))
    #expect(missing.errorText.contains("the configuration cannot be read: "))
  }

  @Test func `what cannot be stored is told by its name`() throws {
    let child = try backend("put", scratch.path("cold"), "k")
    #expect(child.ending == .exited(1))
    #expect(child.errorText.hasPrefix("larder: '\(scratch.path("cold"))' cannot be stored: "))
    let wrong = try backend("put", config, "k", "--metadata", "novalue")
    #expect(wrong.ending == .exited(2))
    #expect(wrong.errorText == "larder: --metadata wants NAME=VALUE, not 'novalue'\n")
  }

  /// Starts a transfer again and again until one was killed in its middle, seen by its temporary
  /// file in the directory.
  private func killed(
    _ words: [String], making product: String, in directory: FilePath
  ) throws -> Bool {
    for _ in 0..<20 {
      let child = try ChildProcess(
        builtProduct("larder"),
        (["backend"] + words + ["--config", config]).map { Array($0.utf8) })
      let deadline = MonotonicClock.live.now() + .seconds(20)
      while try temporaries(in: directory) == 0, MonotonicClock.live.now() < deadline {
        _ = Pause.live.wait(.milliseconds(1), nil)
      }
      child.signal(9)
      if try child.wait().ending == .signalled(9), try temporaries(in: directory) > 0 {
        return true
      }
      // It was done before the signal came.
      if try scratch.disk.status(at: directory.appending(product)) != nil {
        try scratch.disk.remove(directory.appending(product))
      }
    }
    return false
  }

  private func temporaries(in directory: FilePath) throws -> Int {
    try scratch.disk.list(directory).count { AtomicReplace.isTemporary($0.name) }
  }

  @Test func `a put that is killed in its middle leaves no object and no part of one`() throws {
    let big = try scratch.makeFile("big", [])
    try OpenFile("big", .writing, on: scratch.disk).truncate(to: 512 << 20)
    #expect(
      try killed(["put", big, "k"], making: "k", in: "cold"), "no put was killed in its middle")
    #expect(try scratch.disk.status(at: "cold/k") == nil)
    #expect(try backend("head", "k").ending == .exited(1))
    #expect(try backend("list").output.isEmpty)
    let small = try scratch.makeFile("small", [1])
    #expect(try backend("put", small, "k").ending == .exited(0))
    #expect(try content("cold/k") == [1])
  }

  @Test func `a get that is killed in its middle leaves no file and no part of one`() throws {
    let big = try scratch.makeFile("big", [])
    try OpenFile("big", .writing, on: scratch.disk).truncate(to: 128 << 20)
    #expect(try backend("put", big, "k").ending == .exited(0))
    try scratch.disk.makeDirectory("target", mode: 0o700)
    let file = scratch.path("target/file")
    #expect(
      try killed(["get", "k", file], making: "file", in: "target"),
      "no get was killed in its middle")
    #expect(try scratch.disk.status(at: "target/file") == nil)
    #expect(try backend("get", "k", file).ending == .exited(0))
    #expect(try scratch.disk.status(at: "target/file")?.size == 128 << 20)
  }
}
