// TLS and HTTP/2 in front of a server that speaks neither: Debian's nghttpx, with a certificate made
// for the test. Its log tells how each request came and over which connection.

import Ambient
import Glibc
import Loopback
import Testing

/// A proxy that speaks HTTP/2 over TLS, known as `localhost`.
package struct TLSFront {
  package let port: Int
  private let certificate: TestCertificate
  private let program: Program

  package static let isExpected = areExpected(["nghttpx", "openssl"])

  /// A request as the proxy saw it.
  package struct Seen: Sendable, Hashable {
    /// `h2` or `http/1.1`.
    package let version: String
    /// The client's port: one a connection.
    package let connection: String
    package let status: String
  }

  package init(to server: S3Server) throws {
    certificate = try TestCertificate()
    port = freePort()
    program = try #require(
      Program([
        "nghttpx", "--frontend=127.0.0.1,\(port)", "--backend=127.0.0.1,\(server.port)",
        "--single-process", "--workers=1", "--accesslog-file=\(certificate.folder)/seen",
        "--accesslog-format=$alpn $remote_port $status", "--errorlog-file=/dev/null",
        "--conf=/dev/null", "--no-server-rewrite", "--no-add-x-forwarded-proto", "--no-via",
        certificate.key, certificate.path,
      ]))
    try #require(waitForListener(at: port), "nghttpx did not start")
  }

  /// The file that makes the proxy trusted.
  package var trustFile: String { certificate.path }

  /// Every request so far.
  package func seen() throws -> [Seen] {
    let text = try #require(contents(of: certificate.folder + "/seen"))
    return text.split(separator: "\n").map { line in
      let words = line.split(separator: " ").map { String($0) } + ["", "", ""]
      return Seen(version: words[0], connection: words[1], status: words[2])
    }
  }

  package func stop() {
    program.stop()
    _ = unsafe unlink(certificate.folder + "/seen")
    certificate.remove()
  }

  private func contents(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe read(descriptor, &piece, piece.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += piece[..<count]
    }
  }
}
