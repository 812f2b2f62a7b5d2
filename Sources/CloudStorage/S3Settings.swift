// Where a bucket is and how it is used. What is wrong with it is said before the first request, in
// one sentence that names the setting.

import Ambient
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
  /// How old an unfinished upload is before it counts as left behind.
  package var staleAfter = Duration.seconds(3_600)

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
    func refuse(_ sentence: String) -> StorageError { .misconfigured(store: name, sentence) }
    let isBucket =
      (3...63).contains(bucket.utf8.count)
      && bucket.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E
      }
    guard isBucket else {
      throw refuse(
        "bucket must have 3 to 63 lower-case letters, digits, dots or hyphens, not '\(bucket)'")
    }
    guard !region.isEmpty, region.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F }) else {
      throw refuse("region must be a name such as us-east-1, not '\(region)'")
    }
    guard endpoint == nil || endpointPin else {
      throw refuse(
        "endpoint names a server other than AWS; set endpoint_pin to true to confirm that objects "
          + "go there")
    }
    guard (1...Self.partsInFlightMax).contains(partsInFlight),
      (1...Self.partsInFlightMax).contains(chunkThreads)
    else { throw refuse("threads of one transfer must be 1 to \(Self.partsInFlightMax)") }
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
