// `larder theme …` as a person would run it, on the themes that lie at the top of the house.

import Bytes
import ChildProcesses
import DurableFiles
import Flags
import ScratchFiles
import Testing

@Suite struct ThemeCommandTests {
  private let scratch: Scratch
  private let root = String(#filePath.dropLast("/Tests/LarderTests/ThemeCommandTests.swift".count))

  init() throws {
    scratch = try Scratch()
  }

  private func theme(_ words: String...) throws -> EndedChild {
    try ChildProcess(builtProduct("larder"), (["theme"] + words).map { Array($0.utf8) }).wait()
  }

  @Test(arguments: ["nord", "gruvbox", "solarized"])
  func `a theme that is shipped as a file reads well`(_ name: String) throws {
    let child = try theme("check", "\(root)/themes/\(name).json5")
    #expect(child.ending == .exited(0), "\(child.outputText)\(child.errorText)")
  }

  @Test func `what is wrong is told with its line, and ends with 2`() throws {
    let path = try scratch.makeFile("bad.json5", Array("{\n  roles: { colour: '#fff' },\n}".utf8))
    let child = try theme("check", path)
    #expect(child.ending == .exited(2))
    #expect(child.outputText == "\(path): line 2: the console has no role 'colour'\n")
  }

  @Test func `what is hard to read is told, and ends with 1`() throws {
    let path = try scratch.makeFile("dim.json5", Array("{ roles: { dim: '#333333' } }".utf8))
    let child = try theme("check", path)
    #expect(child.ending == .exited(1) && child.outputText.contains("dim on "))
    let json = try theme("check", path, "--json")
    #expect(json.ending == .exited(1))
    let value = try JSONValue(parsing: json.output)
    #expect(value["problems"] == [] && value["findings"]?.array?.isEmpty == false)
  }

  @Test func `the list begins with what is used unless another is asked for`() throws {
    #expect(try theme("list").outputText.hasPrefix("dark\nlight\n"))
  }
}
