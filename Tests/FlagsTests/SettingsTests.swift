// The configuration: what is read, from where, and what is said of what cannot be.

import Ambient
import Bytes
import Flags
import Testing

enum SampleSettings {
  static let depot = Setting(
    "depot_path", required: .directory(), example: Array("/p4/depots".utf8),
    "Where the depot's archives are.", SettingOptions(needsRestart: true))
  static let threads = Setting(
    "upload_threads", .integer(1...256), default: 8, "How many uploads run at once.")
  static let cache = Setting(
    "max_cache", .byteCount(), default: ByteCount(100 << 30), "How much stays on this disk.")
  static let minimumAge = Setting(
    "min_age", .duration(), default: .seconds(300), "Files read within this time are not evicted.")
  static let encrypt = Setting(
    "encrypt", .truth, default: false, "Whether stored files are sealed.")
  static let share = Setting(
    "scrub_share", .number(0...1), default: 0.25, "How much of idle time verifies files.")
  static let mode = Setting<Colour>(
    "colour", .choice(placeholder: "WHEN"), default: .auto, "When colours are used.")
  static let users = Setting(
    "allowed_uids", list: .integer(0...65_535), default: [0], countMax: 3,
    "Who may ask for files.", SettingOptions(needsRestart: true))
  static let type = Setting(
    "primary.type", required: .word(["local", "s3"], placeholder: "TYPE"), example: "local",
    "What kind of store it is.")
  static let bucket = Setting(
    "primary.bucket", optional: .text("NAME"), example: "archives", "The bucket.")
  static let secret = Setting(
    "primary.secret_key", optional: .text("KEY"), example: "…",
    "The key to sign requests with.",
    SettingOptions(isSecret: true, variable: "TOOL_SECRET_KEY"))
  static let path = Setting(
    "secondary.path", optional: .path(), example: Array("/mnt/second".utf8), "Where it is mounted.")
  static let grants = Setting(
    "grants", default: [String](), wanted: "a list of objects with a name",
    example: [["name": "ops"]], "Who may do what."
  ) { node in
    guard case .array(let nodes) = node.content else { return nil }
    let names = nodes.map { $0["name"]?.value.value.string }
    return names.contains(nil) ? nil : names.compactMap { $0 }
  }

  static let all = Settings(
    depot, threads, cache, minimumAge, encrypt, share, mode, users, type, bucket, secret, path,
    grants,
    sections: [
      "primary": "The store that files go to first.",
      "secondary": "The store that is asked when the first has nothing.",
    ])

  static func read(_ text: String) throws(ConfigurationError) -> Configuration {
    try all.configuration(parsing: Array(text.utf8))
  }

  static let least = "{ depot_path: '/d', primary: { type: 'local' } }"
}

@Suite struct SettingsTests {
  typealias Sample = SampleSettings

  @Test func `what is not said is the default`() throws {
    let configuration = try Sample.read(Sample.least)
    #expect(configuration[Sample.depot] == Array("/d".utf8))
    #expect(configuration[Sample.threads] == 8)
    #expect(configuration[Sample.cache] == ByteCount(100 << 30))
    #expect(configuration[Sample.minimumAge] == .seconds(300))
    #expect(!configuration[Sample.encrypt] && configuration[Sample.share] == 0.25)
    #expect(configuration[Sample.mode] == .auto && configuration[Sample.users] == [0])
    #expect(configuration[Sample.bucket] == nil && configuration[Sample.grants] == [])
    #expect(configuration.origin(of: Sample.threads) == .standard)
    #expect(configuration.origin(of: Sample.type) == .file(TextPosition(line: 1, column: 38)))
  }

  @Test func `every form of value is read`() throws {
    let configuration = try Sample.read(
      """
      {
        // JSON5, so there may be comments
        depot_path: '/größe', "upload_threads": 0x10, max_cache: "1.5G", min_age: '1h30m',
        encrypt: true, scrub_share: .5, colour: 'never', allowed_uids: [0, 500,],
        primary: { type: 's3', bucket: 'b', secret_key: 's' },
        secondary: { path: '/s' },
        grants: [{ name: 'ops' }, { name: 'dev' }],
      }
      """)
    #expect(configuration[Sample.depot] == Array("/größe".utf8))
    #expect(configuration[Sample.threads] == 16)
    #expect(configuration[Sample.cache] == ByteCount(3 << 29))
    #expect(configuration[Sample.minimumAge] == .seconds(5_400))
    #expect(configuration[Sample.encrypt] && configuration[Sample.share] == 0.5)
    #expect(configuration[Sample.mode] == .never && configuration[Sample.users] == [0, 500])
    #expect(configuration[Sample.bucket] == "b" && configuration[Sample.secret] == "s")
    #expect(configuration[Sample.path] == Array("/s".utf8))
    #expect(configuration[Sample.grants] == ["ops", "dev"])
    let small = "{ depot_path: '/d', primary: { type: 'local' }, max_cache: 4096 }"
    #expect(try Sample.read(small)[Sample.cache] == ByteCount(4_096))
  }

  @Test func `the command line goes over the environment, and that over the file`() throws {
    let command = Command(
      "run", "Run.", takes: [Sample.threads.flag, Sample.secret.flag, Sample.users.flag],
      action: 0)
    func configuration(_ words: [String]) throws -> Configuration {
      guard case .run(_, let flags) = try command.parse(words.map { Array($0.utf8) }) else {
        throw UsageError(command: "run", fault: .missing("nothing"))
      }
      return try Sample.all.configuration(
        parsing: Array(
          "{ depot_path: '/d', upload_threads: 4, primary: { type: 's3', secret_key: 'file' } }"
            .utf8
        ),
        variable: { $0 == "TOOL_SECRET_KEY" ? Array("variable".utf8) : nil }, flags: flags)
    }
    let plain = try configuration([])
    #expect(plain[Sample.threads] == 4 && plain[Sample.secret] == "variable")
    #expect(plain.origin(of: Sample.secret) == .variable("TOOL_SECRET_KEY"))
    let flagged = try configuration([
      "--upload-threads=9", "--primary-secret-key", "flag", "--allowed-uids=1,2",
    ])
    #expect(flagged[Sample.threads] == 9 && flagged[Sample.secret] == "flag")
    #expect(flagged[Sample.users] == [1, 2])
    #expect(flagged.origin(of: Sample.threads) == .flag("--upload-threads"))
    let error = #expect(throws: UsageError.self) { try configuration(["--upload-threads=0"]) }
    #expect(
      error?.description
        == "--upload-threads wants a whole number from 1 to 256, not '0'; see 'run help'")
  }

  @Test(
    arguments: [
      ("", "line 1, column 1: the document is empty"),
      ("{", "line 1, column 2: the document ends where a key or '}' was expected"),
      (
        "[]",
        "line 1, column 1: the configuration wants an object with settings, not a list (and 2 more problems)"
      ),
      ("{}", "the setting 'depot_path' is missing (and 1 more problem)"),
      ("{ primary: { type: 'local' } }", "the setting 'depot_path' is missing"),
      ("{ depot_path: '/d' }", "the setting 'primary.type' is missing"),
      (
        "{ depot_path: '/d', primary: 3 }",
        "line 1, column 30: 'primary' wants an object with settings, not a number (and 1 more problem)"
      ),
      ("{ ~ }", "line 1, column 3: found '~' where a key or '}' was expected"),
    ])
  func `what is no configuration is refused`(_ text: String, _ sentence: String) {
    let error = #expect(throws: ConfigurationError.self) { try Sample.read(text) }
    #expect(error?.description == sentence)
  }

  @Test(
    arguments: [
      (
        "uplod_threads: 3",
        "line 3, column 1: there is no setting 'uplod_threads' (did you mean 'upload_threads'?)"
      ),
      (
        "bucket: 'b'",
        "line 3, column 1: there is no setting 'bucket' (did you mean 'primary.bucket'?)"
      ),
      ("'primary.bucket': 'b'", "line 3, column 1: there is no setting 'primary.bucket'"),
      ("'\\x1b[m': 1", "line 3, column 1: there is no setting '\\x1b[m'"),
      (
        "secondary: { pth: '/' }",
        "line 3, column 14: there is no setting 'secondary.pth' (did you mean 'secondary.path'?)"
      ),
      (
        "upload_threads: 0",
        "line 3, column 17: 'upload_threads' wants a whole number from 1 to 256, not 0"
      ),
      (
        "upload_threads: '8'",
        "line 3, column 17: 'upload_threads' wants a whole number from 1 to 256, not \"8\""
      ),
      (
        "upload_threads: null",
        "line 3, column 17: 'upload_threads' wants a whole number from 1 to 256, not null"
      ),
      (
        "upload_threads: 2.5",
        "line 3, column 17: 'upload_threads' wants a whole number from 1 to 256, not 2.5"
      ),
      ("encrypt: 'yes'", "line 3, column 10: 'encrypt' wants true or false, not \"yes\""),
      ("scrub_share: NaN", "line 3, column 14: 'scrub_share' wants a number from 0 to 1, not null"),
      (
        "colour: 'alwyas'",
        "line 3, column 9: 'colour' wants auto, always or never, not \"alwyas\" (did you mean 'always'?)"
      ),
      ("min_age: 30", "line 3, column 10: 'min_age' wants a time such as 30s or 1h30m, not 30"),
      (
        "max_cache: [1]",
        "line 3, column 12: 'max_cache' wants a size such as 64K or 1.5GiB, not a list"
      ),
      (
        "max_cache: '\(String(repeating: "x", count: 99))'",
        "line 3, column 12: 'max_cache' wants a size such as 64K or 1.5GiB, not a string"
      ),
      (
        "allowed_uids: 0",
        "line 3, column 15: 'allowed_uids' wants a list of at most 3, each a whole number from 0 to 65535, not 0"
      ),
      (
        "allowed_uids: [1, -1]",
        "line 3, column 15: 'allowed_uids' wants a whole number from 0 to 65535, not -1"
      ),
      (
        "allowed_uids: [1, 2, 3, 4]",
        "line 3, column 15: 'allowed_uids' wants a list of at most 3, each a whole number from 0 to 65535, not 4 values"
      ),
      (
        "grants: [{}]", "line 3, column 9: 'grants' wants a list of objects with a name, not a list"
      ),
    ])
  func `a wrong setting is named with its place`(_ line: String, _ sentence: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try Sample.read("{ depot_path: '/d',\n  primary: { type: 's3' },\n\(line) }")
    }
    #expect(error?.description == sentence)
  }

  @Test func `a file that is too long is refused unread`() {
    let error = #expect(throws: ConfigurationError.self) {
      try Sample.read("{" + String(repeating: " ", count: configurationBytesMax))
    }
    #expect(error?.description == "1048577 bytes are no configuration; at most 1048576 are read")
  }

  @Test func `all problems are found at once, in the order of the file`() {
    let error = #expect(throws: ConfigurationError.self) {
      try Sample.read("{ colour: 1,\n encript: true, upload_threads: -1, primary: { typ: 's3' } }")
    }
    guard case .wrong(let problems) = error else {
      Issue.record("no problems")
      return
    }
    #expect(
      problems.map(\.key) == [
        "colour", "encript", "upload_threads", "primary.typ", "depot_path", "primary.type",
      ])
  }

  @Test func `a secret is never shown`() throws {
    let document = "{ depot_path: '/d', primary: { type: 's3', secret_key: 'hush' } }"
    let configuration = try Sample.read(document)
    let shown = configuration.effective.first { $0.key == "primary.secret_key" }
    #expect(shown?.text == "‹redacted›")
    let unset = try Sample.read(Sample.least).effective.first { $0.key == "primary.secret_key" }
    #expect(unset?.text == nil)
    let error = #expect(throws: ConfigurationError.self) {
      try Sample.read("{ depot_path: '/d', primary: { type: 's3', secret_key: ['hush'] } }")
    }
    #expect(
      error?.description == "line 1, column 56: 'primary.secret_key' wants text, not ‹redacted›")
    let number = #expect(throws: ConfigurationError.self) {
      try Sample.read("{ depot_path: '/d', primary: { type: 's3', secret_key: 123456 } }")
    }
    #expect(number.map { !"\($0)".contains("123456") } == true)
  }

  @Test func `what is in force is shown with its origin`() throws {
    let effective = try Sample.read(Sample.least).effective
    #expect(effective.count == Sample.all.declarations.count)
    #expect(
      effective[0]
        == EffectiveSetting(
          key: "depot_path", text: "\"/d\"", origin: .file(TextPosition(line: 1, column: 15))))
    #expect(effective[1] == EffectiveSetting(key: "upload_threads", text: "8", origin: .standard))
    #expect(
      "\(SettingOrigin.variable("X")), \(SettingOrigin.flag("--x")), \(effective[1].origin)"
        == "environment variable X, flag --x, default")
  }

  @Test func `what changed is told, at once and after a restart, and what means the same is not`()
    throws
  {
    let old = try Sample.read(Sample.least)
    let moved = try Sample.read(
      "{ depot_path:\n'/d', primary: { type: 'local' }, upload_threads: 8, max_cache: '102400M' }")
    #expect(old.changes(to: moved).isEmpty)
    let new = try Sample.read(
      "{ depot_path: '/e', primary: { type: 's3' }, allowed_uids: [7], grants: [{ name: 'a' }] }")
    let changes = old.changes(to: new)
    #expect(changes.afterRestart.map(\.key) == ["depot_path", "allowed_uids"])
    #expect(
      changes.live == [
        .init(key: "primary.type", before: "\"local\"", after: "\"s3\""),
        .init(key: "grants", before: nil, after: "[{\"name\":\"a\"}]"),
      ])
    let taken = old.taking(liveFrom: new)
    #expect(taken[Sample.depot] == Array("/d".utf8) && taken[Sample.users] == [0])
    #expect(taken[Sample.type] == "s3" && taken[Sample.grants] == ["a"])
    #expect(taken.changes(to: new).live.isEmpty)
  }

  @Test func `a change of a secret is told without it`() throws {
    let head = "{ depot_path: '/d', primary: { type: 's3', secret_key: "
    let (old, new) = (try Sample.read(head + "'a' } }"), try Sample.read(head + "'b' } }"))
    let key = "primary.secret_key"
    #expect(
      old.changes(to: new).live == [.init(key: key, before: "‹redacted›", after: "‹redacted›")])
  }

  @Test func `rules are asked once every setting is right, and found problems are all told`() throws
  {
    let threads = Setting("threads", .integer(1...9), default: 2, "Threads.")
    let lanes = Setting("lanes", .integer(1...9), default: 1, "Lanes.")
    let size: Setting<Int?> = Setting("size", optional: .integer(), example: 1, "A size.")
    let settings = Settings(
      threads, lanes, size,
      rules: [
        SettingRule(between: [threads.declaration, lanes.declaration]) { configuration in
          guard configuration[lanes] > configuration[threads] else { return [] }
          return [
            .init(
              origin: configuration.origin(of: lanes), key: "lanes",
              fault: .contradiction("too many lanes"))
          ]
        }, .either(threads, or: size),
      ])
    func sentences(_ text: String, _ settings: Settings) -> [String] {
      do throws(ConfigurationError) {
        _ = try settings.configuration(parsing: Array(text.utf8))
        return []
      } catch .wrong(let problems) {
        return problems.map(\.description)
      } catch {
        return ["\(error)"]
      }
    }
    #expect(sentences("{ lanes: 2 }", settings) == [])
    #expect(
      sentences("{ size: 1, lanes: 5, threads: 3 }", settings) == [
        "line 1, column 9: 'size' says again what 'threads' says; remove one of them",
        "line 1, column 19: too many lanes",
      ])
    #expect(
      sentences("{ lanes: 5, threads: 0 }", settings) == [
        "line 1, column 22: 'threads' wants a whole number from 1 to 9, not 0"
      ])
    #expect(sentences("{ lanes: 5 }", settings.partial) == [])
    #expect(
      sentences(
        "{}",
        settings.under([
          SettingRule(between: []) { _ in
            [.init(origin: .standard, key: "", fault: .contradiction("nothing is right"))]
          }
        ])) == ["nothing is right"])
  }

  @Test func `who uses some settings need not give the others`() throws {
    let configuration = try Sample.all.partial.configuration(
      parsing: Array("{ upload_threads: 3 }".utf8))
    #expect(configuration[Sample.threads] == 3)
    let wrong = #expect(throws: ConfigurationError.self) {
      try Sample.all.partial.configuration(parsing: Array("{ upload_thread: 3 }".utf8))
    }
    #expect(wrong?.description.contains("did you mean 'upload_threads'?") == true)
  }

  @Test func `every setting but a secret has a flag`() {
    let titles = Sample.all.flags.map(\.declaration.title)
    #expect(titles.contains("--depot-path") && titles.contains("--secondary-path"))
    #expect(!titles.contains("--primary-secret-key"))
    #expect(titles.count == Sample.all.declarations.count - 1)
  }

  @Test func `the reference says of each setting what it is`() {
    let text = Sample.all.reference()
    #expect(
      text.contains(
        "| `upload_threads` | a whole number from 1 to 256 | `8` | at once | How many uploads run at "
          + "once. |"))
    #expect(text.contains("## primary\n\nThe store that files go to first.\n\n| setting |"))
    #expect(
      text.contains(
        "| `secret_key` | text | none | at once | The key to sign requests with. May come from the "
          + "variable `TOOL_SECRET_KEY`. Never shown. |"))
    #expect(text.contains("| `depot_path` | a path | must be given | restart |"))
  }

  @Test func `the example is a configuration, with and without what it leaves out`() throws {
    let example = Sample.all.example()
    #expect(try Sample.read(example)[Sample.depot] == Array("/p4/depots".utf8))
    // A setting that is left out stands behind dashes without a space.
    let lines = example.split(separator: "\n").map { line -> String in
      let text = line.drop { $0 == " " }
      return text.hasPrefix("//") && !text.hasPrefix("// ")
        ? String(text.dropFirst(2)) : String(line)
    }
    let whole = try Sample.read(lines.joined(separator: "\n"))
    for setting in whole.effective { #expect(setting.origin != .standard, "\(setting.key)") }
    #expect(whole[Sample.minimumAge] == .seconds(300) && whole[Sample.grants] == ["ops"])
    #expect(example.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(
      example.utf8.elementsEqual(PackageResources.example_golden),
      "example.golden is now:\n\(example)")
  }
}
