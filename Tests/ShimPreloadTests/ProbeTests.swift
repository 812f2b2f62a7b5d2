// What ordinary programs rarely do: every name of the calls, many threads, forks, signals, closed
// descriptors, and paths that lead to a file in roundabout ways.

import CacheEngine
import ChildProcesses
import DurableFiles
import ScratchFiles
import Testing

@Suite struct ProbeTests {
  private let engine: ScriptedEngine

  init() throws {
    engine = try ScriptedEngine()
    try engine.start()
  }

  private func paths(_ count: Int) throws -> [String] {
    try (0..<count).map { number in
      try engine.addCold("n/\(number)", "\(number)")
      return engine.path("n/\(number)")
    }
  }

  private func output(_ child: EndedChild) -> [String] {
    #expect(child.errorText == "")
    #expect(child.ending == .exited(0))
    return child.outputText.split(separator: "\n").map(String.init)
  }

  @Test func `every name of the calls finds a cold file`() throws {
    let child = try engine.run(builtProduct("ShimProbe"), ["names"] + paths(13))
    let answers = output(child)
    #expect(answers.count == 27)
    #expect(answers.allSatisfy { $0.hasSuffix(" ok") }, "\(answers)")
    let asked = engine.takeAsked()
    for number in 0..<12 {
      #expect(asked.count { $0 == .fetch("n/\(number)") } == 1, "\(answers[number])")
    }
    // The last was looked at in every way, and is still cold.
    #expect(asked.dropFirst(12).allSatisfy { $0 == .status("n/12") })
    #expect(asked.count == 12 + 15)
    #expect(try engine.hot("n/12") == nil)
  }

  @Test func `making, adding and replacing respect what is cold`() throws {
    let child = try engine.run(builtProduct("ShimProbe"), ["modes"] + paths(11))
    #expect(
      output(child) == [
        "O_CREAT|O_EXCL EEXIST", "O_CREAT|O_APPEND ok", "O_CREAT|O_RDWR ok", "O_CREAT|O_TRUNC ok",
        "O_RDWR ok", "O_DIRECTORY ENOENT", "O_PATH ok", "fopen a ok", "fopen w ok",
        "fopen wx EEXIST", "rename noreplace EEXIST", "rename ok",
      ])
    #expect(
      try (0..<11).map { try engine.hot("n/\($0)") } == [
        nil, "1", "2", "", "4", "5", "6", "", nil, nil, "9",
      ])
    // What is replaced is not brought first.
    #expect(!engine.takeAsked().contains(.fetch("n/3")))
  }

  @Test func `a new file is made as if nobody was there`() throws {
    let flags = ["0x241", "0x442", "0xc1"]  // O_TRUNC, O_APPEND, O_EXCL; each with O_CREAT
    for (number, flag) in flags.enumerated() {
      #expect(output(try engine.probe("open", flag, engine.path("new\(number)"))) == ["open ok"])
      #expect(try engine.hot("new\(number)") == "")
    }
    #expect(output(try engine.probe("open", "0x40", engine.path(""))) == ["open EISDIR"])
  }

  @Test func `threads read cold files at once, on a connection each`() throws {
    for number in 0..<60 { try engine.addCold("t/\(number)", "\(number)") }
    #expect(output(try engine.probe("threads", engine.path("t"), "24", "60")) == ["1440"])
  }

  @Test func `parent and child read on after a fork, neither on the other's connection`() throws {
    try engine.addCold("first", "1")
    for number in 0..<100 {
      try engine.addCold("p/\(number)", "parent")
      try engine.addCold("c/\(number)", "child")
    }
    let child = try engine.probe("fork", engine.path("first"), engine.path("p"), engine.path("c"))
    #expect(output(child) == ["11111111111"])
    try engine.addCold("second", "2")
    let other = try engine.probe("vfork", engine.path("first"), engine.path("second"))
    #expect(output(other) == ["111"])
  }

  @Test func `a handler that opens files in between has the file system's answer`() throws {
    for number in 0..<200 { try engine.addCold("s/\(number)", "\(number)") }
    let child = try engine.probe("signal", engine.path("s"), engine.path("none"))
    #expect(output(child) == ["200 handled"])
  }

  @Test func `who closes every descriptor loses nothing, and is sent nothing`() throws {
    let paths = try paths(3)
    let child = try engine.probe("closed", paths[0], paths[1], paths[2])
    #expect(output(child) == ["111"])
  }

  @Test func `an open gets the lowest number, as if nothing else had been opened`() throws {
    #expect(output(try engine.probe("lowest", paths(1)[0])) == ["0"])
  }

  @Test func `a file is one file before and after it was brought`() throws {
    #expect(output(try engine.probe("twice", paths(1)[0])) == ["same unchanged other"])
  }

  @Test func `a path may be relative, below an open directory, and roundabout`() throws {
    for number in 0..<6 { try engine.addCold("a/b/\(number)", "\(number)\n") }
    #expect(output(try engine.probe("at", engine.path("a"), "b/0")) == ["openat ok"])
    let child = try engine.shell(
      "cd \"$1/a\" && cat b/1 ./b/.././b/2 ..//a///b/3 \"$1/../depot/a/b/4\"")
    #expect(child.outputText == "1\n2\n3\n4\n")
    #expect(
      engine.takeAsked() == (0..<5).map { .fetch("a/b/\($0)") })
  }

  @Test func `a directory that is not there any more has its cold files all the same`() throws {
    try engine.addCold("gone/deep/cold", "cold\n")
    try engine.scratch.disk.removeDirectory("depot/gone/deep")
    try engine.scratch.disk.removeDirectory("depot/gone")
    let child = try engine.shell("cat \"$1/gone/deep/cold\" \"$1/gone/deep/../../gone/x\"")
    #expect(child.outputText == "cold\n")
  }

  @Test func `links lead into the depot, and never out of it`() throws {
    for name in ["a/1", "a/2", "a/3"] { try engine.addCold(name, "\(name)\n") }
    let child = try engine.shell(
      """
      ln -s "$1" "$1/../link"; ln -s a/1 "$1/inside"; ln -s "$1/../outside" "$1/out"
      mkdir "$1/../outside"; ln -s a "$1/folder"
      cat "$1/../link/a/2" "$1/inside" "$1/folder/3"
      cat "$1/out/none" "$1/../none" 2>/dev/null
      rm "$1/inside"
      """)
    #expect(child.outputText == "a/2\na/1\na/3\n")
    #expect(
      engine.takeAsked().filter { $0 != .delete("inside") } == [
        .fetch("a/2"), .fetch("a/1"), .fetch("a/3"),
      ])
    let linked = try engine.run(
      "/bin/cat", [engine.scratch.path("link/a/2")], depot: engine.scratch.path("link"))
    #expect(linked.outputText == "a/2\n")
  }

  @Test func `a depot that is reached over a link is the depot`() throws {
    try engine.addCold("cold", "cold\n")
    #expect(try engine.shell("ln -s depot \"$1/../link\"").ending == .exited(0))
    for path in [engine.path("cold"), engine.scratch.path("link/cold")] {
      let child = try engine.run("/bin/cat", [path], depot: engine.scratch.path("link"))
      #expect(child.outputText == "cold\n")
      try engine.scratch.disk.remove("depot/cold")
    }
  }

  @Test(arguments: ["-e $ARGV[0]", "open(my $file, '<', $ARGV[0])"])
  func `what is not there is asked for once in a while`(_ look: String) throws {
    let child = try engine.run(
      "/usr/bin/perl", ["-e", "for (1..500) { \(look) and die } print 'done'", engine.path("none")])
    #expect(child.outputText == "done")
    #expect((1..<20).contains(engine.takeAsked().count))
  }

  @Test func `it needs nothing but libc`() throws {
    let child = try ChildProcess(
      "/usr/bin/readelf", ["-dW", builtProduct("libp4shim.so")].map { Array($0.utf8) }
    ).wait()
    let needed = child.outputText.split(separator: "\n").filter { $0.contains("(NEEDED)") }
    #expect(needed.count == 1)
    #expect(needed.first?.contains("[libc.so.6]") == true)
  }
}
