// Where a bucket is and how it is used. What is wrong with it is said before the first request, in
// one sentence that names the setting.

import Ambient
import Bytes
package import ColdStorage
import Digests
package import HTTP

/// How a bucket stands in an address.
package enum Addressing: String, Sendable, CaseIterable {
  /// `https://endpoint/bucket/key`.
  case path
  /// `https://bucket.endpoint/key`.
  case virtual
  /// By name at AWS, by path at every other endpoint.
  case auto
}

/// How the server encrypts what it stores.
package enum ServerSideEncryption: Equatable, Sendable {
  case none
  case aes256
  /// With a key of the key service's, the account's own when none is named.
  case kms(keyID: String?)
}

/// A setting that cannot be as it is.
package struct S3SettingFault: Equatable, Sendable {
  /// Its key, without the role of the store.
  package let setting: String
  /// What is wrong, to follow the key.
  package let sentence: String

  init(_ setting: String, _ sentence: String) {
    self.setting = setting
    self.sentence = sentence
  }
}

/// One bucket and how it is used.
package struct S3Settings: Sendable {
  /// What the store is called in metrics, logs and messages.
  package var name: String
  package var bucket: String
  package var region = "us-east-1"
  /// A server other than AWS's own.
  package var endpoint: URL?
  /// That the endpoint is meant: nothing is ever sent anywhere else.
  package var endpointPin = false
  package var addressing = Addressing.auto
  /// What stands before every key.
  package var prefix = KeyPrefix.none
  package var encryption = ServerSideEncryption.none
  /// The class of new objects, unless a request names one.
  package var storageClass: String?
  /// Objects from this size on are uploaded in parts.
  package var multipartBytesMin: UInt64 = 8_388_608
  /// How many parts of one object travel side by side.
  package var partsInFlight = 4
  /// Objects larger than this are downloaded in ranges side by side.
  package var chunkThreshold: UInt64 = 67_108_864
  /// How many ranges of one object travel side by side.
  package var chunkThreads = 4
  /// How long an unfinished upload takes no part before it counts as left behind.
  package var staleAfter = Duration.seconds(86_400)

  package init(bucket: String, name: String = "s3") {
    self.bucket = bucket
    self.name = name
  }

  /// The most parts or ranges of one object at once.
  package static let partsInFlightMax = 16
  /// The size of a part, unless an object would have too many.
  static let partBytes: UInt64 = 8_388_608
  /// The largest part, which bounds memory: one of these may be in flight.
  static let partBytesMax: UInt64 = 67_108_864
  /// The most parts of an object, by the rule of S3.
  static let partsMax: UInt64 = 10_000
  /// The most bytes of all parts in flight.
  static let bytesInFlightMax: UInt64 = 67_108_864

  /// Throws `.misconfigured` with the setting that is wrong.
  package func check() throws(StorageError) {
    guard let fault else { return }
    throw .misconfigured(store: name, "\(fault.setting) \(fault.sentence)")
  }

  /// The first setting that cannot be, and why; nil when all can.
  package var fault: S3SettingFault? {
    let isBucket =
      (3...63).contains(bucket.utf8.count)
      && bucket.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E
      }
    guard isBucket else {
      return S3SettingFault(
        "bucket",
        "must have 3 to 63 lower-case letters, digits, dots or hyphens, not '\(escaped(bucket))'")
    }
    guard !region.isEmpty, region.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F }) else {
      return S3SettingFault(
        "region", "must be a name such as us-east-1, not '\(escaped(region))'")
    }
    guard endpoint?.query == nil else {
      return S3SettingFault("endpoint", "must be an address without a query")
    }
    guard endpoint == nil || endpointPin else {
      return S3SettingFault(
        "endpoint",
        "names a server other than AWS; set endpoint_pin to true to confirm that objects go there")
    }
    if let storageClass, !isHeaderWord(storageClass) {
      return S3SettingFault(
        "storage_class", "must be a word such as STANDARD_IA, not '\(escaped(storageClass))'")
    }
    if case .kms(let keyID?) = encryption, !isHeaderWord(keyID) {
      return S3SettingFault("kms_key_id", "must be a key's identifier, alias or ARN")
    }
    guard prefix.bytes.count < S3Store.nameBytesMax else {
      return S3SettingFault("path_prefix", "leaves no room for names in the bucket")
    }
    guard (1...Self.partsInFlightMax).contains(partsInFlight) else {
      return S3SettingFault("the threads of one upload", "must be 1 to \(Self.partsInFlightMax)")
    }
    guard (1...Self.partsInFlightMax).contains(chunkThreads) else {
      return S3SettingFault("restore_chunk_threads", "must be 1 to \(Self.partsInFlightMax)")
    }
    return nil
  }

  /// Whether the text can stand in a header as it is.
  private func isHeaderWord(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  /// The address of a name in the bucket, or of the bucket; nil for an endpoint that cannot be
  /// reached that way.
  func url(of name: [UInt8]?, region: String) -> URL {
    let base = endpoint ?? URL(scheme: .https, host: "s3.\(region).amazonaws.com")
    let byName =
      switch addressing {
      case .virtual: true
      case .path: false
      // A dot in the bucket would break the certificate's name.
      case .auto: endpoint == nil && !bucket.utf8.contains(UInt8(ascii: "."))
      }
    let stem = base.path.hasSuffix("/") ? String(base.path.dropLast()) : base.path
    let key = name.map { "/" + percentEncoded($0, keepingSlashes: true) }
    var url = base
    if byName {
      url.host = "\(bucket).\(base.host)"
      url.path = stem + (key ?? "/")
    } else {
      url.path = "\(stem)/\(bucket)" + (key ?? "")
    }
    return url
  }

  /// The size of the parts of an object: a power of two of chunks of BLAKE3, so that their hashes
  /// join; nil when the object is too large for all of S3's parts.
  static func partBytes(for size: UInt64) -> UInt64? {
    var part = partBytes
    while part * partsMax < size {
      part *= 2
      if part > partBytesMax { return nil }
    }
    return part
  }
}
