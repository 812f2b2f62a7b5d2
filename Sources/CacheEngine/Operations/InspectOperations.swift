// The operations that look at a living engine as a whole: its figures, what is wrong, its stores, its
// configuration and its log. They leave no receipt and need no grant.

internal import Bytes
internal import Operations

/// A row of a list: the value that its view is read back from.
let inspectRow = Schema.anything(bytesMax: 1 << 16)
/// The most rows of a page.
let inspectRowsMax = OperationsLimits.pageRowsMax
let inspectLimit = SchemaField(
  "limit", .integer(1...Int64(inspectRowsMax)), required: false,
  "How many rows at most; 100 unless given.")
/// Where a page begins.
let inspectAfter = SchemaField(
  "after", .text(bytesMax: 1 << 14), required: false, "The token that the page before gave.")
let inspectNext = SchemaField(
  "next", .nullable(.text(bytesMax: 1 << 14)), "The token of the next page; null at the end.")

extension Operation {
  static var engineStatus: Operation {
    Operation(
      "engine.status", "Show the figures of the engine", .inspect, input: .nothing,
      output: .anything(bytesMax: 1 << 20),
      effects: EffectRow(projectionsQueried: [InspectDoor.engine]),
      work: .answer { (_, handle) throws(OperationFault) in
        try handle.query(InspectDoor.engine, .null)
      })
  }

  static var triageList: Operation {
    Operation(
      "triage.list", "List what is wrong, worst first", .inspect, input: .nothing,
      output: .object([
        SchemaField(
          "conditions", .list(inspectRow, countMax: inspectRowsMax), "What is wrong, with why.")
      ]),
      effects: EffectRow(projectionsQueried: [InspectDoor.triage]),
      work: .answer { (_, handle) throws(OperationFault) in
        ["conditions": try handle.query(InspectDoor.triage, .null)]
      })
  }

  static var backendsStatus: Operation {
    Operation(
      "backends.status", "Show how the cold stores are doing", .inspect, input: .nothing,
      output: .object([
        SchemaField(
          "backends", .list(inspectRow, countMax: 16), "The stores, the primary first.")
      ]),
      effects: EffectRow(projectionsQueried: [InspectDoor.engine]),
      work: .answer { (_, handle) throws(OperationFault) in
        let status = try handle.query(InspectDoor.engine, .null)
        return ["backends": status["backends"] ?? []]
      })
  }

  static var configShow: Operation {
    Operation(
      "config.show", "Show the settings in force, and where each came from", .inspect,
      input: .nothing,
      output: .object([
        SchemaField(
          "settings", .list(inspectRow, countMax: inspectRowsMax),
          "One row a setting; secrets are redacted.")
      ]),
      effects: EffectRow(projectionsQueried: [InspectDoor.configuration]),
      work: .answer { (_, handle) throws(OperationFault) in
        ["settings": try handle.query(InspectDoor.configuration, .null)]
      })
  }

  static var logPage: Operation {
    Operation(
      "log.page", "List the last lines of the log", .inspect,
      input: .object([
        SchemaField(
          "after", .integer(0...1 << 53), required: false,
          "The number of the last line that was seen; without it, the last lines."),
        SchemaField(
          "level", .choice(["trace", "debug", "info", "notice", "warning", "error"]),
          required: false, "Only lines that matter so much, or more."),
        SchemaField(
          "filter", .text(bytesMax: 4_096), required: false,
          "Only lines that pass, as in 'room:storage text'."),
        inspectLimit,
      ]),
      output: .object([
        SchemaField(
          "lines", .list(inspectRow, countMax: inspectRowsMax), "The lines, oldest first."),
        SchemaField("next", .integer(0...1 << 53), "The number behind which to go on."),
        SchemaField(
          "missed", .integer(0...1 << 53), "How many lines were gone before they were asked for."),
      ]),
      effects: EffectRow(projectionsQueried: [InspectDoor.log]),
      work: .answer { (input, handle) throws(OperationFault) in
        try handle.query(InspectDoor.log, input)
      })
  }
}
