// How a file stands in a list: which columns there are, in which orders it can be, and what each column
// says of it.

internal import Ambient
internal import Bytes
internal import Terminal
internal import Views
internal import Widgets

extension FileView: ListRow {
  var id: String { escaped(path) }
  var searched: String { id }
  var bytes: UInt64 { size }
}

extension ShownState {
  /// How it looks.
  var sign: StateSign {
    switch self {
    case .dirty: .dirty
    case .uploading: .uploading
    case .failed: .failed
    case .hot: .hot
    case .cold: .cold
    case .shredded: .shredded
    }
  }
}

/// An order that files can be asked for in.
enum FileOrder: String, CaseIterable, Sendable {
  case path, size, read, age, retry, directory

  /// As a person reads it.
  var words: String {
    switch self {
    case .path: "path"
    case .size: "size"
    case .read: "last read"
    case .age: "state and age"
    case .retry: "next try"
    case .directory: "directory"
    }
  }

  var next: FileOrder {
    let all = Self.allCases
    return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
  }
}

/// Which columns are shown beside state and path.
enum FileColumns: String, CaseIterable, Sendable {
  case usual, storage, trouble

  var next: FileColumns {
    let all = Self.allCases
    return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
  }

  /// The columns, with the order that each stands for.
  func columns(sortedBy order: FileOrder, descends: Bool) -> [TableColumn] {
    let shown = common + own
    return shown.map { column in
      var (header, sorts) = column
      if sorts == order { header.ascends = !descends }
      return header
    }
  }

  private var common: [(TableColumn, FileOrder?)] {
    [
      (TableColumn("State", Share(minimum: 13, ideal: 13, priority: 9)), .age),
      (
        TableColumn("Path", Share(minimum: 10, ideal: 30, weight: 1, priority: 10), cut: .middle),
        .path
      ),
      (
        TableColumn(
          "Size", Share(minimum: 8, ideal: Figures.bytesColumns, priority: 8), isRight: true), .size
      ),
    ]
  }

  private var own: [(TableColumn, FileOrder?)] {
    func time(_ title: String, _ order: FileOrder?, _ priority: Int) -> (TableColumn, FileOrder?) {
      (
        TableColumn(
          title,
          Share(minimum: max(6, title.count), ideal: max(6, title.count + 1), priority: priority),
          isRight: true), order
      )
    }
    switch self {
    case .usual:
      return [time("Read", .read, 7), time("Changed", nil, 6), time("Written", nil, 4)]
    case .storage:
      return [
        (TableColumn("Backend", Share(minimum: 7, ideal: 9, priority: 5)), nil),
        time("Verified", nil, 6),
        (TableColumn("Digest", Share(minimum: 10, ideal: 18, priority: 4)), nil),
      ]
    case .trouble:
      return [
        (
          TableColumn("Tries", Share(minimum: 5, ideal: 5, priority: 6), isRight: true), nil
        ),
        time("Again in", .retry, 7),
        (TableColumn("Why", Share(minimum: 12, ideal: 40, weight: 1, priority: 5)), nil),
      ]
    }
  }
}

/// What the columns say of files.
struct FileCells {
  let columns: FileColumns
  let brush: Brush
  let now: WallTime
  /// Columns of the state.
  let isShort: Bool

  private var figures: Figures { Figures(brush) }

  func cells(_ file: FileView) -> [Words] {
    [Self.state(file, brush, isShort: isShort), path(file), size(file)] + own(file)
  }

  /// The state with its shape, its letter and its word.
  static func state(_ file: FileView, _ brush: Brush, isShort: Bool) -> Words {
    let sign = file.state.sign
    var text = "\(sign.glyph(brush.glyphs)) \(sign.letter)"
    if !isShort { text += " \(sign.word)" }
    if file.isPinned { text += " \(StateSign.pinned.glyph(brush.glyphs))" }
    return Words(text, sign.role)
  }

  private func path(_ file: FileView) -> Words {
    Words(shown(file.path, in: brush.glyphs.alphabet))
  }

  private func size(_ file: FileView) -> Words {
    guard let done = file.bytesDone, file.size > 0 else {
      return Words(figures.bytes(ByteCount(file.size)))
    }
    return Words(figures.share(Double(done) / Double(file.size)), .stateUploading)
  }

  private func own(_ file: FileView) -> [Words] {
    switch columns {
    case .usual:
      return [
        ago(file.accessed, .text), ago(file.changed, .dim),
        file.modified.map { ago($0, .dim) } ?? unknown,
      ]
    case .storage:
      guard let stored = file.stored else { return [unknown, unknown, unknown] }
      return [
        Words(stored.backend), ago(stored.verified, .text), Words(stored.digest, .dim),
      ]
    case .trouble:
      return [
        Words(file.attempts == 0 ? brush.unknown : "\(file.attempts)"),
        file.retryAt.map { Words(figures.duration($0 - now), .warning) } ?? unknown,
        Words(
          file.fault.map { shown($0, in: brush.glyphs.alphabet) } ?? "",
          file.state == .failed ? .bad : .warning),
      ]
    }
  }

  private func ago(_ time: WallTime, _ role: Role) -> Words {
    Words(figures.duration(max(.zero, now - time)), role)
  }

  private var unknown: Words { Words(brush.unknown, .unknown) }
}
