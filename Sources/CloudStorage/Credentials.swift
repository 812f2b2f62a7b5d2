// Where credentials come from, and how they stay fresh. The chain asks its sources in order and
// keeps to the first that has any; those that expire are renewed early by whoever needs them next,
// one at a time, while the old ones still work.
//
//   settings ─▶ environment ─▶ web identity ─▶ shared file ─▶ the machine's metadata service

package import Ambient
import Bytes
package import ColdStorage
import Digests
import DurableFiles
package import HTTP

/// Whoever knows the credentials of the moment.
package protocol CredentialSource: Sendable {
  /// The credentials to sign with now; blocks when they must be fetched.
  func credentials() throws(StorageError) -> AWSCredentials
  /// Has the next call fetch anew; false when that cannot help.
  func refresh() -> Bool
}

/// Credentials that were given and do not change.
package struct FixedCredentials: CredentialSource {
  private let value: AWSCredentials

  package init(_ credentials: AWSCredentials) {
    value = credentials
  }

  package func credentials() throws(StorageError) -> AWSCredentials { value }

  package func refresh() -> Bool { false }
}

/// The process's surroundings as the chain reads them.
package struct Surroundings: Sendable {
  /// A variable of the environment.
  package let variable: @Sendable (String) -> String?
  /// The text of a small file; nil when there is none.
  package let file: @Sendable (String) throws(StorageError) -> String?

  package init(
    variable: @escaping @Sendable (String) -> String?,
    file: @escaping @Sendable (String) throws(StorageError) -> String?
  ) {
    self.variable = variable
    self.file = file
  }

  /// The longest file that is read.
  private static let fileBytesMax = 65_536

  /// Those of this process.
  package static let live = Surroundings(
    variable: { name in
      ThisProcess.variable(name).flatMap { String(validating: $0, as: UTF8.self) }
    },
    file: { path throws(StorageError) in
      do throws(DiskError) {
        var file = try UserFile(path)
        return String(decoding: try file.readAll(bytesMax: fileBytesMax), as: UTF8.self)
      } catch .absent {
        return nil
      } catch {
        throw .misconfigured(store: "credentials", "the credentials cannot be read: \(error)")
      }
    })
}

/// The chain of sources, asked in order.
package final class CredentialChain: CredentialSource {
  private enum Cache {
    case empty
    case fetching(old: AWSCredentials?)
    case known(AWSCredentials, from: Source)
  }

  private enum Source {
    case environment, webIdentity, sharedFile, metadataService
  }

  /// How long before their end credentials are renewed.
  static let renewEarly = Duration.seconds(300)
  /// The most that the metadata or the token service may answer.
  private static let answerBytesMax = 65_536

  private let surroundings: Surroundings
  private let client: any Client
  private let wall: WallClock
  private let region: String
  private let metadataService: URL
  private let tokenService: URL?
  private let cache = Monitor(Cache.empty)

  /// `metadataService` and `tokenService` are AWS's own unless a test names others.
  package init(
    _ surroundings: Surroundings = .live, client: any Client, wall: WallClock, region: String,
    metadataService: URL = URL(scheme: .http, host: "169.254.169.254"), tokenService: URL? = nil
  ) {
    self.surroundings = surroundings
    self.client = client
    self.wall = wall
    self.region = region
    self.metadataService = metadataService
    self.tokenService = tokenService
  }

  package func credentials() throws(StorageError) -> AWSCredentials {
    let now = wall.now()
    let claimed = cache.wait { (cache: inout Cache) -> AWSCredentials?? in
      switch cache {
      case .known(let known, _):
        if known.expires.map({ $0 - now > Self.renewEarly }) ?? true { return .some(known) }
        cache = .fetching(old: known)
        return .some(nil)
      case .fetching(let old?) where old.expires.map({ $0 > now }) ?? true: return .some(old)
      case .fetching: return nil
      case .empty:
        cache = .fetching(old: nil)
        return .some(nil)
      }
    }
    if case .some(.some(let known)) = claimed { return known }
    do throws(StorageError) {
      let (fetched, source) = try fetch()
      cache.change { $0 = .known(fetched, from: source) }
      return fetched
    } catch {
      cache.change { $0 = .empty }
      throw error
    }
  }

  package func refresh() -> Bool {
    cache.withLock { (cache: inout Cache) in
      if case .known(_, .environment) = cache { return false }
      if case .known = cache { cache = .empty }
      return true
    }
  }

  private func fetch() throws(StorageError) -> (AWSCredentials, Source) {
    if let found = try fromEnvironment() { return (found, .environment) }
    if let found = try fromWebIdentity() { return (found, .webIdentity) }
    if let found = try fromSharedFile() { return (found, .sharedFile) }
    if let found = try fromMetadataService() { return (found, .metadataService) }
    throw .misconfigured(
      store: "credentials",
      "no credentials were found: set access_key and secret_key, the AWS_ variables, or a shared "
        + "credentials file")
  }

  private func fromEnvironment() throws(StorageError) -> AWSCredentials? {
    guard let key = variable("AWS_ACCESS_KEY_ID"), let secret = variable("AWS_SECRET_ACCESS_KEY")
    else { return nil }
    return AWSCredentials(
      accessKey: key, secretKey: SecretBytes(copying: Array(secret.utf8).span),
      sessionToken: variable("AWS_SESSION_TOKEN").map {
        SecretBytes(copying: Array($0.utf8).span)
      })
  }

  /// An unset variable and an empty one are the same.
  private func variable(_ name: String) -> String? {
    surroundings.variable(name).flatMap { $0.isEmpty ? nil : $0 }
  }

  private func fromSharedFile() throws(StorageError) -> AWSCredentials? {
    let path =
      variable("AWS_SHARED_CREDENTIALS_FILE") ?? variable("HOME").map { $0 + "/.aws/credentials" }
    guard let path, let text = try surroundings.file(path) else { return nil }
    let section = variable("AWS_PROFILE") ?? "default"
    let values = iniValues(text, section: section)
    guard let key = values["aws_access_key_id"], let secret = values["aws_secret_access_key"] else {
      return nil
    }
    return AWSCredentials(
      accessKey: key, secretKey: SecretBytes(copying: Array(secret.utf8).span),
      sessionToken: values["aws_session_token"].map { SecretBytes(copying: Array($0.utf8).span) })
  }

  /// `AssumeRoleWithWebIdentity` of the token service, with the token that the platform keeps fresh
  /// in a file.
  private func fromWebIdentity() throws(StorageError) -> AWSCredentials? {
    guard let path = variable("AWS_WEB_IDENTITY_TOKEN_FILE"), let role = variable("AWS_ROLE_ARN")
    else { return nil }
    guard let token = try surroundings.file(path) else {
      throw .misconfigured(
        store: "credentials", "AWS_WEB_IDENTITY_TOKEN_FILE names '\(path)', which does not exist")
    }
    let trimmed = token.split(whereSeparator: { $0 == "\n" || $0 == " " || $0 == "\r" }).joined()
    let form = [
      ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
      ("RoleSessionName", variable("AWS_ROLE_SESSION_NAME") ?? "larder"),
      ("WebIdentityToken", trimmed),
    ]
    let body = form.map { "\($0.0)=\(percentEncoded($0.1.utf8))" }.joined(separator: "&")
    let url = tokenService ?? URL(scheme: .https, host: "sts.\(region).amazonaws.com")
    let request = Request(
      .post, url, headers: ["Content-Type": "application/x-www-form-urlencoded"])
    let answer = try ask("the token service", request, body: Array(body.utf8))
    guard answer.head.isSuccess,
      let found = XMLElement(parsing: answer.body)?["AssumeRoleWithWebIdentityResult"]?[
        "Credentials"],
      let key = found.text(of: "AccessKeyId"), let secret = found.text(of: "SecretAccessKey"),
      let session = found.text(of: "SessionToken")
    else {
      throw .denied(
        store: "the token service",
        detail: "it gives no credentials for \(escaped(role)) (status \(answer.head.status))")
    }
    return AWSCredentials(
      accessKey: key, secretKey: SecretBytes(copying: Array(secret.utf8).span),
      sessionToken: SecretBytes(copying: Array(session.utf8).span),
      expires: found.text(of: "Expiration").flatMap(isoDate))
  }

  /// The role of the machine, by the second version of the protocol: a token first, then the name
  /// of the role, then its credentials.
  private func fromMetadataService() throws(StorageError) -> AWSCredentials? {
    if variable("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" { return nil }
    func request(_ method: HTTP.Method, _ path: String, _ headers: Headers) -> Request {
      var url = metadataService
      url.path = path
      var request = Request(method, url, headers: headers)
      request.deadlines.connect = .seconds(1)
      request.deadlines.answer = .seconds(2)
      request.deadlines.overall = .seconds(5)
      return request
    }
    let token: Response
    do throws(StorageError) {
      token = try ask(
        "the metadata service",
        request(.put, "/latest/api/token", ["X-aws-ec2-metadata-token-ttl-seconds": "21600"]),
        body: [])
    } catch {
      // A machine that is none of AWS's has nobody at that address.
      return nil
    }
    guard token.head.isSuccess else { return nil }
    let headers: Headers = [
      "X-aws-ec2-metadata-token": String(decoding: token.body, as: UTF8.self)
    ]
    let base = "/latest/meta-data/iam/security-credentials/"
    let roles = try ask("the metadata service", request(.get, base, headers))
    let role = String(decoding: roles.body, as: UTF8.self).split(separator: "\n").first
    guard roles.head.isSuccess, let role else { return nil }
    let path = base + percentEncoded(role.utf8)
    let answer = try ask("the metadata service", request(.get, path, headers))
    guard answer.head.isSuccess, let found = json(answer.body),
      let key = found["AccessKeyId"]?.string, let secret = found["SecretAccessKey"]?.string,
      let session = found["Token"]?.string
    else {
      throw .denied(
        store: "the metadata service",
        detail: "it gives no credentials for '\(escaped(String(role)))'")
    }
    return AWSCredentials(
      accessKey: key, secretKey: SecretBytes(copying: Array(secret.utf8).span),
      sessionToken: SecretBytes(copying: Array(session.utf8).span),
      expires: found["Expiration"]?.string.flatMap(isoDate))
  }

  private func ask(
    _ service: String, _ request: Request, body: [UInt8]? = nil
  ) throws(StorageError) -> Response {
    do throws(HTTPError) {
      return try client.exchange(request, body: body, bytesMax: Self.answerBytesMax)
    } catch {
      throw error.meaning(store: service)
    }
  }

  private func json(_ document: [UInt8]) -> JSONValue? {
    do throws(BytesError) {
      return try JSONValue(parsing: document)
    } catch {
      // Whoever asks says in its own words that the answer is none.
      return nil
    }
  }
}

/// The values of one section of an INI file, as AWS's tools write it.
func iniValues(_ text: String, section: String) -> [String: String] {
  var values: [String: String] = [:]
  var isInside = false
  for line in text.split(whereSeparator: \.isNewline) {
    let line = line.drop { $0 == " " || $0 == "\t" }
    if line.hasPrefix("#") || line.hasPrefix(";") { continue }
    if line.hasPrefix("[") {
      isInside = line.dropFirst().prefix { $0 != "]" } == section
    } else if isInside, let equals = line.firstIndex(of: "=") {
      let name = line[..<equals].split(separator: " ").joined()
      let words = line[line.index(after: equals)...].split(whereSeparator: {
        $0 == " " || $0 == "\t"
      })
      values[name] = words.joined(separator: " ")
    }
  }
  return values
}
