// What the event store refuses or suffers, named by what happened to whom.

internal import Bytes
public import DurableFiles

/// Where damage was found.
public struct DamageSite: Hashable, Sendable {
  public let file: FilePath
  public let offset: UInt64
  /// What is wrong there, as the rest of a sentence.
  public let fault: String

  public init(file: FilePath, offset: UInt64, fault: String) {
    self.file = file
    self.offset = offset
    self.fault = fault
  }
}

/// What settles an append whose fate is unknown.
public struct AppendToken: Hashable, Sendable {
  public let id: EventID
  public let sequence: UInt64
  public let commitment: Commitment

  public init(id: EventID, sequence: UInt64, commitment: Commitment) {
    self.id = id
    self.sequence = sequence
    self.commitment = commitment
  }
}

/// A refusal or failure of the event store.
public enum StoreError: Error, Equatable, Sendable {
  /// A name that may not be used: which, and what is wrong with it.
  case badName(String, String)
  case tooLarge(String, bytesMax: Int)
  case tooMany(String, countMax: Int)
  case reservedKind(EventKind)
  /// The stream is not where the append expected it; 0 when it has no event.
  case positionConflict(Coordinate, expected: ExpectedPosition, actual: UInt64)
  /// The key was used before with other content.
  case keyConflict(IdempotencyKey)
  /// The bytes may or may not be durable; `resolve` settles it after the next open.
  case unknown(AppendToken)
  case absent(String)
  case shredded(EventID)
  /// The event was removed by compaction.
  case removed(sequence: UInt64)
  case full(FilePath)
  /// A sync failed; reading goes on, nothing is written until the store is opened anew.
  case latched(String)
  case closed
  case locked(holder: Int32)
  case readOnly
  case newerFormat(FilePath, found: UInt16, known: UInt16)
  case notAStore(FilePath)
  case corrupt(DamageSite)
  /// Keys are refused, or cannot be had.
  case keyset(KeysetFault)
  case signing(String)
  case fence(String)
  case otherRegion(String)
  /// A cursor cannot go on: which, and why.
  case cursor(String, CursorFault)
  /// A projection goes no further: which, and the event that it could not take in.
  case projection(String, ProjectionStop)
  case unregistered(EventKind, version: UInt16)
  case badRegistry(String)
  case badPayload(EventKind, String)
  /// A gate did not let the event pass; the receipt is that of the recorded denial.
  case denied(gate: String, reason: String, receipt: Receipt)
  case witness(String)
  /// What is copied or written anew has no place to go, as the rest of a sentence.
  case target(String)
  /// What was exported cannot be imported, as the rest of a sentence.
  case stream(String)
  /// Compaction cannot be done now, as the rest of a sentence.
  case compaction(String)
  case timedOut
  case cancelled
  case disk(DiskError)

  /// The disk's word, as the store says it.
  init(_ error: DiskError) {
    switch error {
    case .full(let path): self = .full(path)
    case .latched(let path): self = .latched("\(path)")
    case .locked(_, let holder): self = .locked(holder: holder)
    case .readOnly: self = .readOnly
    default: self = .disk(error)
    }
  }
}

extension StoreError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .badName(let what, let fault): "the \(what) \(fault)"
    case .tooLarge(let what, let bytesMax): "\(what) is larger than \(bytesMax) bytes"
    case .tooMany(let what, let countMax): "there are more than \(countMax) \(what)"
    case .reservedKind(let kind): "events of kind \(kind) are the store's own; choose another"
    case .positionConflict(let coordinate, let expected, let actual):
      "\(coordinate.entity) is at \(actual), not where the append expected it (\(expected.words))"
    case .keyConflict(let key):
      "the key '\(escaped(key.bytes))' was used before for other content; use a new key"
    case .unknown(let token):
      "whether \(token.id) is stored is unknown until the store is opened again"
    case .absent(let what): "\(what) does not exist"
    case .shredded(let id): "\(id) cannot be read: its key was destroyed"
    case .removed(let sequence): "event \(sequence) was removed by retention"
    case .full(let path): "the disk is full (\(path)); free some space and append again"
    case .latched(let why): "the store takes no more writes until it is reopened: \(why)"
    case .closed: "the store is closed"
    case .locked(let holder):
      holder > 0
        ? "another process, \(holder), is writing to this store"
        : "another process is writing to this store"
    case .readOnly: "the store was opened for reading only"
    case .newerFormat(let path, let found, let known):
      "\(path) has format \(found), and this program knows \(known); use a newer program"
    case .notAStore(let path): "\(path) is missing, so this is no event store"
    case .corrupt(let site):
      "\(site.file) is damaged at byte \(site.offset): it \(site.fault); salvage what verifies"
    case .keyset(let fault): "\(fault)"
    case .signing(let fault): "signing: \(fault)"
    case .fence(let fault): "the fence \(fault)"
    case .otherRegion(let name): "the cursor '\(name)' belongs to another region"
    case .cursor(let name, let fault): "the cursor '\(escaped(name))' \(fault)"
    case .projection(let name, let stop):
      "the projection '\(escaped(name))' stopped at \(stop); retry it when that is mended"
    case .unregistered(let kind, let version):
      "kind \(kind) version \(version) is not in the registry of payloads"
    case .badRegistry(let fault): "the registry of payloads \(fault)"
    case .badPayload(let kind, let fault): "a payload of kind \(kind) \(fault)"
    case .denied(let gate, let reason, let receipt):
      "the gate '\(escaped(gate))' denied the event: \(escaped(reason)) (recorded as \(receipt.id))"
    case .witness(let fault): "the witness checkpoint \(fault)"
    case .target(let fault): "the directory to write \(fault)"
    case .stream(let fault): "the exported stream \(fault)"
    case .compaction(let fault): "compaction \(fault)"
    case .timedOut: "the wait took too long"
    case .cancelled: "the work was cancelled"
    case .disk(let error): "\(error)"
    }
  }
}

extension ExpectedPosition {
  fileprivate var words: String {
    switch self {
    case .any: "anywhere"
    case .noStream: "no stream"
    case .exactly(let position): "exactly \(position)"
    case .exists: "an existing stream"
    }
  }
}
