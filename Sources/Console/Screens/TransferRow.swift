// A transfer as a row of a list: one that is under way, or a restore that has ended. A file stands there
// once, by what happened to it last.

internal import Ambient
internal import Views
internal import Widgets

/// A transfer as a row.
struct TransferRow: ListRow {
  let view: TransferView
  /// How a restore ended; nil of what is under way.
  let end: RestoredView?

  init(view: TransferView) {
    (self.view, end) = (view, nil)
  }

  private init(_ ended: RestoredView) {
    view = TransferView(
      path: ended.path, bytesDone: ended.fault == nil ? ended.bytes : 0, bytes: ended.bytes,
      since: ended.ended + (.zero - ended.took), waiting: ended.waited)
    end = ended
  }

  /// What is restored now, and below it what was lately.
  static func rows(_ restores: RestoresView) -> [TransferRow] {
    var seen = Set(restores.inFlight.map(\.path))
    return restores.inFlight.map { TransferRow(view: $0) }
      + restores.recent.filter { seen.insert($0.path).inserted }.map { TransferRow($0) }
  }

  var id: String { view.path }
  var searched: String { view.path }
  var bytes: UInt64 { view.bytes }
  var hasEnded: Bool { end != nil }

  /// How long it has taken until now, or took.
  func length(at now: WallTime) -> Duration { end?.took ?? max(.zero, now - view.since) }

  /// Bytes a second since it began; nil when nothing has passed.
  func rate(at now: WallTime) -> ByteCount? {
    let seconds = length(at: now).inSeconds
    guard seconds > (hasEnded ? 0 : 0.05), view.bytesDone > 0 else { return nil }
    return ByteCount(Int64(min(Double(view.bytesDone) / seconds, 1e15)))
  }
}
