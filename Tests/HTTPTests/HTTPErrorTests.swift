// The sentences of the room: one each, that says what to do.

import HTTP
import Testing

@Suite struct HTTPErrorTests {
  static let origin = Origin(scheme: .https, host: "s3.example", port: 9000)

  static let table: [(HTTPError, String, Bool)] = [
    (.badURL("x"), "'x' is not an address that begins with http:// or https://", false),
    (.badHeader("A"), "the header 'A' holds characters that cannot be sent", false),
    (
      .couldNotResolve(host: "h"),
      "the name 'h' is not known; check its spelling and this machine's name service", true
    ),
    (
      .couldNotConnect(origin),
      "nothing answers at https://s3.example:9000; check the address, and that the server runs",
      true
    ),
    (
      .connectTimedOut(origin, after: .seconds(10)),
      "no connection to https://s3.example:9000 within 10 s; check the network and its firewalls",
      true
    ),
    (
      .untrusted(origin, reason: "self-signed certificate"),
      "the certificate of https://s3.example:9000 is not trusted (self-signed certificate); "
        + "name the file of its authority in ca_cert_path", false
    ),
    (
      .tlsFailed(origin, reason: "wrong version"),
      "the encrypted connection to https://s3.example:9000 failed: wrong version", false
    ),
    (
      .badTrustFile(path: "/ca.pem"),
      "'/ca.pem' holds no certificates that can be read; ca_cert_path must name a PEM file", false
    ),
    (
      .timedOut(origin, after: .milliseconds(1_500)),
      "the exchange with https://s3.example:9000 took longer than 1500 ms", true
    ),
    (
      .stalled(origin, for: .seconds(30)),
      "https://s3.example:9000 sent and took nothing for 30 s", true
    ),
    (
      .reset(origin),
      "https://s3.example:9000 closed the connection before its answer was complete", true
    ),
    (
      .bodyTooShort(origin, got: 3, expected: 5),
      "https://s3.example:9000 sent 3 bytes of 5", true
    ),
    (
      .bodyTooLong(origin, bytesMax: 5),
      "https://s3.example:9000 sent more than the 5 bytes that are taken here", false
    ),
    (
      .notHTTP(origin),
      "what https://s3.example:9000 sends is not HTTP; check the address and its port", false
    ),
    (.stopped, "the transfer was stopped from this side", false),
    (.cancelled, "it was cancelled", false),
    (
      .library(origin, code: 43, reason: "r"),
      "the exchange with https://s3.example:9000 failed: r (libcurl 43)", false
    ),
  ]

  @Test(arguments: table.indices)
  func `every error says in a sentence what happened, and whether to try again`(_ row: Int) {
    let (error, sentence, isTransient) = Self.table[row]
    #expect("\(error)" == sentence)
    #expect(error.isTransient == isTransient)
  }
}
