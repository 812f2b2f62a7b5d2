// The engine as inspect operations look at it.

internal import Ambient
package import Bytes
package import Views

extension Engine {
  /// What can be looked at of this engine; the settings and the log are whose it is.
  package func inspectSubject(
    configuration: @escaping @Sendable () -> [JSONValue] = { [] },
    log: @escaping @Sendable (_ after: UInt64, _ max: Int) -> [LogLineView] = { _, _ in [] }
  ) -> InspectSubject {
    InspectSubject(
      snapshot: { [self] in snapshot() }, manifest: manifest, clock: parts.wallClock,
      uploading: { [uploads] in uploads.bytesDone }, configuration: configuration, log: log)
  }
}
