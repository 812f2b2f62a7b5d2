// The operations that look at the files of a depot: pages in any order, one directory, one file with its
// past, and what is uploaded, restored or given up. A page is bounded work whatever is asked: a filter
// may end early with a token and no rows, and the caller goes on.

internal import Bytes
internal import Manifest
internal import Operations

/// A path in the one spelling of foreign names.
private let path = Schema.text(bytesMax: 1 << 14)
private let rows = SchemaField(
  "rows", .list(inspectRow, countMax: inspectRowsMax), "The files.")

extension Operation {
  static var manifestPage: Operation {
    looking(
      "manifest.page", "List files, in any order and through a filter",
      input: [
        SchemaField(
          "order", .choice(RowOrder.allCases.map(\.rawValue).map(InspectWords.order)),
          required: false, "In which order; by path unless given."),
        SchemaField("descending", .flag, required: false, "The last of the order first."),
        SchemaField(
          "prefix", path, required: false, "Only paths that begin so; in the order of paths."),
        SchemaField(
          "state", .choice(["dirty", "failed", "clean", "shredded"]), required: false,
          "Only files of this state; in the order of states."),
        SchemaField(
          "filter", .text(bytesMax: 4_096), required: false,
          "Only files that pass, as in 'state:dirty size>1G art'."),
        inspectLimit, inspectAfter,
      ],
      output: [
        rows, inspectNext,
        SchemaField("seen", .integer(0...1 << 53), "How many files were looked at."),
        SchemaField("isComplete", .flag, "Whether there are no more."),
      ])
  }

  static var manifestUsage: Operation {
    looking(
      "manifest.usage", "List a directory with what lies below each entry",
      input: [
        SchemaField("path", path, required: false, "The directory; the depot unless given."),
        inspectLimit, inspectAfter,
      ],
      output: [
        SchemaField("directory", .nullable(inspectRow), "The directory itself; null when absent."),
        SchemaField(
          "directories", .list(inspectRow, countMax: inspectRowsMax), "Those in it, by name."),
        SchemaField(
          "files", .list(inspectRow, countMax: inspectRowsMax), "Files in it, by name."),
        inspectNext,
      ])
  }

  static var manifestEntry: Operation {
    looking(
      "manifest.entry", "Show one file and what happened to it",
      input: [
        SchemaField("path", path, "The file."), inspectLimit,
        SchemaField(
          "after", .integer(0...1 << 53), required: false,
          "The position that the page before gave."),
      ],
      output: [
        SchemaField("file", .nullable(inspectRow), "The file; null when it is absent."),
        SchemaField(
          "history", .list(inspectRow, countMax: inspectRowsMax), "Its events, newest first."),
        SchemaField(
          "next", .nullable(.integer(0...1 << 53)),
          "The position of the next page; null at the end."),
      ])
  }

  static var uploadsPage: Operation {
    looking(
      "uploads.page", "List what is uploaded, and what waits for it",
      input: [
        SchemaField(
          "part", .choice(["inFlight", "queued", "waiting", "failed"]),
          "Transfers under way, or files that wait for their turn, for a deadline, or gave up."),
        inspectLimit, inspectAfter,
      ],
      output: [
        SchemaField(
          "rows", .list(inspectRow, countMax: inspectRowsMax),
          "Transfers when they are under way, else files."),
        inspectNext,
      ], also: [InspectDoor.engine])
  }

  static var failuresPage: Operation {
    looking(
      "failures.page", "List files that gave up, with why", input: [inspectLimit, inspectAfter],
      output: [rows, inspectNext])
  }

  static var restoresPage: Operation {
    Operation(
      "restores.page", "List what is restored now, and what was lately", .inspect, input: .nothing,
      output: .object([
        SchemaField(
          "rows", .list(inspectRow, countMax: inspectRowsMax), "Transfers, the oldest first."),
        SchemaField(
          "recent", .list(inspectRow, countMax: inspectRowsMax),
          "Restores that ended lately, the newest first."),
        SchemaField("queued", .integer(0...1 << 53), "How many files wait for a place."),
      ]),
      effects: EffectRow(projectionsQueried: [InspectDoor.engine]),
      work: .answer { (_, handle) throws(OperationFault) in
        let restores = try handle.query(InspectDoor.engine, .null)["restores"]
        return [
          "rows": restores?["inFlight"] ?? [], "recent": restores?["recent"] ?? [],
          "queued": restores?["queued"] ?? 0,
        ]
      })
  }

  /// An operation that asks the manifest's desk by its own name.
  private static func looking(
    _ name: String, _ title: String, input: [SchemaField], output: [SchemaField],
    also doors: Set<String> = []
  ) -> Operation {
    Operation(
      name, title, .inspect, input: .object(input), output: .object(output),
      effects: EffectRow(projectionsQueried: doors.union([InspectDoor.manifest])),
      work: .answer { (input, handle) throws(OperationFault) in
        if name == "uploads.page", input["part"] == "inFlight" {
          let uploads = try handle.query(InspectDoor.engine, .null)["uploads"]
          return ["rows": uploads?["inFlight"] ?? [], "next": .null]
        }
        return try handle.query(InspectDoor.manifest, ["ask": .string(name), "input": input])
      })
  }
}

/// The words in which orders are asked for.
enum InspectWords {
  /// What the order is called outside: `read` for the order of accesses, and itself otherwise; `age`
  /// is the order of states.
  static func order(_ name: String) -> String {
    switch name {
    case "accessed": "read"
    case "state": "age"
    default: name
    }
  }

  /// The order of a word.
  static func order(of word: String) -> RowOrder? {
    RowOrder.allCases.first { order($0.rawValue) == word }
  }
}
