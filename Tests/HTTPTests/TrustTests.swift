// Whom the live client trusts: nobody whose certificate no authority signed, unless the file of
// that authority is named. The server is OpenSSL's own, with a certificate made for the test.

import Ambient
import Glibc
import HTTP
import Loopback
import Testing

@Suite struct TrustTests {
  @Test func `a certificate of its own making is refused, and trusted when its file is named`()
    throws
  {
    let server = try TLSServer()
    defer { server.stop() }
    let url = URL(scheme: .https, host: "localhost", port: server.port)
    #expect {
      try CurlClient().exchange(Request(.get, url))
    } throws: { error in
      guard case .untrusted(url.origin, let reason) = error as? HTTPError else { return false }
      return reason.contains("self") && "\(error)".contains("ca_cert_path")
    }
    let trusting = CurlClient(CurlSettings(trustFile: server.certificate))
    #expect(try trusting.exchange(Request(.get, url)).head.status == 200)

    let wrongName = URL(scheme: .https, host: "127.0.0.1", port: server.port)
    #expect {
      try trusting.exchange(Request(.get, wrongName))
    } throws: { error in
      guard case .untrusted = error as? HTTPError else { return false }
      return true
    }
  }

  @Test func `a file that holds no certificates is told by its name`() throws {
    let url = URL(scheme: .https, host: "127.0.0.1", port: 1)
    let server = LoopbackServer { _ in Answer(200) }
    defer { server.stop() }
    let there = URL(scheme: .https, host: "127.0.0.1", port: server.port)
    #expect(throws: HTTPError.couldNotConnect(url.origin)) {
      try CurlClient().exchange(Request(.get, url))
    }
    #expect(throws: HTTPError.badTrustFile(path: "/nowhere/ca.pem")) {
      try CurlClient(CurlSettings(trustFile: "/nowhere/ca.pem")).exchange(Request(.get, there))
    }
  }
}
