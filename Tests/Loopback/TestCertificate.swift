// A certificate for `localhost` that nobody signed but itself, made by OpenSSL for one test.

import Glibc
import Testing

/// A key and its certificate, in a directory of their own.
package struct TestCertificate: Sendable {
  package let folder: String

  package init() throws {
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
        "-keyout", key, "-out", path,
      ]))
    try #require(maker.waitForEnd() == 0)
  }

  /// The file of the key.
  package var key: String { folder + "/key.pem" }
  /// The file of the certificate.
  package var path: String { folder + "/cert.pem" }

  package func remove() {
    for file in [key, path] { _ = unsafe unlink(file) }
    _ = unsafe rmdir(folder)
  }
}
