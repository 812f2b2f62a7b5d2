// Ordinary programs below a depot with cold files: they read, copy, look, move and remove them as if
// the files were there, and what is only looked at stays cold.

import ChildProcesses
import DurableFiles
import ScratchFiles
import Testing

@Suite struct ProgramTests {
  private let engine: ScriptedEngine

  init() throws {
    engine = try ScriptedEngine()
    try engine.start()
  }

  @Test func `cat reads what is cold, and what is hot is not asked for`() throws {
    try engine.addHot("hot", "warm\n")
    try engine.addCold("a/b/cold file", "cold\n")
    let child = try engine.shell("cat \"$1/hot\" \"$1/a/b/cold file\" \"$1/none\"")
    #expect(child.outputText == "warm\ncold\n")
    #expect(child.errorText.hasSuffix("/none: No such file or directory\n"))
    #expect(child.ending == .exited(1))
    #expect(engine.takeAsked() == [.fetch("a/b/cold file"), .fetch("none")])
    #expect(try engine.hot("a/b/cold file") == "cold\n")
  }

  @Test func `cp -p copies a cold file with its mode and its time`() throws {
    try engine.addCold("cold", "bytes", mode: 0o751)
    let child = try engine.shell("cp -p \"$1/cold\" \"$1/copy\"")
    #expect(child.errorText == "")
    #expect(child.ending == .exited(0))
    #expect(try engine.hot("copy") == "bytes")
    let copy = try engine.scratch.disk.status(at: "depot/copy")
    #expect(copy?.mode == 0o751)
    #expect(copy?.modifiedNanoseconds == ScriptedEngine.modified)
  }

  @Test func `tar packs named cold files, and finds none changed`() throws {
    for number in 0..<20 { try engine.addCold("d/\(number)", "file \(number)\n") }
    let names = (0..<20).map { "d/\($0)" }.joined(separator: " ")
    let child = try engine.shell("cd \"$1\" && tar -cf packed.tar \(names)")
    #expect(child.errorText == "")
    #expect(child.ending == .exited(0))
    let unpacked = try engine.shell("tar -xOf \"$1/packed.tar\"")
    #expect(unpacked.outputText == (0..<20).map { "file \($0)\n" }.joined())
  }

  @Test func `grep finds what is in a cold file`() throws {
    try engine.addCold("cold", "one\ntwo words\n")
    let child = try engine.shell("grep -c words \"$1/cold\"")
    #expect(child.outputText == "1\n")
    #expect(child.ending == .exited(0))
  }

  @Test func `stat and test see a cold file, and leave it cold`() throws {
    try engine.addCold("cold", "12345", mode: 0o644)
    let child = try engine.shell(
      """
      stat -c '%s %a %F %y %h %b' "$1/cold"
      test -e "$1/cold" && echo there
      test -f "$1/cold" && test -r "$1/cold" && echo readable
      test -x "$1/cold" || echo no program
      test -e "$1/none" || echo none
      ls -l "$1/cold" | cut -c1-10
      """)
    #expect(
      child.outputText == """
        5 644 regular file 2023-11-14 22:13:20.123456789 +0000 1 1
        there
        readable
        no program
        none
        -rw-r--r--

        """)
    #expect(try engine.hot("cold") == nil)
    #expect(engine.takeAsked().allSatisfy { $0 == .status("cold") || $0 == .status("none") })
  }

  @Test func `mv moves a cold file with its bytes`() throws {
    try engine.addCold("cold", "bytes")
    try engine.addHot("other", "other")
    let child = try engine.shell("mv \"$1/cold\" \"$1/moved\" && cat \"$1/moved\"")
    #expect(child.outputText == "bytes")
    #expect(child.errorText == "")
    #expect(try engine.hot("cold") == nil)
  }

  @Test func `mv -n leaves a cold file alone`() throws {
    try engine.addCold("cold", "bytes")
    try engine.addHot("other", "other")
    let child = try engine.shell("mv -n \"$1/other\" \"$1/cold\"; cat \"$1/cold\" \"$1/other\"")
    #expect(child.outputText == "bytesother")
  }

  @Test func `rm deletes a cold file, and tells of a hot one`() throws {
    try engine.addCold("cold", "bytes")
    try engine.addHot("hot", "bytes")
    let child = try engine.shell("rm \"$1/cold\" \"$1/hot\" && rm \"$1/none\"")
    #expect(child.errorText.hasSuffix("/none': No such file or directory\n"))
    #expect(child.ending == .exited(1))
    #expect(try !engine.isCold("cold"))
    #expect(try !engine.isCold("hot"))
    #expect(try engine.hot("hot") == nil)
    #expect(engine.takeAsked().filter { $0 == .delete("hot") || $0 == .delete("cold") }.count == 2)
  }

  @Test func `python and perl read, look and remove`() throws {
    for name in ["python", "perl"] { try engine.addCold("\(name)/cold", "from \(name)\n") }
    let python = try engine.run(
      "/usr/bin/python3",
      [
        "-c",
        """
        import os, shutil, sys
        path = sys.argv[1] + "/python/cold"
        print(os.path.getsize(path), os.path.exists(path), os.access(path, os.R_OK))
        shutil.copy2(path, path + ".copy")
        print(open(path + ".copy").read(), end="")
        os.remove(path)
        print(os.path.exists(path))
        """, engine.scratch.path("depot"),
      ])
    #expect(python.errorText == "")
    #expect(python.outputText == "12 True True\nfrom python\nFalse\n")
    let perl = try engine.run(
      "/usr/bin/perl",
      [
        "-e",
        """
        my $path = "$ARGV[0]/perl/cold";
        print -s $path, " ", (-e $path ? "there" : "gone"), "\\n";
        open(my $file, "<", $path) or die "$!";
        print <$file>;
        unlink $path or die "$!";
        print -e $path ? "there" : "gone", "\\n";
        """, engine.scratch.path("depot"),
      ])
    #expect(perl.errorText == "")
    #expect(perl.outputText == "10 there\nfrom perl\ngone\n")
    #expect(try !engine.isCold("python/cold") && !engine.isCold("perl/cold"))
  }

  @Test func `what the shell adds to a cold file comes behind what it has`() throws {
    try engine.addCold("cold", "first\n")
    let child = try engine.shell(
      "echo second >> \"$1/cold\"; echo new >> \"$1/new\"; cat \"$1/cold\"")
    #expect(child.outputText == "first\nsecond\n")
    #expect(try engine.hot("new") == "new\n")
  }

  @Test func `a hundred thousand bytes and more come whole`() throws {
    let text = String(repeating: "0123456789abcdef", count: 60_000)
    try engine.addCold("large", text)
    let child = try engine.shell("cat \"$1/large\"")
    #expect(child.outputText == text)
  }
}
