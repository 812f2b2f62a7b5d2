// One picture of a screen, for documents, scripts and bug reports: the same model on the same host, with
// every question answered before anything is drawn.

package import Ambient
package import Bytes
internal import Operations
package import Terminal
internal import Widgets

/// A screen as it is at one moment.
package struct Picture: Sendable {
  /// How many calls a picture may take; a screen that asks for more is drawn as far as it is.
  package static let callsMax = 200

  package let surface: Surface
  package let json: JSONValue

  /// Asks the host for everything that the screen wants, and draws it.
  package init(
    of screen: ScreenID, _ host: ConsoleHost, _ size: GridSize, glyphs: GlyphSet = .unicode,
    clock: WallClock = .live, monotonic: MonotonicClock = .live
  ) {
    var moment: Moment { Moment(wall: clock.now(), monotonic: monotonic.now()) }
    var model = ConsoleModel(
      depot: host.depot, version: host.version, ownsEngine: host.ownsEngine, isLive: host.isLive,
      permissions: host.permissions(), size: size, brush: Brush(glyphs), at: moment)
    var waiting: [ConsoleEffect] = []
    if let snapshot = host.snapshot() {
      waiting += model.handle(.snapshot(snapshot, unseen: host.unseen()), at: moment)
    }
    waiting += model.begin(with: screen)
    var calls = 0
    while let effect = waiting.first, calls < Self.callsMax {
      waiting.removeFirst()
      guard case .load(let ticket, let operation, let input) = effect else { continue }
      calls += 1
      let result: Result<Answer, Refusal>
      do throws(Refusal) {
        result = .success(try host.call(operation, input, Cancellation()))
      } catch {
        result = .failure(error)
      }
      waiting += model.handle(.loaded(ticket, result), at: moment)
    }
    surface = model.surface()
    json = model.json
  }
}
