// Files that a person names: links and pipes included, directories refused.

import Ambient
import DurableFiles
import Glibc
import ScratchFiles
import Testing

@Suite final class UserFileTests {
  private let scratch: Scratch
  private let disk: PosixDisk

  init() throws {
    scratch = try Scratch()
    disk = try PosixDisk(root: scratch.path)
  }

  private func named(_ name: String) -> String { scratch.path + "/" + name }

  @Test func `a file is read in pieces to its end, links followed`() throws {
    let bytes = pattern(150_000)
    try disk.put("a", bytes)
    scratch.plantLink("link", to: "a")
    for name in ["a", "link"] {
      var file = try UserFile(named(name))
      #expect(try file.size == 150_000)
      var piece = [UInt8](repeating: 0, count: 65_536)
      var read: [UInt8] = []
      while true {
        let count = try file.read(into: &piece)
        read += piece[..<count]
        if count < piece.count { break }
      }
      #expect(read == bytes)
      #expect(try file.read(into: &piece) == 0)
      #expect(try file.read(at: 149_999, into: &piece, count: 10) == 1)
      #expect(piece[0] == bytes[149_999])
    }
  }

  @Test func `what cannot be read is refused by its name`() throws {
    try disk.makeDirectory("directory", mode: 0o700)
    scratch.plantLink("loose", to: "nowhere")
    scratch.plantLink("round", to: "round")
    let cases: [(String, String)] = [
      (named("directory"), "\(named("directory")) is a directory"),
      (named("none"), "\(named("none")) does not exist"),
      (named("loose"), "\(named("loose")) does not exist"),
      (named("round"), "\(named("round")) leads through a symbolic link or out of its root"),
      (named("a\u{1B}b"), "\(named("a\\x1bb")) does not exist"),
      ("", "'.' is not a usable path"),
    ]
    for (name, text) in cases {
      do throws(DiskError) {
        _ = try UserFile(name)
        Issue.record("'\(name)' was opened")
      } catch {
        #expect(error.description == text)
      }
    }
  }

  @Test func `a name may be any bytes`() throws {
    try disk.put(FilePath(bytes: [0xFF]), [1, 2])
    var file = try UserFile(bytes: Array(named("").utf8) + [0xFF])
    #expect(try file.readAll(bytesMax: 2) == [1, 2])
  }

  @Test func `a pipe is read until its writer ends`() throws {
    scratch.plantPipe("pipe")
    let name = named("pipe")
    let writer = Worker("writer") {
      let pipe = unsafe open(name, O_WRONLY)
      for part in [pattern(100_000), [7]] {
        var rest = part[...]
        while !rest.isEmpty {
          let put = unsafe rest.withUnsafeBufferPointer { bytes in
            unsafe write(pipe, bytes.baseAddress, bytes.count)
          }
          rest = rest.dropFirst(max(put, 0))
        }
      }
      close(pipe)
    }
    var file = try UserFile(name)
    #expect(try file.size == nil)
    #expect(try file.readAll(bytesMax: 1 << 20) == pattern(100_000) + [7])
    writer.join()
  }

  @Test func `more than the reader will hold is refused`() throws {
    try disk.put("a", pattern(10))
    var file = try UserFile(named("a"))
    #expect(throws: DiskError.self) { try file.readAll(bytesMax: 9) }
    var again = try UserFile(named("a"))
    #expect(try again.readAll(bytesMax: 10) == pattern(10))
  }

  @Test(arguments: ["/proc/self/status", "/sys/kernel/mm/transparent_hugepage/enabled"])
  func `what the kernel tells in a file of no true size is read whole`(_ path: String) throws {
    var file = try UserFile(path)
    let text = try file.readAll(bytesMax: 1 << 16)
    #expect(text.last == UInt8(ascii: "\n"))
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    #expect(try file.read(at: 0, into: &piece, count: piece.count) > 0)
  }

  @Test func `a file that is cut while it is read is told from one that ended`() throws {
    try disk.put("a", pattern(100))
    var file = try UserFile(named("a"))
    var piece = [UInt8](repeating: 0, count: 50)
    #expect(try file.read(into: &piece) == 50)
    try OpenFile("a", .writing, on: disk).truncate(to: 60)
    do throws(DiskError) {
      _ = try file.read(into: &piece)
      Issue.record("the cut was not seen")
    } catch {
      #expect(error.description == "\(named("a")) ends early, at byte 60")
    }
    #expect(try file.read(at: 10, into: &piece, count: 50) == 50)
    do throws(DiskError) {
      _ = try file.read(at: 50, into: &piece, count: 50)
      Issue.record("the cut was not seen")
    } catch {
      #expect(error.description == "\(named("a")) ends early, at byte 60")
    }
  }
}
