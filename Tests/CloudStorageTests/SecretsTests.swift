// Credentials are planted everywhere they can be, everything that a program or a person may read is
// gathered, and none of it may contain them: logs at every level, errors and their reflections,
// metrics, and descriptions of every value on the way.

import Ambient
import Bytes
import ColdStorage
import Digests
import HTTP
import Loopback
import Telemetry
import Testing

@testable import CloudStorage

@Suite struct SecretsTests {
  static let webIdentity = "planted-web-identity"
  static let fetchedSecret = "planted/FETCHED+secret"
  static let fetchedToken = "planted-fetched-token"
  static let planted = [plantedSecret, plantedToken, webIdentity, fetchedSecret, fetchedToken]

  /// All that can be read of a value.
  static func readable<Value>(_ value: Value) -> String {
    var text = "\(value)\n\(String(reflecting: value))\n"
    dump(value, to: &text)
    return text
  }

  /// Whether none of the planted secrets is in the text, in any spelling.
  static func expectClean(_ text: String, _ place: Comment) {
    for secret in planted {
      let spellings = [
        secret, percentEncoded(secret.utf8), base64(Array(secret.utf8)),
        hexadecimal(Array(secret.utf8)),
      ]
      for spelling in spellings { #expect(!text.contains(spelling), place) }
    }
  }

  /// A server that repeats what it was sent, as servers do in refusals.
  static func echo(_ arrived: Arrived, _ status: Int, _ code: String) -> Answer {
    let sent = arrived.headers.map { "\($0.name): \($0.value)" }.joined(separator: "; ")
    let message = "x-amz-security-token: \(plantedToken) and secret_key=\(plantedSecret)"
    return Answer(
      status,
      text: "<Error><Code>\(code)</Code><Message>\(message)</Message>"
        + "<StringToSign>\(plantedSecret) \(plantedToken)</StringToSign>"
        + "<Request>\(arrived.target) \(xmlEscaped(sent))</Request></Error>",
      headers: [("x-echo", plantedToken)])
  }

  @Test(arguments: [
    (403, "SignatureDoesNotMatch"), (403, "AccessDenied"), (400, "ExpiredToken"),
    (403, "RequestTimeTooSkewed"), (500, "InternalError"), (503, "SlowDown"),
    (404, "NoSuchBucket"), (301, "PermanentRedirect"), (400, "InvalidRequest"), (412, "Other"),
  ])
  func `no refusal brings a secret into a log, an error or a metric`(
    _ status: Int, _ code: String
  ) throws {
    let server = LoopbackServer { Self.echo($0, status, code) }
    defer { server.stop() }
    let tested = try StoreUnderTest(port: server.port)
    var text = ""
    let calls: [() throws -> Void] = [
      { try tested.store.put("k", [1]) },
      { _ = try tested.store.get("k") },
      { try tested.store.put("large", sample(9 << 20)) },
      { _ = try tested.store.list(ListRequest()) },
      { _ = try tested.store.sweep(nil) },
    ]
    var failures = 0
    for call in calls {
      do {
        try call()
      } catch {
        failures += 1
        text += Self.readable(error)
      }
    }
    #expect(failures == calls.count)
    #expect(!tested.log.text.isEmpty)
    text += tested.log.text
    text += Self.readable(tested.registry.snapshot())
    text += Self.readable(tested.store)
    Self.expectClean(text, "\(code)")
  }

  @Test func `no value on the way shows a secret, presigned addresses included`() throws {
    let credentials = AWSCredentials(
      accessKey: "AK", secretKey: secret(plantedSecret), sessionToken: secret(plantedToken))
    let signer = AWSSigner(credentials: credentials, region: "us-east-1", service: "s3")
    let url = URL(scheme: .https, host: "h", path: "/bucket/k")
    var request = Request(.get, url)
    signer.sign(&request, payload: .empty, at: WallTime(seconds: 0))
    let presigned = signer.presign(
      Request(.get, url), payload: .unsigned, at: WallTime(seconds: 0), expiresSeconds: 60)
    let authorization = try #require(request.headers["Authorization"])
    let header = try #require(authorization.split(separator: "=").last)
    #expect(header.count == 64 && presigned.spelling.contains("X-Amz-Signature="))
    let text = [
      Self.readable(credentials), Self.readable(signer), Self.readable(request),
      Self.readable(presigned), Self.readable(FixedCredentials(credentials)),
      Self.readable(HTTPError.notHTTP(presigned.origin)),
    ].joined()
    Self.expectClean(text, "values")
    #expect(!text.contains(header), "the signature of a header")
    #expect(!text.contains("X-Amz-Signature"), "the signature of a query")
  }

  @Test func `credentials that are fetched stay out of logs and errors, too`() throws {
    let server = LoopbackServer { arrived in
      if arrived.method == "POST" {
        return Answer(
          200,
          text: """
            <A><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AK</AccessKeyId>
            <SecretAccessKey>\(Self.fetchedSecret)</SecretAccessKey>
            <SessionToken>\(Self.fetchedToken)</SessionToken>
            <Expiration>2100-01-01T00:00:00Z</Expiration>
            </Credentials></AssumeRoleWithWebIdentityResult></A>
            """)
      }
      return Self.echo(arrived, 403, "AccessDenied")
    }
    defer { server.stop() }
    let surroundings = Surroundings(
      variable: { ["AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn"][$0] },
      file: { (path) throws(StorageError) in path == "/token" ? Self.webIdentity : nil })
    let chain = CredentialChain(
      surroundings, client: CurlClient(), wall: .live, region: "us-east-1",
      tokenService: URL(scheme: .http, host: "127.0.0.1", port: server.port))
    let tested = try StoreUnderTest(port: server.port, credentials: chain)
    var text = ""
    do throws(StorageError) {
      _ = try tested.store.get("k")
    } catch {
      text = Self.readable(error)
    }
    #expect(text.contains("AccessDenied"))
    #expect(server.arrived.contains { $0.header("x-amz-security-token") == Self.fetchedToken })
    text += tested.log.text + Self.readable(chain) + Self.readable(tested.store)
    Self.expectClean(text, "fetched")
  }
}
