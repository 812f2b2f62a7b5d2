// Answers what inspect operations ask of files. Each answer is one page: some index look-ups, or a
// bounded number of rows that are held against a filter.

internal import Ambient
internal import Bytes
internal import DurableFiles
internal import Manifest
internal import Operations
internal import Views

/// The manifest, as inspect operations ask it.
struct ManifestDesk: Sendable {
  /// The most rows that one page holds against a filter.
  static let seenMax = 20_000

  private let subject: InspectSubject
  private var manifest: Manifest { subject.manifest }

  init(_ subject: InspectSubject) {
    self.subject = subject
  }

  func answer(_ question: JSONValue) throws(OperationFault) -> JSONValue {
    let input = question["input"] ?? .null
    switch question["ask"]?.string {
    case "manifest.page": return try page(input)
    case "manifest.usage": return try usage(input)
    case "manifest.entry": return try entry(input)
    case "uploads.page": return try uploads(input)
    case "failures.page":
      return try queue(input) { (place, limit) throws(ManifestError) in
        try manifest.failed(after: place, limit: limit)
      }
    default: throw .failed("nobody answers that question")
    }
  }

  // MARK: - Pages

  private func page(_ input: JSONValue) throws(OperationFault) -> JSONValue {
    let word = input["order"]?.string ?? "path"
    guard let order = InspectWords.order(of: word) else {
      throw .invalid("there is no order '\(escaped(word))'")
    }
    var query = RowQuery(
      order, input["descending"]?.bool == true ? .descending : .ascending, limit: limit(input))
    if let prefix = input["prefix"]?.string, !prefix.isEmpty {
      guard order == .path else { throw .invalid("a prefix goes with the order of paths") }
      query.prefix = try bytes(prefix)
    }
    if let state = input["state"]?.string {
      guard order == .state else { throw .invalid("a state goes with the order 'age'") }
      query.state = FileState(parsing: state)
    }
    let place = try token(input) { RowPlace(token: $0) }
    if let place, place.order != order { throw .invalid("the token is of another order") }
    let filter = try filter(input["filter"]?.string ?? "")
    let uploading = subject.uploading()
    var seen = 0
    let page = try asking { () throws(ManifestError) in
      try manifest.search(
        query, filter, at: subject.clock.now(), after: place, seenMax: Self.seenMax
      ) { seen = $0 }
    }
    return [
      "rows": .array(page.rows.map { view($0, uploading).json }),
      "next": JSONValue(page.next?.token), "seen": JSONValue(seen),
      "isComplete": .bool(page.next == nil),
    ]
  }

  private func usage(_ input: JSONValue) throws(OperationFault) -> JSONValue {
    let path = try filePath(input["path"]?.string ?? "")
    let place = try token(input) { ChildPlace(token: $0) }
    let limit = limit(input)
    let (directory, page) = try asking { () throws(ManifestError) in
      (
        try manifest.directory(path),
        try manifest.children(of: path, after: place, limit: limit)
      )
    }
    let uploading = subject.uploading()
    return [
      "directory": directory.map { $0.view(of: path).json } ?? .null,
      "directories": .array(page.directories.map(\.view.json)),
      "files": .array(page.files.map { view($0, uploading).json }),
      "next": JSONValue(page.next?.token),
    ]
  }

  private func entry(_ input: JSONValue) throws(OperationFault) -> JSONValue {
    let path = try filePath(input["path"]?.string ?? "")
    let limit = limit(input)
    let position = UInt64(clamping: input["after"]?.integer ?? 0)
    let (row, history) = try asking { () throws(ManifestError) in
      (
        try manifest.row(at: path),
        try manifest.history(of: path, after: position, limit: limit)
      )
    }
    guard row != nil || !history.entries.isEmpty else {
      throw .notFound("nothing is known of '\(escaped(path.bytes))'")
    }
    let uploading = subject.uploading()
    return [
      "file": row.map { view($0, uploading).json } ?? .null,
      "history": .array(history.entries.map(\.view.json)),
      "next": history.next.map { JSONValue($0) } ?? .null,
    ]
  }

  private func uploads(_ input: JSONValue) throws(OperationFault) -> JSONValue {
    switch input["part"]?.string {
    case "failed":
      return try queue(input) { (place, limit) throws(ManifestError) in
        try manifest.failed(after: place, limit: limit)
      }
    case "waiting":
      return try queue(input) { (place, limit) throws(ManifestError) in
        try manifest.due(by: WallTime(microseconds: .max), after: place, limit: limit)
      }
    default:
      return try queue(input) { (place, limit) throws(ManifestError) in
        try manifest.dirty(after: place, limit: limit)
      }
    }
  }

  private func queue(
    _ input: JSONValue,
    _ look: (QueuePlace?, Int) throws(ManifestError) -> QueuePage
  ) throws(OperationFault) -> JSONValue {
    let place = try token(input) { QueuePlace(token: $0) }
    let limit = limit(input)
    let page = try asking { () throws(ManifestError) in try look(place, limit) }
    let uploading = subject.uploading()
    return [
      "rows": .array(page.rows.map { view($0, uploading).json }),
      "next": JSONValue(page.next?.token),
    ]
  }

  // MARK: - Words

  private func view(_ row: FileRow, _ uploading: [String: UInt64]) -> FileView {
    row.view(uploaded: uploading.isEmpty ? nil : uploading[escaped(row.path.bytes)])
  }

  private func limit(_ input: JSONValue) -> Int {
    max(1, min(Int(input["limit"]?.integer ?? 100), inspectRowsMax))
  }

  private func token<Place>(
    _ input: JSONValue, _ read: (String) -> Place?
  ) throws(OperationFault) -> Place? {
    guard let text = input["after"]?.string else { return nil }
    guard let place = read(text) else { throw .invalid("the token is of no page of this list") }
    return place
  }

  private func bytes(_ text: String) throws(OperationFault) -> [UInt8] {
    guard let bytes = unescaped(text) else {
      throw .invalid("'\(escaped(text))' is no name as names are written here")
    }
    return bytes
  }

  private func filePath(_ text: String) throws(OperationFault) -> FilePath {
    let bytes = try bytes(text)
    do throws(DiskError) {
      return try FilePath(bytes: bytes)
    } catch {
      throw .invalid("\(error)")
    }
  }

  private func filter(_ text: String) throws(OperationFault) -> Filter {
    do throws(FilterError) {
      return try Filter(parsing: text, FileRow.vocabulary)
    } catch {
      throw .invalid("the filter is wrong at character \(error.position + 1): \(error)")
    }
  }

  private func asking<Result>(
    _ body: () throws(ManifestError) -> Result
  ) throws(OperationFault) -> Result {
    do throws(ManifestError) { return try body() } catch { throw .failed("\(error)") }
  }
}
