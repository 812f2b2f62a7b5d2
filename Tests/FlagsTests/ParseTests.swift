// Command lines, one a row: what is understood, and what is said of the rest.

import Ambient
import Bytes
import Flags
import Testing

enum Colour: String, CaseIterable, Sendable {
  case auto, always, never
}

/// A tree with one of everything, and the handles to ask it with.
enum Sample {
  static let json = Flag("json", "Print JSON.")
  static let csv = Flag("csv", "Print comma-separated values.")
  static let verbose = Flag("verbose", short: "v", countedUpTo: 3, "Say more.")
  static let quiet = Flag("quiet", short: "q", "Say less.")
  static let threads = Flag(
    "threads", short: "t", .integer(1...64), default: 2, "Work with that many threads.")
  static let offset = Flag("offset", optional: .integer(-10...10), "Begin there.")
  static let colour = Flag<Colour>(
    "colour", .choice(placeholder: "WHEN"), default: .auto, alone: .always, "Use colours.")
  static let timeout = Flag("timeout", optional: .duration(), "Give up after that long.")
  static let size = Flag("size", .byteCount(), default: ByteCount(4_096), "Read that much at once.")
  static let kinds = Flag("kind", repeated: .text("KIND"), counts: 0...2, "Only of that kind.")
  static let key = Flag("key", required: .path("FILE"), "The key to check with.")
  static let directory = Argument(.directory(), "The store.")
  static let files = Argument(repeated: .path("FILE"), counts: 0...2, "What to append.")
  static let place = Argument(optional: .text("PLACE"), "Where it is.")

  static let command: Command<String> = Command(
    "tool", "A tool.", takes: [quiet],
    commands: [
      Command(
        "events", "The events.",
        commands: [
          Command(
            "append", "Append events.",
            takes: [
              json, csv, verbose, quiet, threads, offset, colour, timeout, size, kinds, directory,
              files,
            ], excluding: [[json, csv]], action: "append"),
          Command("list", "List events.", action: "list"),
        ]),
      Command("verify", "Verify a receipt.", takes: [key, place], action: "verify"),
    ], action: "tool")

  /// What was understood of the words, as the action and its invocation.
  static func run(_ words: [String]) throws -> (String, Invocation) {
    switch try command.parse(words.map { Array($0.utf8) }) {
    case .run(let action, let invocation): return (action, invocation)
    case .help: throw UsageError(command: "help", fault: .missing("nothing"))
    }
  }
}

@Suite struct ParseTests {
  private func append(_ words: String...) throws -> Invocation {
    try Sample.run(["events", "append"] + words).1
  }

  @Test func `flags that are not given say their default`() throws {
    let call = try append("d")
    #expect(call.path == ["tool", "events", "append"])
    #expect(!call[Sample.json] && call[Sample.verbose] == 0 && call[Sample.threads] == 2)
    #expect(call[Sample.offset] == nil && call[Sample.colour] == .auto)
    #expect(call[Sample.timeout] == nil && call[Sample.size] == ByteCount(4_096))
    #expect(call[Sample.kinds] == [] && call[Sample.directory] == Array("d".utf8))
    #expect(call[Sample.files] == [])
    #expect(!call.gives(Sample.threads) && call.gives(Sample.directory))
  }

  @Test func `a value stands behind its flag in every usual way`() throws {
    #expect(try append("d", "--threads", "8")[Sample.threads] == 8)
    #expect(try append("--threads=8", "d")[Sample.threads] == 8)
    #expect(try append("-t", "8", "d")[Sample.threads] == 8)
    #expect(try append("-t8", "d")[Sample.threads] == 8)
    #expect(try append("-vvt8", "d")[Sample.threads] == 8)
    #expect(try append("d", "--threads=8").gives(Sample.threads))
    #expect(try append("d", "--offset", "-5")[Sample.offset] == -5)
    #expect(try append("d", "--offset=-5")[Sample.offset] == -5)
    #expect(try append("d", "--timeout", "1h30m")[Sample.timeout] == .seconds(5_400))
    #expect(try append("d", "--size", "1.5K")[Sample.size] == ByteCount(1_536))
    #expect(try append("d", "--kind", "a=b", "--kind=c")[Sample.kinds] == ["a=b", "c"])
  }

  @Test func `a flag may count, and may stand alone`() throws {
    #expect(try append("-vv", "d", "--verbose")[Sample.verbose] == 3)
    #expect(try append("--colour", "d")[Sample.colour] == .always)
    #expect(try append("--colour=never", "d")[Sample.colour] == .never)
  }

  @Test func `after two dashes everything is an argument`() throws {
    let call = try append("--json", "--", "-d", "--json", "--help")
    #expect(call[Sample.directory] == Array("-d".utf8))
    #expect(call[Sample.files] == [Array("--json".utf8), Array("--help".utf8)])
    #expect(try append("-", "-1")[Sample.files] == [Array("-1".utf8)])
  }

  @Test func `a path may be any bytes`() throws {
    let words: [[UInt8]] = [Array("events".utf8), Array("append".utf8), [0x64, 0xFF], [0xFE]]
    guard case .run(_, let call) = try Sample.command.parse(words) else {
      Issue.record("help was understood")
      return
    }
    #expect(call[Sample.directory] == [0x64, 0xFF] && call[Sample.files] == [[0xFE]])
  }

  @Test func `a command without words of its own runs as well`() throws {
    #expect(try Sample.run([]).0 == "tool")
    #expect(try Sample.run(["-q"]).1[Sample.quiet])
    #expect(try Sample.run(["events", "list"]).0 == "list")
  }

  @Test(
    arguments: [
      (["--help"], ["tool"]), (["-h", "--nonsense"], ["tool"]),
      (["events", "-h"], ["tool", "events"]),
      (["events", "append", "--threads=x", "--help"], ["tool", "events", "append"]),
      (["verify", "--help"], ["tool", "verify"]),
    ])
  func `whoever asks for help gets it`(_ words: [String], _ path: [String]) throws {
    guard case .help(let asked) = try Sample.command.parse(words.map { Array($0.utf8) }) else {
      Issue.record("no help")
      return
    }
    #expect(asked == path)
  }

  @Test(
    arguments: [
      ("evnets", "there is no command 'evnets' (did you mean 'events'?); see 'tool help'"),
      ("veri", "there is no command 'veri' (did you mean 'verify'?); see 'tool help'"),
      (
        "--threads=2 events append d",
        "--threads stands before its command; write 'events' in front of it; see 'tool help'"
      ),
      ("--nothing events", "there is no flag '--nothing'; see 'tool help'"),
      ("xyz", "there is no command 'xyz'; see 'tool help'"),
      ("\u{1B}[m", "there is no command '\\x1b[m'; see 'tool help'"),
      ("events", "a command is missing: append or list; see 'tool help events'"),
      (
        "events appendd",
        "there is no command 'appendd' (did you mean 'append'?); see 'tool help events'"
      ),
      ("events list now", "'now' is one word too many; see 'tool help events list'"),
      ("events append", "DIR is missing; see 'tool help events append'"),
      (
        "events append d --jsno",
        "there is no flag '--jsno' (did you mean '--json'?); see 'tool help events append'"
      ),
      (
        "events append d --thread=4",
        "there is no flag '--thread' (did you mean '--threads'?); see 'tool help events append'"
      ),
      ("events append d -x", "there is no flag '-x'; see 'tool help events append'"),
      ("events append d -vx", "there is no flag '-x'; see 'tool help events append'"),
      ("events append d --json=1", "--json takes no value; see 'tool help events append'"),
      (
        "events append d --json --json",
        "--json may be given once at most; see 'tool help events append'"
      ),
      (
        "events append d -vvvv",
        "--verbose may be given 3 times at most; see 'tool help events append'"
      ),
      (
        "events append d --kind a --kind b --kind c",
        "--kind may be given 2 times at most; see 'tool help events append'"
      ),
      (
        "events append d --threads",
        "--threads wants a whole number from 1 to 64; see 'tool help events append'"
      ),
      (
        "events append d --threads --json",
        "--threads wants a whole number from 1 to 64; see 'tool help events append'"
      ),
      (
        "events append d --threads 65",
        "--threads wants a whole number from 1 to 64, not '65'; see 'tool help events append'"
      ),
      (
        "events append d -t 0x1",
        "--threads wants a whole number from 1 to 64, not '0x1'; see 'tool help events append'"
      ),
      (
        "events append d --offset=11",
        "--offset wants a whole number from -10 to 10, not '11'; see 'tool help events append'"
      ),
      (
        "events append d --colour=nevre",
        "--colour wants auto, always or never, not 'nevre' (did you mean 'never'?); see 'tool help events append'"
      ),
      (
        "events append d --timeout 5",
        "--timeout wants a time such as 30s or 1h30m, not '5'; see 'tool help events append'"
      ),
      (
        "events append d --size -1",
        "--size wants a size such as 64K or 1.5GiB, not '-1'; see 'tool help events append'"
      ),
      ("events append d --kind=", "--kind wants text, not ''; see 'tool help events append'"),
      ("events append d a b c", "'c' is one word too many; see 'tool help events append'"),
      (
        "events append d --csv --json",
        "--json and --csv exclude each other; see 'tool help events append'"
      ),
      ("verify", "--key is missing; see 'tool help verify'"),
      ("verify --key k a b", "'b' is one word too many; see 'tool help verify'"),
      ("-qq", "--quiet may be given once at most; see 'tool help'"),
    ])
  func `a wrong line is answered in one sentence`(_ line: String, _ sentence: String) {
    let error = #expect(throws: UsageError.self) {
      try Sample.run(line.split(separator: " ").map { String($0) })
    }
    #expect(error?.description == sentence)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `any words are understood or refused`(_ seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let parts = [
      "events", "append", "verify", "--", "-", "--json", "-v", "-t", "--threads", "=", "8", "--key",
      "\u{0}", "é", "--colour", "-h", "d",
    ]
    for _ in 0..<300 {
      let words = (0..<random.below(6)).map { _ -> [UInt8] in
        var word = Array(parts[random.below(parts.count)].utf8)
        if random.chance(oneIn: 4) { word += Array(parts[random.below(parts.count)].utf8) }
        if random.chance(oneIn: 8) { word.append(UInt8(truncatingIfNeeded: random.next())) }
        return word
      }
      do throws(UsageError) {
        _ = try Sample.command.parse(words)
      } catch {
        let isClean = error.description.unicodeScalars.allSatisfy { isShowable($0) }
        #expect(isClean, "\(words)")
      }
    }
  }
}
