// AWS Signature Version 4, in the header form and in the query form (presigned). A request is put
// into one canonical spelling, that is hashed, and the hash is signed with a key that is good for
// one day, region and service. What is signed here must be what is sent: paths and queries come
// encoded from `URL` and are not encoded again.
//
//   canonical request ─SHA-256─▶ string to sign ─HMAC─▶ signature
//                                  secret ─HMAC day, region, service─▶ key

package import Ambient
import Bytes
package import Digests
package import HTTP

/// Who asks; the secrets are never shown.
package struct AWSCredentials: Equatable, Sendable {
  package let accessKey: String
  package let secretKey: SecretBytes
  package let sessionToken: SecretBytes?
  /// When they stop being valid; nil for those that stay.
  package let expires: WallTime?

  package init(
    accessKey: String, secretKey: SecretBytes, sessionToken: SecretBytes? = nil,
    expires: WallTime? = nil
  ) {
    self.accessKey = accessKey
    self.secretKey = secretKey
    self.sessionToken = sessionToken
    self.expires = expires
  }

  /// The session token as it is sent.
  var tokenText: String? {
    sessionToken.map { $0.withBytes { bytes in String(decoding: Array(bytes), as: UTF8.self) } }
  }
}

/// What the body's hash is said to be.
package enum Payload: Equatable, Sendable {
  /// It is not signed; the connection protects it.
  case unsigned
  case hashed(Sha256Digest)

  var text: String {
    switch self {
    case .unsigned: "UNSIGNED-PAYLOAD"
    case .hashed(let digest): "\(digest)"
    }
  }

  /// The hash of no bytes.
  package static let empty = Payload.hashed(Sha256.digest(of: []))
}

/// Signs requests to one service in one region.
package struct AWSSigner: Sendable {
  package let credentials: AWSCredentials
  package let region: String
  package let service: String
  /// Whether the service resolves `.`, `..` and doubled slashes in paths before it checks; S3 does
  /// not.
  package var normalizesPaths = false
  /// Whether a session token is part of what is signed; a few services want it added afterwards.
  package var signsToken = true

  package init(credentials: AWSCredentials, region: String, service: String) {
    self.credentials = credentials
    self.region = region
    self.service = service
  }

  /// Signs by header: adds `X-Amz-Date`, the session token if there is one, and `Authorization`.
  ///
  /// All fields that the request has are signed, so what others may change is added afterwards.
  package func sign(_ request: inout Request, payload: Payload, at time: WallTime) {
    let stamp = Stamp(time)
    if request.headers["Host"] == nil { request.headers["Host"] = request.url.authority }
    request.headers["X-Amz-Date"] = stamp.full
    let token = credentials.tokenText
    if signsToken, let token { request.headers["X-Amz-Security-Token"] = token }
    let canonical = canonicalRequest(request, payload: payload)
    let signature = signature(of: canonical.text, stamp)
    if !signsToken, let token { request.headers["X-Amz-Security-Token"] = token }
    request.headers["Authorization"] =
      "\(Self.algorithm) Credential=\(credentials.accessKey)/\(scope(stamp)), "
      + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature)"
  }

  /// Signs by query: whoever has the address may make the request until it expires.
  package func presign(
    _ request: Request, payload: Payload, at time: WallTime, expiresSeconds: Int
  ) -> URL {
    let (unsigned, signature) = presigned(request, payload, time, expiresSeconds)
    var url = unsigned.url
    url.query = (url.query ?? "") + "&X-Amz-Signature=\(signature.signature)"
    if !signsToken, let token = credentials.tokenText {
      url.query! += "&X-Amz-Security-Token=" + percentEncoded(token.utf8)
    }
    return url
  }

  func presigned(
    _ request: Request, _ payload: Payload, _ time: WallTime, _ expiresSeconds: Int
  ) -> (Request, (canonical: String, signature: String)) {
    let stamp = Stamp(time)
    var request = request
    if request.headers["Host"] == nil { request.headers["Host"] = request.url.authority }
    let names = Set(request.headers.fields.map { $0.name.lowercased() }).sorted(by: utf8Order)
    var items = [
      ("X-Amz-Algorithm", Self.algorithm),
      ("X-Amz-Credential", "\(credentials.accessKey)/\(scope(stamp))"),
      ("X-Amz-Date", stamp.full), ("X-Amz-Expires", "\(expiresSeconds)"),
      ("X-Amz-SignedHeaders", names.joined(separator: ";")),
    ]
    if signsToken, let token = credentials.tokenText {
      items.append(("X-Amz-Security-Token", token))
    }
    let added = items.map { "\($0.0)=\(percentEncoded($0.1.utf8))" }.joined(separator: "&")
    let query = request.url.query ?? ""
    request.url.query = query.isEmpty ? added : "\(query)&\(added)"
    let canonical = canonicalRequest(request, payload: payload).text
    return (request, (canonical, signature(of: canonical, stamp)))
  }

  static let algorithm = "AWS4-HMAC-SHA256"

  /// The one spelling of a request that both sides hash.
  func canonicalRequest(
    _ request: Request, payload: Payload
  ) -> (text: String, signedHeaders: String) {
    var values: [String: [String]] = [:]
    for field in request.headers.fields {
      values[field.name.lowercased(), default: []].append(collapsed(field.value))
    }
    let names = values.keys.sorted(by: utf8Order)
    let signedHeaders = names.joined(separator: ";")
    let headers = names.map { "\($0):\(values[$0]!.joined(separator: ","))\n" }.joined()
    let path = normalizesPaths ? normalized(request.url.path) : request.url.path
    let text = [
      request.method.rawValue, path, canonicalQuery(request.url.query ?? ""), headers,
      signedHeaders, payload.text,
    ].joined(separator: "\n")
    return (text, signedHeaders)
  }

  /// What is signed: the algorithm, the time, the scope and the hash of the canonical request.
  func stringToSign(_ canonical: String, _ stamp: Stamp) -> String {
    [
      Self.algorithm, stamp.full, scope(stamp), "\(Sha256.digest(of: Array(canonical.utf8)))",
    ].joined(separator: "\n")
  }

  private func signature(of canonical: String, _ stamp: Stamp) -> String {
    let prefix = Array("AWS4".utf8)
    var key = credentials.secretKey.withBytes { secret in prefix + Array(secret) }
    for step in [stamp.day, region, service, "aws4_request"] {
      key = Sha256.authenticate(Array(step.utf8).span, key: key.span).bytes
    }
    let text = Array(stringToSign(canonical, stamp).utf8)
    return "\(Sha256.authenticate(text.span, key: key.span))"
  }

  private func scope(_ stamp: Stamp) -> String { "\(stamp.day)/\(region)/\(service)/aws4_request" }

  /// A time as signatures spell it.
  struct Stamp {
    /// `20150830`.
    let day: String
    /// `20150830T123600Z`.
    let full: String

    init(_ time: WallTime) {
      let civil = CivilTime(time)
      day = civil.date.filter { $0 != "-" }
      full = day + "T" + civil.time.filter { $0 != ":" } + "Z"
    }
  }
}

/// Runs of spaces as one, and none at either end.
private func collapsed(_ value: String) -> String {
  value.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\n" }).joined(separator: " ")
}

/// The items of a query by name and then value, each encoded in one way.
private func canonicalQuery(_ query: String) -> String {
  let items = query.split(separator: "&").map { item -> (String, String) in
    let name = item.prefix { $0 != "=" }
    return (encodedAnew(name), encodedAnew(item.dropFirst(name.count + 1)))
  }
  let sorted = items.sorted { left, right in
    left.0 == right.0 ? utf8Order(left.1, right.1) : utf8Order(left.0, right.0)
  }
  return sorted.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
}

private func encodedAnew(_ text: Substring) -> String {
  // A stray percent sign stands for itself.
  percentEncoded(percentDecoded(text) ?? Array(text.utf8))
}

/// A path without `.`, `..` and doubled slashes, a slash at its end kept.
private func normalized(_ path: String) -> String {
  var kept: [Substring] = []
  let components = path.split(separator: "/")
  for component in components {
    switch component {
    case ".": break
    case "..": _ = kept.popLast()
    default: kept.append(component)
    }
  }
  let isDirectory = path.hasSuffix("/") || components.last == "." || components.last == ".."
  return "/" + kept.joined(separator: "/") + (isDirectory && !kept.isEmpty ? "/" : "")
}

private func utf8Order(_ left: String, _ right: String) -> Bool {
  left.utf8.lexicographicallyPrecedes(right.utf8)
}

extension [UInt8] {
  /// A copy of the bytes.
  init(_ bytes: Span<UInt8>) {
    self = bytes.indices.map { bytes[$0] }
  }
}
