// What operations do to single files, each a control of the gate and a kind of job that uses it. A deed
// is done to a file as a plan saw it: its generation is compared in the file's own turn, in the same
// step as it is acted upon. After a crash a deed is asked for again, and finds out by the row that it
// was done.

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import EventStore
internal import Manifest
internal import Operations

/// One thing that can be done to a file.
struct FileDeed: Sendable {
  /// What is asked of a deed.
  struct Order: Sendable {
    let path: FilePath
    /// The file's last event when the plan was made.
    let generation: UInt64
    /// The input of the operation.
    let input: JSONValue
    let cancellation: Cancellation
  }

  /// The name of its control, and of its kind of job.
  let name: String
  /// The most files of one job that it is done to at once.
  let filesAtOnce: Int
  /// The events that it may append.
  let appends: Set<EventKind>
  let run: @Sendable (Engine, Order) throws(OperationFault) -> ItemOutcome

  init(
    _ name: String, filesAtOnce: Int, appends: Set<EventKind>,
    _ run: @escaping @Sendable (Engine, Order) throws(OperationFault) -> ItemOutcome
  ) {
    self.name = name
    self.filesAtOnce = filesAtOnce
    self.appends = appends
    self.run = run
  }

  /// Every deed there is.
  static let all: [FileDeed] = [
    .evict, .rehydrate, .pin, .unpin, .verify, .retry, .shred,
  ]
}

extension FileDeed {
  /// The control by which it is done; it acts at once, for it says itself what is durable.
  func control(_ ground: GateGround) -> HostControl {
    HostControl(name, .atOnce) { (question, cancellation) throws(OperationFault) in
      let path = try Selection.path(question["path"])
      guard let generation = question["generation"]?.integer.flatMap(UInt64.init(exactly:)) else {
        throw .failed("a deed is done to a generation of a file")
      }
      let outcome = try run(
        try ground.living(),
        Order(
          path: path, generation: generation, input: question["input"] ?? .null,
          cancellation: cancellation))
      return ["outcome": .string(outcome.word), "reason": .string(outcome.reason)]
    }
  }

  /// The kind of job that does it to file after file.
  var kind: JobKind {
    JobKind(name, itemsAtOnceMax: filesAtOnce) { (work) throws(OperationFault) in
      let answer = try work.handle.use(
        name,
        [
          "path": .string(escaped(work.item.identity)),
          "generation": JSONValue(work.item.generation), "input": work.input,
        ])
      guard
        let outcome = ItemOutcome(
          word: answer["outcome"]?.string ?? "", reason: answer["reason"]?.string ?? "")
      else { throw .failed("nobody can tell what became of it") }
      return outcome
    }
  }

  /// The effect row of an operation that works through it.
  func row(_ capability: Capability, looksAt others: Set<String> = []) -> EffectRow {
    .job(
      name, needs: capability, looksAt: others.union([SelectedFile.door]), appends: appends)
  }
}

extension ItemOutcome {
  /// The outcome that a word stands for.
  init?(word: String, reason: String) {
    let outcomes: [ItemOutcome] = [
      .done, .alreadyDone, .changed(reason), .refused(reason), .failed(reason), .untouched(reason),
    ]
    guard let found = outcomes.first(where: { $0.word == word }) else { return nil }
    self = found
  }

  /// What the engine's word means for one item of a job.
  init(_ error: EngineError) {
    switch error {
    case .changed: self = .changed("\(error)")
    case .notFound, .shredded, .denied: self = .refused("\(error)")
    default: self = .failed("\(error)")
    }
  }
}

extension EventKind {
  static let fileWritten = EventKind(rawValue: 0x1001)
  static let fileRetried = EventKind(rawValue: 0x1005)
  static let fileEvicted = EventKind(rawValue: 0x1006)
  static let fileRestored = EventKind(rawValue: 0x1007)
  static let fileVanished = EventKind(rawValue: 0x1008)
  static let fileVerified = EventKind(rawValue: 0x100C)
  static let filePinned = EventKind(rawValue: 0x100D)
  static let fileUnpinned = EventKind(rawValue: 0x100E)
  static let fileShredded = EventKind(rawValue: 0x100F)
  static let fileObjectRemoved = EventKind(rawValue: 0x1011)
  static let fileFound = EventKind(rawValue: 0x1010)
}
