// What S3's refusals mean here, in one table, and the little that its answers spell in ways of
// their own: entity tags in quotes, dates of HTTP, metadata in headers.

import Ambient
import Bytes
import ColdStorage
import Digests
import HTTP
import Retry
import Telemetry

/// A refusal as the server spelled it.
struct S3Refusal: Equatable {
  let status: Int
  /// `NoSuchKey` and its like; empty when there was no document.
  let code: String
  let message: String
  /// The region that the bucket is in, when that is what is wrong.
  let region: String?
  let headers: Headers

  /// The most bytes of a document that are read.
  static let bytesMax = 65_536

  init(_ head: ResponseHead, body: [UInt8]) {
    let document = XMLElement(parsing: body)
    status = head.status
    headers = head.headers
    code = document?.text(of: "Code") ?? ""
    // Only these two are taken: the rest of the document may repeat what was signed. A server may
    // do so in the message, too.
    message = escaped(withoutSecrets(String((document?.text(of: "Message") ?? "").prefix(300))))
    region = head.headers["x-amz-bucket-region"] ?? document?.text(of: "Region")
  }

  /// True when the bucket is elsewhere.
  var isRedirect: Bool {
    status == 301 || status == 307 || status == 302 || code == "PermanentRedirect"
      || code == "TemporaryRedirect" || code == "AuthorizationHeaderMalformed"
      || code == "IllegalLocationConstraintException"
  }

  private var detail: String {
    let words = [code, message].filter { !$0.isEmpty }.joined(separator: ", ")
    return words.isEmpty ? "it answered \(status)" : "it answered \(status) (\(words))"
  }

  /// What it means for whoever asked for the key.
  func meaning(
    store: String, bucket: String, key: ObjectKey?, condition: Condition, isWrite: Bool,
    now: WallTime
  ) -> StorageError {
    let wait = headers["Retry-After"].flatMap { retryAfter($0, now: now) }
    let noBucket = StorageError.misconfigured(
      store: store, "the bucket '\(bucket)' does not exist there; create it or correct its name")
    switch code {
    case "NoSuchBucket": return noBucket
    case "RequestTimeTooSkewed", "RequestExpired":
      let theirs = headers["Date"].flatMap(httpDate).map { "\($0)" } ?? "unknown"
      return .clockSkew(store: store, detail: "its clock says \(theirs), and ours \(now)")
    case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken":
      return .expiredCredentials(store: store, detail: detail)
    case "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests",
      "BandwidthLimitExceeded":
      return .throttled(store: store, detail: detail, retryAfter: wait)
    case "RequestTimeout", "InternalError", "ConditionalRequestConflict", "OperationAborted":
      return .unavailable(store: store, detail: detail, retryAfter: wait)
    case "QuotaExceeded", "InsufficientCapacity", "ServiceQuotaExceeded":
      return .diskFull(store: store)
    case "InvalidAccessKeyId":
      return .denied(store: store, detail: "it does not know the access key; check access_key")
    case "SignatureDoesNotMatch":
      return .denied(
        store: store, detail: "the signature does not match; check secret_key and the region")
    case "BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch":
      if let key { return .integrity(key, "what arrived at \(store) is not what was sent") }
    default: break
    }
    switch status {
    case 404:
      // A version that is to be replaced, and is not there, is another version.
      if case .ifMatch = condition, isWrite, let key { return .preconditionFailed(key) }
      return key.map { .absent($0) } ?? noBucket
    case 412:
      if let key { return condition == .ifAbsent ? .alreadyExists(key) : .preconditionFailed(key) }
    case 401, 403:
      // A refused HEAD does not say which of these it is.
      return .denied(
        store: store,
        detail: detail + "; check "
          + (code.isEmpty ? "access_key, secret_key and their" : "the") + " rights on '\(bucket)'")
    case 429: return .throttled(store: store, detail: detail, retryAfter: wait)
    case 503 where code.isEmpty || code == "ServiceUnavailable":
      return .throttled(store: store, detail: detail, retryAfter: wait)
    case 507: return .diskFull(store: store)
    case 500...: return .unavailable(store: store, detail: detail, retryAfter: wait)
    case 408: return .unavailable(store: store, detail: detail, retryAfter: wait)
    default: break
    }
    if isRedirect {
      return .misconfigured(
        store: store,
        "the bucket '\(bucket)' is not where it was asked for"
          + (region.map { "; set region to '\(escaped($0))'" } ?? "; correct region or endpoint"))
    }
    return .unsupported(store: store, detail)
  }
}

extension HTTPError {
  /// What a failed exchange means for whoever made it.
  func meaning(store: String) -> StorageError {
    switch self {
    case .cancelled: .cancelled
    case _ where isTransient: .unavailable(store: store, detail: "\(self)", retryAfter: nil)
    default: .misconfigured(store: store, "\(store) cannot be used: \(self)")
    }
  }
}

extension ETag {
  /// A tag as a header or document spells it.
  init(quoted text: String) {
    var text = text[...]
    if text.hasPrefix("W/") { text = text.dropFirst(2) }
    if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") {
      text = text.dropFirst().dropLast()
    }
    self.init(String(text))
  }

  var quoted: String { "\"\(text)\"" }

  /// The MD5 of the object that it may be: 32 hexadecimal digits.
  var md5: [UInt8]? {
    text.utf8.count == 32 ? Bytes.bytes(fromHexadecimal: text) : nil
  }
}

/// The moment of a date as HTTP spells it: `Wed, 21 Oct 2015 07:28:00 GMT`.
func httpDate(_ text: String) -> WallTime? {
  let words = text.split(separator: " ")
  guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), let year = Int(words[3]),
    let month = months.firstIndex(of: String(words[2]))
  else { return nil }
  let time = words[4].split(separator: ":").compactMap { Int($0) }
  guard time.count == 3 else { return nil }
  return WallTime(
    year: year, month: month + 1, day: day, hour: time[0], minute: time[1], second: time[2])
}

/// The moment of a date as XML and JSON spell it: `2015-10-21T07:28:00.000Z`.
func isoDate(_ text: String) -> WallTime? {
  let fields = text.split(whereSeparator: { "-T:.Z".contains($0) }).compactMap { Int($0) }
  guard text.hasSuffix("Z"), fields.count == 6 || fields.count == 7 else { return nil }
  return WallTime(
    year: fields[0], month: fields[1], day: fields[2], hour: fields[3], minute: fields[4],
    second: fields[5])
}

private let months = [
  "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
]

/// The checksum as S3's headers have it: big-endian, in base64.
func spelled(crc32c: UInt32) -> String {
  base64([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: crc32c >> UInt32($0)) })
}
