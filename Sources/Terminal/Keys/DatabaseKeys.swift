// What the terminal database says a terminal sends for its keys.

extension CursesScreen {
  /// The sequences of this terminal's keys.
  package var keySequences: [[UInt8]: Key] {
    var sequences: [[UInt8]: Key] = [:]
    for (name, key) in databaseKeys {
      if let sequence = capability(name) { sequences[sequence] = key }
    }
    return sequences
  }
}

/// The capabilities that name keys. From F13 on the database means F1 with Shift and so on, which the
/// common sequences say better.
private let databaseKeys: [(String, Key)] =
  [
    ("kcuu1", Key(.up)), ("kcud1", Key(.down)), ("kcub1", Key(.left)), ("kcuf1", Key(.right)),
    ("khome", Key(.home)), ("kend", Key(.end)), ("kpp", Key(.pageUp)), ("knp", Key(.pageDown)),
    ("kich1", Key(.insert)), ("kdch1", Key(.delete)), ("kcbt", Key(.tab, .shift)),
    ("kent", Key(.enter)), ("kLFT", Key(.left, .shift)), ("kRIT", Key(.right, .shift)),
    ("kri", Key(.up, .shift)), ("kind", Key(.down, .shift)), ("kHOM", Key(.home, .shift)),
    ("kEND", Key(.end, .shift)), ("kDC", Key(.delete, .shift)),
  ] + (1...12).map { ("kf\($0)", Key(.function($0))) }
