// What a console looks like: the lines around whatever screen is shown, the screen, and the layers
// over it. Whether the engine may be stopped stands at the right of the first line on every screen.

internal import Ambient
package import Terminal
internal import Triage
internal import Views
internal import Widgets

extension ConsoleModel {
  var frame: ChromeFrame { ChromeFrame(size, hasBanner: permissions.isReadOnly) }

  /// The whole screen as it is now.
  package func surface(_ link: LinkView = LinkView()) -> Surface {
    var surface = Surface(size)
    let (frame, context) = (frame, context)
    screens[current].screen.draw(into: &surface, frame.body, context)
    if isStale && screens[current].screen.showsSnapshot {
      surface.restyle(frame.body) { $0.role = .stale }
    }
    if !layers.isEmpty { surface.cursor = nil }
    for layer in layers { layer.screen.draw(into: &surface, frame.body, context) }
    if let title = frame.title { drawTitle(into: &surface, title) }
    if let tabs = frame.tabs { drawTabs(into: &surface, tabs) }
    if let banner = frame.banner { drawBanner(into: &surface, banner) }
    if !pending.isEmpty,
      case .prefix(let next) = keymap.meaning(of: pending, on: screenID, commands)
    {
      WhichKey(pending, next).draw(into: &surface, frame.body, context)
    }
    if let status = frame.status { drawStatus(into: &surface, status, link) }
    return surface
  }

  // MARK: - The first lines

  private func drawTitle(into surface: inout Surface, _ line: Region) {
    let glyphs = brush.glyphs
    let arrow = Words(" \(glyphs.folder) ", .statusLabel)
    let crumbs = [entries[current].title] + screens[current].screen.crumbs
    var way = line.columns < 30 ? [] : [Words(" larder", .statusLabel)]
    for (index, crumb) in crumbs.enumerated() {
      way += [
        way.isEmpty ? Words(" ") : arrow,
        Words(crumb, index == crumbs.count - 1 ? .strong : .status),
      ]
    }
    var parts = [StatusPart(way, priority: 10)]
    if permissions.isReadOnly && frame.banner == nil {
      parts.append(StatusPart([Words(" READ-ONLY ", .bannerReadonly)], priority: 9))
    }
    parts.append(StatusPart([Words(depot, .status)], priority: 4))
    if let mode = snapshot?.mode {
      parts.append(StatusPart([Words(mode.rawValue, .statusLabel)], priority: 3))
    }
    let (safety, short) = (safetyWords, shortSafetyWords)
    let isNarrow = line.columns < 72
    parts.append(StatusPart((isNarrow ? short : safety) + [Words(" ")], priority: 8, isRight: true))
    StatusLine(parts).draw(into: &surface, line, brush)
  }

  /// Whether the engine may be stopped, in words.
  private var safetyWords: [Words] {
    guard let snapshot else { return [Words("waiting for the engine", .statusLabel)] }
    let time = CivilTime(snapshot.taken).time.prefix(8)
    if isStale {
      let words = "\(brush.glyphs.warning) nothing new since \(time); all of it may be otherwise"
      return [Words(words, .statusWarning)]
    }
    if !isLive { return [Words("as it was at \(time)", .statusLabel)] }
    let left = snapshot.files.atRisk
    guard left.files > 0 else {
      if let unseen {
        return [Words("\(brush.glyphs.warning) not known: \(unseen)", .statusWarning)]
      }
      return [Words("\(brush.glyphs.check) ", .good), Words("safe to stop", .status)]
    }
    let drain = snapshot.uploads.drain.map { ", \(Figures(brush).drain($0))" } ?? ""
    return [
      Words("\(StateSign.dirty.glyph(brush.glyphs)) ", .stateDirty),
      Words("\(counted(left.files)) (\(ByteCount(left.bytes))) not stored\(drain)", urgency),
    ]
  }

  private var shortSafetyWords: [Words] {
    guard let snapshot else { return [Words(brush.unknown, .statusLabel)] }
    let time = CivilTime(snapshot.taken).time.prefix(8)
    if isStale { return [Words("\(brush.glyphs.warning) \(time)", .statusWarning)] }
    if !isLive { return [Words("\(time)", .statusLabel)] }
    let left = snapshot.files.atRisk.files
    if left == 0, unseen != nil { return [Words("\(brush.glyphs.warning) ?", .statusWarning)] }
    return left == 0
      ? [Words("\(brush.glyphs.check) safe", .good)]
      : [
        Words("\(StateSign.dirty.glyph(brush.glyphs)) ", .stateDirty),
        Words(Figures(brush).count(Int(clamping: left)).trimmed, urgency),
      ]
  }

  /// Files that are on their way are no reason to worry; those that stand still are.
  private var urgency: Role {
    conditions.contains { $0.severity >= .warning } ? .statusWarning : .status
  }

  /// A screen in the line of screens.
  struct Tab {
    let index: Int
    let key: String
    let title: String
    let place: Region
  }

  /// The screens that there is room for.
  func tabs(in line: Region) -> [Tab] {
    var tabs: [Tab] = []
    var column = 1
    for (index, entry) in entries.enumerated() {
      let shown = keymap.sequences(of: CommandName("show.\(entry.id.rawValue)")).first?.shown
      let key = shown.map { $0 + " " } ?? ""
      let columns = columnCount(of: key + entry.title)
      guard column + columns < line.columns else { break }
      let place = line.split(left: column).rest.split(left: columns).left
      tabs.append(Tab(index: index, key: key, title: entry.title, place: place))
      column += columns + 2
    }
    return tabs
  }

  private func drawTabs(into surface: inout Surface, _ line: Region) {
    for tab in tabs(in: line) {
      let words =
        tab.index == current
        ? [Words(tab.key, .accent, .bold), Words(tab.title, .title, .underline)]
        : [Words(tab.key, .key), Words(tab.title, .dim)]
      surface.draw(words, in: tab.place, brush: brush)
    }
  }

  private func drawBanner(into surface: inout Surface, _ line: Region) {
    surface.fill(line, Style(.bannerReadonly, on: .bannerReadonly))
    let words =
      line.columns >= 76
      ? " READ-ONLY  Everything can be looked at; nothing is changed or written."
      : " READ-ONLY  Nothing is changed or written."
    surface.draw(
      Words(words, .bannerReadonly), in: line, on: .bannerReadonly, brush: brush)
  }

  // MARK: - The last line

  private func drawStatus(into surface: inout Surface, _ line: Region, _ link: LinkView) {
    surface.fill(line, Style(.text, on: .status))
    var right: [Words] = []
    if let trip = link.roundTrip, line.columns >= 40 {
      let isSlow = link.detail > .all
      right = [
        Words("link ", .statusLabel),
        Words(Self.rounded(trip), isSlow ? .linkSlow : .statusLabel), Words(" "),
      ]
    }
    let rightColumns = right.reduce(0) { $0 + $1.columns }
    let (left, end) = line.split(left: line.columns - rightColumns)
    surface.draw(right, in: end, on: .status, brush: brush)
    let inner = left.split(left: 1).rest
    if let notice {
      surface.draw(Words(notice.text, notice.role), in: inner, on: .status, brush: brush)
    } else {
      // Help and the way out are always there to be seen.
      KeyHints(hints, lastKept: layers.isEmpty ? 2 : 0)
        .draw(into: &surface, inner, brush, on: .status)
    }
  }

  /// The keys that matter now.
  private var hints: [KeyHint] {
    let context = context
    if let layer = layers.last { return layer.screen.hints(context) }
    let own = screens[current].screen.hints(context)
    let common = commands.commands
      .filter { $0.hint != nil && $0.scope.includes(screenID) }
      .filter { !screens[current].screen.declined.contains($0.name) }
      .sorted { ($0.hint ?? 0) < ($1.hint ?? 0) }
      .compactMap { context.hint($0.name) }
    return own + common.filter { hint in !own.contains { $0.key == hint.key } }
  }

  /// A round trip in so few digits that it seldom changes.
  private static func rounded(_ trip: Duration) -> String {
    let milliseconds = trip.wholeMicroseconds / 1_000
    switch milliseconds {
    case ..<1: return "<1 ms"
    case ..<10: return "\(milliseconds) ms"
    case ..<1_000: return "\(milliseconds / 10 * 10) ms"
    default: return "\(milliseconds / 1_000) s"
    }
  }
}

/// `1 file`, `12 files`, with separators.
func counted(_ count: UInt64, _ noun: String = "file") -> String {
  count == 1 ? "1 \(noun)" : "\(Figures.grouped(Int(clamping: count))) \(noun)s"
}

extension String {
  /// Without the spaces that right-align it.
  var trimmed: String { String(drop { $0 == " " }) }
}
