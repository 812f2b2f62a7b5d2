// A plan as a dry run's answer tells it: what would be done, what would be left alone and why, what
// it would leave behind, how long it takes.

internal import Ambient
internal import Bytes
internal import Widgets

/// A plan as it is reviewed.
struct PlanView {
  struct Item {
    let item: String
    let bytes: UInt64
  }
  struct Refused {
    let item: String
    let bytes: UInt64
    let reason: String
  }

  let digest: String
  let items: Int
  let refused: Int
  let bytes: UInt64
  let estimate: Duration?
  let after: [(name: String, value: JSONValue)]
  let isReversible: Bool
  /// Capabilities that the person lacks for it.
  let missing: [String]
  private(set) var listed: [Item]
  private(set) var refusals: [Refused]
  private var isWhole: Bool
  /// Whether the operation keeps a reason.
  let takesReason: Bool

  init?(_ output: JSONValue) {
    guard let digest = output["plan"]?.string, let items = output["items"]?.integer,
      let refused = output["refused"]?.integer, let bytes = output["bytes"]?.integer
    else { return nil }
    self.digest = digest
    self.items = Int(items)
    self.refused = Int(refused)
    self.bytes = UInt64(clamping: bytes)
    estimate = output["estimateSeconds"]?.number.map { .seconds($0) }
    isReversible = output["reversible"]?.bool ?? true
    takesReason = output["remarks"]?.array?.contains("reason") == true
    missing = output["missing"]?.array?.compactMap(\.string) ?? []
    if case .object(let after)? = output["after"] {
      self.after = after.members.map { ($0.key, $0.value) }
    } else {
      after = []
    }
    listed = Self.items(output["firstItems"])
    refusals = Self.refusals(output["firstRefusals"])
    isWhole = listed.count >= self.items && refusals.count >= self.refused
  }

  /// Adds a page; false when it is none.
  mutating func add(_ page: JSONValue) -> Bool {
    let (more, moreRefused) = (Self.items(page["items"]), Self.refusals(page["refusals"]))
    // A page has items and refusals from one index on, and one list may be complete already.
    let first = nextIndex
    listed += more.dropFirst(max(0, listed.count - first))
    refusals += moreRefused.dropFirst(max(0, refusals.count - first))
    isWhole = page["isEnd"]?.bool == true || more.isEmpty && moreRefused.isEmpty
    return true
  }

  /// Up to where both lists are known.
  private var nextIndex: Int {
    let parts = [
      listed.count < items ? listed.count : nil, refusals.count < refused ? refusals.count : nil,
    ]
    return parts.compactMap { $0 }.min() ?? 0
  }

  /// Where the next page begins; nil when there is none, or no more is listed.
  func nextPage(_ most: Int) -> Int? {
    isWhole || listed.count + refusals.count >= most ? nil : nextIndex
  }

  /// Rows of both lists.
  var rowCount: Int { listed.count + refusals.count }

  /// What takes it back; nil where nothing does.
  func undoing(_ action: ActionRequest) -> ActionRequest? {
    let opposite: [String: String] = [
      "cache.evict": "cache.rehydrate", "cache.pin": "cache.unpin", "cache.unpin": "cache.pin",
      "upload.pause": "upload.resume", "upload.resume": "upload.pause",
    ]
    guard let operation = opposite[action.operation] else { return nil }
    guard action.selection != nil || action.input["selection"] != nil else {
      return ActionRequest(operation, [:], about: action.subject)
    }
    // Exactly what was done, where all of it is known; else what was asked for.
    let input: JSONValue =
      listed.count == items
      ? ["selection": ["paths": .array(listed.map { .string($0.item) })]] : action.input
    return ActionRequest(
      operation, input, about: action.subject, selection: action.selection)
  }

  private static func items(_ value: JSONValue?) -> [Item] {
    (value?.array ?? []).compactMap { item in
      item["item"]?.string.map {
        Item(item: $0, bytes: UInt64(clamping: item["bytes"]?.integer ?? 0))
      }
    }
  }

  private static func refusals(_ value: JSONValue?) -> [Refused] {
    (value?.array ?? []).compactMap { item in
      guard let name = item["item"]?.string, let reason = item["reason"]?.string else { return nil }
      return Refused(
        item: name, bytes: UInt64(clamping: item["bytes"]?.integer ?? 0), reason: reason)
    }
  }
}

/// A job as `jobs.page` tells it.
struct JobView {
  let job: String
  let operation: String
  let phase: String
  let items: Int
  let settled: Int
  let bytes: UInt64
  let bytesDone: UInt64
  let began: String
  /// Why it goes no further by itself; nil when it does.
  let stalled: String?
  let by: String
  /// How often each outcome came, by its name.
  let counts: [(name: String, count: Int)]

  init?(_ value: JSONValue) {
    guard let job = value["job"]?.string, let operation = value["operation"]?.string,
      let phase = value["phase"]?.string
    else { return nil }
    self.job = job
    self.operation = operation
    self.phase = phase
    items = Int(value["items"]?.integer ?? 0)
    settled = Int(value["settled"]?.integer ?? 0)
    bytes = UInt64(clamping: value["bytes"]?.integer ?? 0)
    bytesDone = UInt64(clamping: value["bytesDone"]?.integer ?? 0)
    began = value["began"]?.string ?? ""
    stalled = value["stalled"]?.string
    by = value["by"]?["name"]?.string ?? value["by"]?["uid"]?.integer.map { "uid \($0)" } ?? "–"
    if case .object(let counts)? = value["counts"] {
      self.counts = counts.members.compactMap { member in
        member.value.integer.map { (member.key, Int($0)) }
      }
    } else {
      counts = []
    }
  }

  /// Whether nothing more comes of it.
  var isClosed: Bool { phase == "finished" || phase == "cancelled" }

  /// The jobs of a page.
  static func all(in output: JSONValue) -> [JobView] {
    (output["jobs"]?.array ?? []).compactMap { JobView($0) }
  }

  static func found(in output: JSONValue, named job: String?) -> JobView? {
    all(in: output).first { $0.job == job }
  }
}
