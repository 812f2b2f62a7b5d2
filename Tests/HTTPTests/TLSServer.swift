// OpenSSL's own server, with a certificate made for the test.

import Glibc
import Loopback
import Testing

/// A server that speaks TLS on the loopback, known as `localhost`.
struct TLSServer {
  let port: Int
  private let folder: String
  private let program: Program

  init() throws {
    var template = Array("/tmp/larder-tls-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
      unsafe mkdtemp(buffer.baseAddress!) != nil
    }
    try #require(made)
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let maker = try #require(
      Program([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2",
        "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem",
      ]))
    try #require(maker.waitForEnd() == 0)
    port = freePort()
    program = try #require(
      Program([
        "openssl", "s_server", "-accept", "127.0.0.1:\(port)", "-cert", folder + "/cert.pem",
        "-key",
        folder + "/key.pem", "-www", "-quiet",
      ]))
    try #require(waitForListener(at: port))
  }

  /// The file that makes the server trusted.
  var certificate: String { folder + "/cert.pem" }

  func stop() {
    program.stop()
    for name in ["key.pem", "cert.pem"] { _ = unsafe unlink(folder + "/" + name) }
    _ = unsafe rmdir(folder)
  }
}
