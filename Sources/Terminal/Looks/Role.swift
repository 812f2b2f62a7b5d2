// Everything that may look different from plain text, by what it means. A theme gives looks to these
// names, or to a prefix of them; a widget draws in them and knows no colour.

/// A meaning that themes give a look to.
package enum Role: UInt8, CaseIterable, Sendable {
  /// Plain text, and the screen itself as a ground.
  case text
  case dim, strong, title, label, accent
  /// Good and bad news that is nobody's state.
  case good, warning, bad

  case border, borderFocus, header, headerSorted
  case key, keyLabel, keyDisabled
  case status, statusLabel, statusWarning
  case bannerReadonly, bannerPast, bannerAccent

  /// Grounds: the row the cursor is on, where the keys go and where they do not; marked rows.
  case cursor, cursorIdle, marked, match
  case popup, popupTitle, selection
  case input, inputInvalid

  case stateDirty, stateUploading, stateClean, stateCold, stateFailed, stateRestoring
  case stateEvicted, statePinned, stateDeleted, stateShredded

  case alarmCritical, alarmWarning, alarmNotice, alarmCeiling

  case gaugeFill, gaugeHigh, gaugeOver, gaugeEmpty, gaugeWatermark
  case chart1, chart2, chart3
  case heat0, heat1, heat2, heat3, heat4, heat5, heat6, heat7

  case stale, unknown, disabled
  case logDebug, logInfo, logWarning, logError
  case spinner, linkSlow, scrollbar

  /// How themes spell it: `state.dirty`.
  package var name: String { Self.names[Int(rawValue)] }

  /// The role of this name.
  package init?(name: String) {
    guard let index = Self.names.firstIndex(of: name) else { return nil }
    self.init(rawValue: UInt8(index))
  }

  /// One step of the gradient from cool to hot; what is beyond its ends is at its ends.
  package static func heat(_ step: Int) -> Role {
    let step = min(max(0, step), heatSteps - 1)
    return Role(rawValue: heat0.rawValue + UInt8(step)) ?? .heat7
  }

  /// How many steps that gradient has.
  package static let heatSteps = 8

  private static let names = allCases.map { role in
    "\(role)".reduce(into: "") { name, character in
      name += character.isUppercase || character.isNumber ? "." : ""
      name += character.lowercased()
    }
  }
}
