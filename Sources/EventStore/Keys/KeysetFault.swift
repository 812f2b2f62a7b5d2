// What is wrong with keys, named by what happened. Each is a refusal: a keyset that cannot be trusted
// is never taken for an empty one, for then new keys would hide that old ones are lost.

/// Why keys are refused.
public enum KeysetFault: Error, Hashable, Sendable {
  /// The store's payloads are sealed, and no key-encryption key was given.
  case unopened
  /// The store has no keys, and something was asked of them.
  case unkeyed
  /// The keyset is not there, and must be.
  case missing
  /// The store is a fork or a snapshot whose keys were left out, and the keyset was not put there since.
  case leftOut
  /// The keyset cannot be read: where, and what is wrong as the rest of a sentence.
  case damaged(offset: UInt64, String)
  case newerFormat(found: UInt16, known: UInt16)
  /// The keyset is a copy from before keys were destroyed or minted that the log knows of.
  case older(String)
  /// Another key-encryption key wrapped the keys.
  case otherKey
  /// The keyset belongs to another store.
  case otherStore
  /// Another granularity was asked for than the store was made with.
  case otherGranularity(stored: KeyGranularity, asked: KeyGranularity)
  /// No granularity was given for a store that has no keys yet.
  case noGranularity
  /// The keyset lacks the key of an event.
  case lacksKey(sequence: UInt64)
  /// The keyset holds as many keys as it may.
  case full
  /// The key-encryption key cannot be had: the rest of a sentence.
  case source(String)
}

extension KeysetFault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unopened:
      "the store's payloads are sealed; give the key-encryption key"
    case .unkeyed: "the store was made without keys, so nothing in it is sealed"
    case .missing:
      "the keyset keys/keyset is missing; put back the newest copy of it, for without it nothing sealed can be read"
    case .leftOut:
      "the store is a copy that was made without its keys, so it can only be read; make it again with "
        + "--keys, or put the keyset keys/keyset of the store that it was made from in its place"
    case .damaged(let offset, let fault):
      "the keyset keys/keyset is damaged at byte \(offset): it \(fault); put back its newest copy"
    case .newerFormat(let found, let known):
      "the keyset has format \(found), and this program knows \(known); use a newer program"
    case .older(let why): "the keyset is an older copy and is refused: \(why); put back the newest"
    case .otherKey: "the keyset was wrapped by another key-encryption key; give that one"
    case .otherStore: "the keyset belongs to another store; put back the store's own"
    case .otherGranularity(let stored, let asked):
      "the store has one key for each \(stored), not for each \(asked); ask for that"
    case .noGranularity:
      "the store has no keys yet; say whether to seal by entity, category, kind or event"
    case .lacksKey(let sequence):
      "the keyset lacks the key of event \(sequence), so it is an older copy; put back the newest"
    case .full:
      "the keyset holds \(EventStoreLimits.keysMax) keys and takes no more; use a coarser granularity"
    case .source(let fault): "the key-encryption key \(fault)"
    }
  }
}
