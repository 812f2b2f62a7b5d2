// The place of a demo: it is private, it is gone afterwards, and so is what others left.

import Ambient
import DurableFiles
import ScratchFiles
import Testing

@testable import Demo

@Suite struct SandboxDirectoryTests {
  private let scratch: Scratch
  private var place: String { String(scratch.path("").dropLast()) }

  init() throws { scratch = try Scratch() }

  private func names() throws -> Int { try scratch.disk.list(.root).count }

  @Test func `it is private, and gone when it is removed`() throws {
    let directory = try SandboxDirectory(below: place)
    let entry = try #require(try scratch.disk.list(.root).first)
    let path = FilePath.root.appending(entry.name)
    #expect(try scratch.disk.status(at: path)?.mode == 0o700)
    let disk = try directory.disk("a/b")
    try OpenFile("file", .creating(mode: 0o600), on: disk).write([1], at: 0)
    try directory.remove()
    #expect(try names() == 0)
  }

  @Test func `what a demo left that nobody owns any more is cleared by the next`() throws {
    let abandoned: FilePath = "larder-demo-0011223344556677"
    try scratch.disk.makeDirectories(abandoned.appending("depot"), mode: 0o700)
    _ = try OpenFile(abandoned.appending("owner"), .creating(mode: 0o600), on: scratch.disk)
    let directory = try SandboxDirectory(below: place)
    #expect(try scratch.disk.status(at: abandoned) == nil)
    try directory.remove()
  }

  @Test func `what a living demo has, or what is no demo's, is left alone`() throws {
    try scratch.disk.makeDirectory("larder-demonstration", mode: 0o700)
    let first = try SandboxDirectory(below: place)
    let second = try SandboxDirectory(below: place)
    #expect(try names() == 3)
    try second.remove()
    try first.remove()
    #expect(try names() == 1)
  }

  @Test func `a directory that is let go without a word is removed by its last will`() throws {
    do { _ = try SandboxDirectory(below: place).disk("depot") }
    var isGone = false
    for _ in 0..<3_000 where !isGone {
      isGone = try names() == 0
      _ = Pause.live.wait(.milliseconds(10), nil)
    }
    #expect(isGone)
  }

  @Test func `a place that cannot be used is named`() throws {
    let thrown = #expect(throws: DemoError.self) { try SandboxDirectory(below: "/nowhere/at/all") }
    #expect(thrown.map { "\($0)".contains("/nowhere/at/all") } == true)
  }
}
