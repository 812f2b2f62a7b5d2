// OpenSSL's own server, with a certificate made for the test.

import Loopback
import Testing

/// A server that speaks TLS on the loopback, known as `localhost`.
struct TLSServer {
  let port: Int
  private let made: TestCertificate
  private let program: Program

  init() throws {
    made = try TestCertificate()
    port = freePort()
    program = try #require(
      Program([
        "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert", made.path, "-key",
        made.key, "-www", "-quiet",
      ]))
    try #require(waitForListener(at: port))
  }

  /// The file that makes the server trusted.
  var certificate: String { made.path }

  func stop() {
    program.stop()
    made.remove()
  }
}
