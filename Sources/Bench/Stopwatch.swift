// How long a call takes. It is repeated until a batch lasts long enough for the clock's own cost and
// grain not to matter; the smaller batches before it have warmed caches and processor.

package import Ambient

/// Measures calls by a clock.
package struct Stopwatch: Sendable {
  private let clock: MonotonicClock
  private let shortest: Duration

  /// The most calls of one batch, however quick each is.
  private static let callsMax = 1 << 30

  /// A batch lasts `shortest` at least.
  package init(_ clock: MonotonicClock, shortest: Duration = .milliseconds(50)) {
    self.clock = clock
    self.shortest = shortest
  }

  /// The seconds that one call takes.
  package func seconds(_ call: () -> Void) -> Double {
    var calls = 1
    while true {
      let begun = clock.now()
      for _ in 0..<calls { call() }
      let passed = clock.now() - begun
      if passed >= shortest || calls >= Self.callsMax { return passed.inSeconds / Double(calls) }
      calls *= 2
    }
  }

  /// The seconds that one call takes which is long enough by itself, or cannot be repeated.
  package func once<Failure: Error>(
    _ call: () throws(Failure) -> Void
  ) throws(Failure) -> Double {
    let begun = clock.now()
    try call()
    return (clock.now() - begun).inSeconds
  }

  /// How many bytes a second a call gets through that does so many.
  package func bytesPerSecond(_ count: Int, _ call: () -> Void) -> Double {
    Double(count) / seconds(call)
  }
}

/// Uses a value, so that the compiler cannot leave out what it comes from.
@inline(never) package func keep<Value>(_ value: Value) {
  withExtendedLifetime(value) {}
}
