// The published cases of AWS Signature Version 4, in the header form and in the query form.

import Ambient
import Bytes
import Digests
import HTTP
import Testing

@testable import CloudStorage

@Suite struct AWSSignerTests {
  /// One case of the suite, as its files have it.
  struct Case {
    let name: String
    let values: JSONValue

    func text(_ file: String) throws -> String { try #require(values[file]?.string) }

    var signer: AWSSigner {
      get throws {
        let context = try #require(values["context"])
        let credentials = try #require(context["credentials"])
        let secretKey = try #require(credentials["secret_access_key"]?.string)
        func secret(_ text: String) -> SecretBytes { SecretBytes(copying: Array(text.utf8).span) }
        var signer = AWSSigner(
          credentials: AWSCredentials(
            accessKey: try #require(credentials["access_key_id"]?.string),
            secretKey: secret(secretKey),
            sessionToken: credentials["token"]?.string.map(secret)),
          region: try #require(context["region"]?.string),
          service: try #require(context["service"]?.string))
        signer.normalizesPaths = context["normalize"]?.bool ?? false
        signer.signsToken = !(context["omit_session_token"]?.bool ?? false)
        return signer
      }
    }

    var time: WallTime {
      get throws {
        let text = try #require(values["context"]?["timestamp"]?.string)
        return try #require(isoDate(text))
      }
    }

    /// The request of the case, its raw path and query encoded as `URL` would have made them.
    var request: (Request, Payload) {
      get throws {
        let parts = try text("request").split(
          separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        var lines: [String] = []
        for line in parts[0].split(separator: "\n") {
          if line.hasPrefix(" ") {
            lines[lines.count - 1] += "\n" + line
          } else {
            lines.append(String(line))
          }
        }
        let first = lines.removeFirst()
        let method = try #require(Method(rawValue: String(first.prefix { $0 != " " })))
        let target = first.dropFirst(method.rawValue.count + 1).dropLast(" HTTP/1.1".count)
        let path = target.prefix { $0 != "?" }
        let query = target.dropFirst(path.count + 1)
        var headers = Headers()
        for line in lines {
          let name = line.prefix { $0 != ":" }
          headers.add(String(name), String(line.dropFirst(name.count + 1)))
        }
        let host = try #require(headers["Host"])
        let url = URL(
          scheme: .https, host: host,
          path: percentEncoded(path.utf8, keepingSlashes: true),
          query: query.isEmpty ? nil : String(query))
        let body = parts.count > 1 ? Array(parts[1].utf8) : []
        let isSigned = values["context"]?["sign_body"]?.bool ?? false
        if isSigned { headers["X-Amz-Content-Sha256"] = "\(Sha256.digest(of: body))" }
        return (
          Request(method, url, headers: headers), .hashed(Sha256.digest(of: body))
        )
      }
    }
  }

  static let cases: [Case] = {
    guard let vectors = try? JSONValue(parsing: PackageResources.sigv4_json),
      case .object(let object) = vectors
    else { return [] }
    return object.members.map { Case(name: $0.key, values: $0.value) }
  }()

  @Test func `all of the published cases are here`() {
    #expect(Self.cases.count == 26)
  }

  @Test(arguments: cases.indices)
  func `a published case is signed by header`(_ index: Int) throws {
    let vector = Self.cases[index]
    let signer = try vector.signer
    var (request, payload) = try vector.request
    let time = try vector.time
    signer.sign(&request, payload: payload, at: time)
    var unsigned = request
    unsigned.headers["Authorization"] = nil
    if !signer.signsToken { unsigned.headers["X-Amz-Security-Token"] = nil }
    let canonical = signer.canonicalRequest(unsigned, payload: payload).text
    let wanted = try vector.text("header-canonical-request")
    #expect(canonical == wanted, "\(vector.name)")
    let toSign = signer.stringToSign(canonical, AWSSigner.Stamp(time))
    let wantedToSign = try vector.text("header-string-to-sign")
    #expect(toSign == wantedToSign, "\(vector.name)")
    let authorization = try #require(request.headers["Authorization"])
    let signature = try vector.text("header-signature")
    let sent = try vector.text("header-signed-request")
    #expect(authorization.hasSuffix("Signature=" + signature), "\(vector.name)")
    #expect(sent.contains(authorization), "\(vector.name)")
  }

  @Test(arguments: cases.indices)
  func `a published case is signed by query`(_ index: Int) throws {
    let vector = Self.cases[index]
    let (signer, time) = (try vector.signer, try vector.time)
    var (request, payload) = try vector.request
    // The hash of a body has a field of its own in the header form only.
    request.headers["X-Amz-Content-Sha256"] = nil
    let seconds = try #require(vector.values["context"]?["expiration_in_seconds"]?.integer)
    let expires = Int(seconds)
    let signed = signer.presigned(request, payload, time, expires).1
    let canonical = try vector.text("query-canonical-request")
    let signature = try vector.text("query-signature")
    #expect(signed.canonical == canonical, "\(vector.name)")
    #expect(signed.signature == signature, "\(vector.name)")
    let url = signer.presign(request, payload: payload, at: time, expiresSeconds: expires)
    let carries = url.query?.contains("X-Amz-Signature=\(signed.signature)") ?? false
    #expect(carries, "\(vector.name)")
  }

  @Test func `the secrets of credentials are in none of their descriptions`() throws {
    let secret = "wJalrXUtnFEMI"
    let credentials = AWSCredentials(
      accessKey: "AKID", secretKey: SecretBytes(copying: Array(secret.utf8).span),
      sessionToken: SecretBytes(copying: Array(secret.utf8).span))
    var text = "\(credentials)"
    dump(AWSSigner(credentials: credentials, region: "r", service: "s"), to: &text)
    #expect(text.contains("AKID"))
    #expect(!text.contains(secret))
  }
}
