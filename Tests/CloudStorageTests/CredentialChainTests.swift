// Where credentials come from, in which order, and when they are renewed.

import Ambient
import ColdStorage
import HTTP
import Synchronization
import Testing

@testable import CloudStorage

@Suite struct CredentialChainTests {
  static func surroundings(
    _ variables: [String: String] = [:], files: [String: String] = [:]
  ) -> Surroundings {
    Surroundings(variable: { variables[$0] }, file: { path in files[path] })
  }

  static func chain(
    _ surroundings: Surroundings, clock: ManualClock = ManualClock(),
    script: @escaping @Sendable (ScriptedClient.Sent) -> ScriptedClient.Answer = { _ in .init(404) }
  ) -> CredentialChain {
    let client = ScriptedClient { sent throws(HTTPError) in script(sent) }
    return CredentialChain(surroundings, client: client, wall: clock.wall, region: "eu-west-1")
  }

  static let keys = ["AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": plantedSecret]
  static let file = """
    # a comment
    [other]
    aws_access_key_id = AKOTHER
    aws_secret_access_key = s
    [default]
    aws_access_key_id=AKFILE
    aws_secret_access_key = \(plantedSecret)
    aws_session_token = \(plantedToken)
    """

  @Test func `variables come first`() throws {
    let variables = Self.keys.merging(["HOME": "/h", "AWS_SESSION_TOKEN": "t"]) { $1 }
    let chain = Self.chain(
      Self.surroundings(variables, files: ["/h/.aws/credentials": Self.file]))
    let found = try chain.credentials()
    #expect(found.accessKey == "AKENV")
    #expect(found.secretKey == secret(plantedSecret))
    #expect(found.sessionToken == secret("t"))
    #expect(!chain.refresh())
  }

  @Test func `then the shared file, by its profile`() throws {
    let files = ["/h/.aws/credentials": Self.file, "/c": Self.file]
    let first = try Self.chain(Self.surroundings(["HOME": "/h"], files: files)).credentials()
    #expect(first.accessKey == "AKFILE")
    #expect(first.sessionToken == secret(plantedToken))
    let second = try Self.chain(
      Self.surroundings(
        ["AWS_SHARED_CREDENTIALS_FILE": "/c", "AWS_PROFILE": "other"], files: files)
    ).credentials()
    #expect(second.accessKey == "AKOTHER")
    #expect(second.sessionToken == nil)
  }

  static let webIdentity = [
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/r",
  ]

  @Test func `a web identity is changed for credentials at the token service`() throws {
    let sent = Mutex<[ScriptedClient.Sent]>([])
    let chain = Self.chain(Self.surroundings(Self.webIdentity, files: ["/token": "jwt.x.y\n"])) {
      request in
      sent.withLock { $0.append(request) }
      let answer = """
        <AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
        <AccessKeyId>AKWEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
        <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
        </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>
        """
      return .init(200, body: Array(answer.utf8))
    }
    #expect(try chain.credentials().accessKey == "AKWEB")
    let request = try #require(sent.withLock { $0.first })
    #expect(request.request.url.host == "sts.eu-west-1.amazonaws.com")
    let form = String(decoding: request.body, as: UTF8.self)
    #expect(form.contains("WebIdentityToken=jwt.x.y"))
    #expect(form.contains("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"))
  }

  @Test func `a token service that refuses is told`() {
    let chain = Self.chain(Self.surroundings(Self.webIdentity, files: ["/token": "jwt"])) { _ in
      .init(403)
    }
    #expect {
      try chain.credentials()
    } throws: { ($0 as? StorageError)?.kind == .denied }
  }

  @Test func `the metadata service is asked with a token, and again before the end`() throws {
    let clock = ManualClock(at: WallTime(seconds: 1_750_000_000))
    let fetched = Mutex(0)
    let chain = Self.chain(Self.surroundings(), clock: clock) { sent in
      let path = sent.request.url.path
      if sent.request.method == .put && path == "/latest/api/token" {
        return .init(200, body: Array("tok".utf8))
      }
      guard sent.request.headers["X-aws-ec2-metadata-token"] == "tok" else { return .init(401) }
      if path.hasSuffix("/security-credentials/") { return .init(200, body: Array("role".utf8)) }
      guard path.hasSuffix("/security-credentials/role") else { return .init(404) }
      let number = fetched.withLock { (count: inout Int) in
        count += 1
        return count
      }
      let end = (clock.wall.now() + .seconds(3_600)).description
      let answer =
        "{\"AccessKeyId\":\"AK\(number)\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
        + "\"Expiration\":\"\(end)\"}"
      return .init(200, body: Array(answer.utf8))
    }
    #expect(try chain.credentials().accessKey == "AK1")
    clock.advance(by: .seconds(3_000))
    #expect(try chain.credentials().accessKey == "AK1")
    clock.advance(by: .seconds(400))
    #expect(try chain.credentials().accessKey == "AK2")
    #expect(chain.refresh())
    #expect(try chain.credentials().accessKey == "AK3")
  }

  @Test func `where there are none, it says where they may be put`() {
    let chain = Self.chain(Self.surroundings(["AWS_EC2_METADATA_DISABLED": "true"]))
    #expect {
      try chain.credentials()
    } throws: { "\($0)".contains("set access_key and secret_key") }
  }
}
