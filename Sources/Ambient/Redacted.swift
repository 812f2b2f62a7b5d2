// Values that are known and never shown: credentials, keys, signed queries. Whatever turns one into
// text, on purpose or by reflection, gets the same word; only `reveal` gives the value, and a search
// for that word finds every place that uses a secret.

/// A value that no text, log or dump ever contains.
public struct Redacted<Value> {
  private let value: Value

  public init(_ value: Value) {
    self.value = value
  }

  /// The value itself, for the one who needs it.
  public func reveal() -> Value { value }

  /// The same secret in another form, hidden all the way.
  public func map<Other, Failure: Error>(
    _ transform: (Value) throws(Failure) -> Other
  ) throws(Failure) -> Redacted<Other> {
    Redacted<Other>(try transform(value))
  }
}

extension Redacted: Sendable where Value: Sendable {}
extension Redacted: Equatable where Value: Equatable {}
extension Redacted: Hashable where Value: Hashable {}

extension Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { LogValue.redactedText }
  public var debugDescription: String { LogValue.redactedText }
  public var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }
}
