// `larder config …` as a person would run it, and the page of the reference, which says what the
// declarations say.

import Bytes
import ChildProcesses
import DurableFiles
import Flags
import ScratchFiles
import Testing

@testable import larder

@Suite struct ConfigCommandTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func config(
    _ words: String..., environment: [String: String] = [:]
  ) throws -> EndedChild {
    try ChildProcess(
      builtProduct("larder"), (["config"] + words).map { Array($0.utf8) },
      environment: environment
    ).wait()
  }

  private func file(_ text: String, _ name: String = "larder.json5") throws -> String {
    try scratch.makeFile(name, Array(text.utf8))
  }

  private static let right = """
    {
      depot_path: '/p4/depots', max_cache_gb: 50, // half of the disk
      primary: { type: 's3', bucket: 'depot-cold', access_key: 'AK', secret_key: 'hush' },
    }
    """

  @Test func `the page of the reference is what the declarations say`() throws {
    let root = String(#filePath.dropLast("/Tests/LarderTests/ConfigCommandTests.swift".count))
    var page = try UserFile(root + "/docs/configuration.md")
    let text = String(decoding: try page.readAll(bytesMax: 1 << 20), as: UTF8.self)
    let tables = EngineConfiguration.settings.reference()
    #expect(text.hasSuffix("\n\n" + tables), "docs/configuration.md is to end with:\n\(tables)")
  }

  @Test func `the example is right as it is, with what stands open filled in by examples`() throws {
    let example = try config("example")
    #expect(example.ending == .exited(0) && example.errors.isEmpty)
    let checked = try config("check", try file(example.outputText))
    #expect(checked.ending == .exited(0), "\(checked.outputText)")
  }

  @Test func `a file that is right is said to be, and what is not used yet is named`() throws {
    let path = try file(Self.right)
    let child = try config("check", path)
    #expect(child.ending == .exited(0) && child.errors.isEmpty)
    #expect(child.outputText == "\(path): every setting is right\n")
    let later = try file("{ license_file: '/l', " + Self.right.dropFirst(), "later")
    #expect(
      try config("check", later).outputText.hasPrefix(
        "\(later): line 1, column 17: 'license_file' is right, and is not used yet\n"))
  }

  @Test func `every mistake is told with its place, and the exit code says so`() throws {
    let path = try file("{ uplod_threads: 3,\n  min_age: 30,\n  primary: { type: 'local' } }")
    let child = try config("check", path)
    #expect(child.ending == .exited(2))
    #expect(
      child.outputText == """
        \(path): line 1, column 3: there is no setting 'uplod_threads' (did you mean 'upload_threads'?)
        \(path): line 2, column 12: 'min_age' wants a time such as 30s or 1h30m, not 30
        \(path): the setting 'depot_path' is missing

        """)
    #expect(child.errorText == "larder: \(path) has 3 mistakes; no engine would take it\n")
    let told = try JSONValue(parsing: try config("check", path, "--json").output)
    #expect(told["ok"]?.bool == false && told["problems"]?.array?.count == 3)
    #expect(try config("check", scratch.path("none")).ending == .exited(2))
  }

  @Test(
    arguments: [
      (
        "primary: { type: 'local', path: '/a' },\n  secondary: { type: 'nfs', path: '/a' }",
        "line 2, column 22: the secondary store is the primary one; name another, or leave it out"
      ),
      (
        "primary: { type: 's3', bucket: 'abc' },\n  secondary: { type: 's3', bucket: 'abc' }",
        "line 2, column 22: the secondary store is the primary one; name another, or leave it out"
      ),
      (
        "primary: { type: 'local', path: '/a', bucket: 'abc' },",
        "line 1, column 67: a primary of type 'local' has no 'primary.bucket'; remove it"
      ),
      (
        "primary: { type: 's3', bucket: 'abc', access_key: 'k' }",
        "line 1, column 71: 'primary.access_key' needs 'primary.secret_key'"
      ),
      (
        "primary: { type: 'local', path: '/a' },\n  secondary: { path: '/b' }",
        "line 2, column 22: 'secondary.path' is given, and the configuration has no secondary "
          + "store; set 'secondary.type'"
      ),
      (
        "verbose: true", "the configuration has no primary store; set 'primary.type'"
      ),
    ])
  func `stores that do not go together are told`(_ text: String, _ sentence: String) throws {
    let path = try file("{ depot_path: '/d', \(text) }")
    let child = try config("check", path)
    #expect(child.ending == .exited(2))
    #expect(child.outputText == "\(path): \(sentence)\n")
  }

  @Test func `buckets of one name below two prefixes are two stores`() throws {
    let path = try file(
      "{ depot_path: '/d', primary: { type: 's3', bucket: 'abc', path_prefix: 'a' }, "
        + "secondary: { type: 's3', bucket: 'abc', path_prefix: 'b' } }")
    #expect(try config("check", path).ending == .exited(0))
  }

  @Test func `what is in force is shown with where it came from, and no secret is`() throws {
    let child = try config(
      "show", "--config", try file(Self.right), "--upload-threads", "3",
      environment: ["LARDER_PRIMARY_SECRET_KEY": "quiet", "LARDER_KEY_FILE": "/k"])
    #expect(child.ending == .exited(0) && child.errors.isEmpty)
    let lines = child.outputText.split(separator: "\n").map { line in
      line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
    #expect(lines.contains("max_cache_gb 50 line 2, column 43"))
    #expect(lines.contains("upload_threads 3 flag --upload-threads"))
    #expect(lines.contains("restore_threads 16 default"))
    #expect(lines.contains("state_dir \"/p4/depots/.p4cache\" from others"))
    #expect(lines.contains("low_watermark_bytes 42949672960 from others"))
    #expect(lines.contains("log_file - not given"))
    #expect(lines.contains("key_file /k environment variable LARDER_KEY_FILE"))
    #expect(
      lines.contains(
        "primary.secret_key ‹redacted› environment variable LARDER_PRIMARY_SECRET_KEY"))
    #expect(!child.outputText.contains("hush") && !child.outputText.contains("quiet"))
  }

  @Test func `a script reads values with their types and origins`() throws {
    let path = try file(Self.right)
    let child = try config("show", "--config", path, "--json", "--given", "--verbose", "true")
    let settings = try #require(try JSONValue(parsing: child.output).array)
    let byKey = Dictionary(uniqueKeysWithValues: settings.map { ($0["key"]?.string ?? "", $0) })
    #expect(byKey["max_cache_gb"]?["value"]?.integer == 50)
    #expect(byKey["max_cache_gb"]?["origin"]?["line"]?.integer == 2)
    #expect(byKey["max_cache_gb"]?["changes"]?.string == "live")
    #expect(byKey["depot_path"]?["value"]?.string == "/p4/depots")
    #expect(byKey["depot_path"]?["changes"]?.string == "restart")
    #expect(byKey["verbose"]?["value"]?.bool == true)
    #expect(byKey["verbose"]?["origin"]?["kind"]?.string == "flag")
    #expect(byKey["primary.secret_key"]?["value"]?.string == "‹redacted›")
    #expect(byKey.count == 7)
  }

  @Test func `a secret is never taken from the command line`() throws {
    let child = try config(
      "show", "--config", try file(Self.right), "--primary-secret-key", "loud")
    #expect(child.ending == .exited(2))
    #expect(!child.errorText.contains("loud"))
  }
}
