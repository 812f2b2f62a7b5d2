// One file as lists and panes show it. Its path is bytes; in JSON it is text in the one spelling of
// foreign names, which leads back to the same bytes.

public import Ambient
package import Bytes

/// A file.
public struct FileView: Hashable, Sendable {
  /// Relative to the depot.
  public var path: [UInt8]
  public var state: ShownState
  /// Bytes of the newest copy.
  public var size: UInt64
  public var isPinned: Bool
  /// When it was first known.
  public var created: WallTime
  /// When its state last changed.
  public var changed: WallTime
  /// When it was last read or got its hot copy.
  public var accessed: WallTime
  /// When its bytes were last written, as the file system has it; nil where there is no copy.
  public var modified: WallTime?
  /// Permission bits; nil where there is no copy.
  public var mode: UInt16?
  /// Uploads that failed since it was written.
  public var attempts: UInt32
  /// When the next upload is due; nil when it waits for nothing.
  public var retryAt: WallTime?
  /// What the last attempt or check said.
  public var fault: String?
  /// The copy in cold storage, which holds older bytes while the file is dirty or failed.
  public var stored: StoredView?
  /// How much of it is stored, while it is being uploaded.
  public var bytesDone: UInt64?
  /// Names the file as it is now: who acts on it is refused when it is another by then.
  public var generation: UInt64

  public init(
    path: [UInt8], state: ShownState, size: UInt64, isPinned: Bool, created: WallTime,
    changed: WallTime, accessed: WallTime, modified: WallTime? = nil, mode: UInt16? = nil,
    attempts: UInt32 = 0, retryAt: WallTime? = nil, fault: String? = nil,
    stored: StoredView? = nil, bytesDone: UInt64? = nil, generation: UInt64
  ) {
    self.path = path
    self.state = state
    self.size = size
    self.isPinned = isPinned
    self.created = created
    self.changed = changed
    self.accessed = accessed
    self.modified = modified
    self.mode = mode
    self.attempts = attempts
    self.retryAt = retryAt
    self.fault = fault
    self.stored = stored
    self.bytesDone = bytesDone
    self.generation = generation
  }
}

/// A copy in cold storage.
public struct StoredView: Hashable, Sendable {
  /// In hexadecimal.
  public var digest: String
  public var size: UInt64
  public var backend: String
  /// The object's key, as text that is safe to show.
  public var key: String
  /// When it was last known to be there and right.
  public var verified: WallTime
  /// The name of the scope whose key seals it; nil when it is stored as it is.
  public var scope: String?

  public init(
    digest: String, size: UInt64, backend: String, key: String, verified: WallTime,
    scope: String? = nil
  ) {
    self.digest = digest
    self.size = size
    self.backend = backend
    self.key = key
    self.verified = verified
    self.scope = scope
  }
}

extension FileView {
  /// The fields that a filter may ask of a file.
  public static let vocabulary = FilterVocabulary(
    [
      FilterField("path", .text, "where the file is; art/** is all that is below art"),
      FilterField(
        "state", .words(["dirty", "failed", "clean", "hot", "cold", "shredded"]),
        "dirty, failed, clean, which is hot or cold, or shredded"),
      FilterField("copy", .words(["hot", "cold"]), "whether there is a copy in the depot"),
      FilterField("pinned", .words(["yes", "no"]), "whether it is never evicted"),
      FilterField("size", .size, "bytes of the newest copy"),
      FilterField("age", .age, "how long it has been in its state"),
      FilterField("read", .age, "how long ago it was read or written"),
      FilterField("seen", .age, "how long ago it was first known"),
      FilterField("attempts", .number, "uploads that failed since it was written"),
      FilterField("backend", .text, "the name of the store that holds its copy"),
      FilterField("fault", .text, "what the last attempt or check said"),
    ], searched: "path")
}

extension FileView {
  /// The file as a JSON value.
  package var json: JSONValue {
    var object: JSONObject = [
      "path": .string(escaped(path)), "state": .string(state.rawValue), "size": JSONValue(size),
      "pinned": .bool(isPinned), "created": .string("\(created)"),
      "changed": .string("\(changed)"), "accessed": .string("\(accessed)"),
      "generation": JSONValue(generation), "attempts": JSONValue(attempts),
    ]
    object["modified"] = modified.map { .string("\($0)") }
    object["mode"] = mode.map { .string(String($0, radix: 8)) }
    object["retry"] = retryAt.map { .string("\($0)") }
    object["fault"] = fault.map { .string($0) }
    object["stored"] = stored?.json
    object["bytesDone"] = bytesDone.map { JSONValue($0) }
    return .object(object)
  }

  /// Reads a file that `json` wrote; nil for anything else.
  package init?(json: JSONValue) {
    guard let path = json["path"]?.string.flatMap(unescaped),
      let state = json["state"]?.string.flatMap(ShownState.init(rawValue:)),
      let size = json.count("size"), let isPinned = json["pinned"]?.bool,
      let created = json.time("created"), let changed = json.time("changed"),
      let accessed = json.time("accessed"), let generation = json.count("generation")
    else { return nil }
    self.init(
      path: path, state: state, size: size, isPinned: isPinned, created: created,
      changed: changed, accessed: accessed, modified: json.time("modified"),
      mode: json["mode"]?.string.flatMap { UInt16($0, radix: 8) },
      attempts: UInt32(clamping: json.count("attempts") ?? 0), retryAt: json.time("retry"),
      fault: json["fault"]?.string, stored: json["stored"].flatMap(StoredView.init(json:)),
      bytesDone: json.count("bytesDone"), generation: generation)
  }
}

extension StoredView {
  package var json: JSONValue {
    var object: JSONObject = [
      "digest": .string(digest), "size": JSONValue(size), "backend": .string(backend),
      "key": .string(key), "verified": .string("\(verified)"),
    ]
    object["scope"] = scope.map { .string($0) }
    return .object(object)
  }

  package init?(json: JSONValue) {
    guard let digest = json["digest"]?.string, let size = json.count("size"),
      let backend = json["backend"]?.string, let key = json["key"]?.string,
      let verified = json.time("verified")
    else { return nil }
    self.init(
      digest: digest, size: size, backend: backend, key: key, verified: verified,
      scope: json["scope"]?.string)
  }
}
