// The settings of a store in a bucket, and the store that they describe. What is wrong with one of
// them is told with its place in the file, before anything is sent. Certificates are always checked:
// `verify_ssl` is known only so that whoever brings it from elsewhere learns what to set instead.

import Ambient
import Bytes
import CacheEngine
import CloudStorage
import ColdStorage
import Digests
import Flags
import HTTP

/// How the server encrypts, as the configuration spells it.
enum EncryptionName: String, CaseIterable, Sendable {
  case aes256 = "AES256"
  case kms = "aws:kms"
}

/// The settings of one cold store of type `s3`.
struct S3BackendSettings: Sendable {
  private let role: BackendRole
  private let bucket: Setting<String?>
  private let region: Setting<String>
  private let endpoint: Setting<URL?>
  private let endpointPin: Setting<Bool>
  private let addressing: Setting<Addressing>
  private let accessKey: Setting<String?>
  private let secretKey: Setting<SecretBytes?>
  private let sessionToken: Setting<SecretBytes?>
  private let prefix: Setting<KeyPrefix?>
  private let trustFile: Setting<[UInt8]?>
  private let verifies: Setting<Bool>
  private let encryption: Setting<EncryptionName?>
  private let encryptionKey: Setting<String?>
  private let storageClass: Setting<String?>
  private let chunkThreshold: Setting<Int?>
  private let chunkThreads: Setting<Int?>

  init(_ role: BackendRole) {
    self.role = role
    let role = role.rawValue
    let options = SettingOptions(needsRestart: true)
    func secret(_ name: String) -> SettingOptions {
      SettingOptions(
        needsRestart: true, isSecret: true, variable: "LARDER_\(role.uppercased())_\(name)")
    }
    bucket = Setting(
      "\(role).bucket", optional: .text("BUCKET"), example: "depot-cold",
      "The bucket of the \(role) cold store, which must exist.", options)
    region = Setting(
      "\(role).region", .text("REGION"), default: "us-east-1",
      "The region of the bucket; a bucket elsewhere is found when the server says where.", options)
    endpoint = Setting(
      "\(role).endpoint", optional: .address, example: Self.exampleEndpoint,
      "The server, when it is not AWS's own; needs 'endpoint_pin'.", options)
    endpointPin = Setting(
      "\(role).endpoint_pin", .truth, default: false,
      "Confirms that objects go to 'endpoint', and nowhere else.", options)
    addressing = Setting(
      "\(role).addressing", .choice(placeholder: "WAY"), default: .auto,
      "Whether the bucket stands in the path or in the name of the server; auto means in the name "
        + "at AWS, in the path elsewhere.", options)
    accessKey = Setting(
      "\(role).access_key", optional: .text("KEY"), example: "AKIAEXAMPLE",
      "The access key. Without it come the AWS_ variables, a web identity, the shared "
        + "credentials file and the machine's metadata service, in this order.",
      secret("ACCESS_KEY"))
    secretKey = Setting(
      "\(role).secret_key", optional: .secret, example: Self.exampleSecret,
      "The secret of 'access_key'.", secret("SECRET_KEY"))
    sessionToken = Setting(
      "\(role).session_token", optional: .secret, example: Self.exampleSecret,
      "The session of 'access_key', when it is a temporary one.",
      secret("SESSION_TOKEN"))
    prefix = Setting(
      "\(role).path_prefix", optional: .keyPrefix, example: .none,
      "What stands before every name in the bucket. Unfinished uploads below it that took no part "
        + "for a day are removed, so that it should belong to one depot.", options)
    trustFile = Setting(
      "\(role).ca_cert_path", optional: .path("FILE"), example: Array("/etc/larder/ca.pem".utf8),
      "A PEM file of the authorities to trust instead of the system's.", options)
    verifies = Setting(
      "\(role).verify_ssl", .truth, default: true,
      "Certificates are always checked, so this is true or left out; see 'ca_cert_path'.", options)
    encryption = Setting(
      "\(role).server_side_encryption", optional: .choice(placeholder: "WAY"), example: .aes256,
      "How the server encrypts what it stores.", options)
    encryptionKey = Setting(
      "\(role).kms_key_id", optional: .text("KEY"), example: "alias/depot",
      "The key of the key service, for 'aws:kms'; the account's own when left out.", options)
    storageClass = Setting(
      "\(role).storage_class", optional: .text("CLASS"), example: "STANDARD_IA",
      "The class of new objects, in the server's own word.", options)
    chunkThreshold = Setting(
      "\(role).restore_chunk_threshold_mb", optional: .integer(8...1_048_576), example: 64,
      "Objects of more MiB are restored in ranges side by side; as for all stores when left out.",
      options)
    chunkThreads = Setting(
      "\(role).restore_chunk_threads", optional: .integer(1...S3Settings.partsInFlightMax),
      example: 4,
      "How many ranges of one object are restored side by side; as for all stores when left out.",
      options)
  }

  private static let exampleEndpoint = URL(scheme: .https, host: "s3.example.com", port: 9_000)
  private static let exampleSecret = SecretBytes(copying: Array("example".utf8).span)

  /// The settings for a configuration.
  var all: Settings {
    Settings(
      bucket, region, endpoint, endpointPin, addressing, accessKey, secretKey, sessionToken, prefix,
      trustFile, verifies, encryption, encryptionKey, storageClass, chunkThreshold, chunkThreads)
  }

  /// What the configuration says of the bucket, checked as a whole.
  func plan(
    _ configuration: Configuration, type: SettingOrigin
  ) throws(ConfigurationError) -> S3Plan {
    guard let bucket = configuration[bucket] else {
      throw .contradiction(
        type, "\(role.rawValue).bucket",
        "a \(role.rawValue) of type 's3' needs '\(role.rawValue).bucket'")
    }
    guard configuration[verifies] else {
      throw .contradiction(
        configuration.origin(of: verifies), verifies.declaration.key,
        "certificates are always checked; remove '\(role.rawValue).verify_ssl', and for a server "
          + "with an authority of its own name that in '\(role.rawValue).ca_cert_path'")
    }
    let settings = try describe(bucket, configuration)
    if let fault = settings.fault {
      let key = "\(role.rawValue).\(fault.setting)"
      let origin = configuration.effective.first { $0.key == key }?.origin ?? .standard
      throw .contradiction(origin, key, "'\(key)' \(fault.sentence)")
    }
    return S3Plan(
      settings: settings, trustFile: configuration[trustFile],
      credentials: try credentials(configuration))
  }

  private func describe(
    _ bucket: String, _ configuration: Configuration
  ) throws(ConfigurationError) -> S3Settings {
    var settings = S3Settings(bucket: bucket, name: role.rawValue)
    settings.region = configuration[region]
    settings.endpoint = configuration[endpoint]
    settings.endpointPin = configuration[endpointPin]
    settings.addressing = configuration[addressing]
    settings.prefix = configuration[prefix] ?? .none
    settings.storageClass = configuration[storageClass]
    let threshold =
      configuration[chunkThreshold] ?? configuration[RestoreSettings.Declared.chunkThreshold]
    settings.chunkThreshold = UInt64(threshold) << 20
    settings.chunkThreads =
      configuration[chunkThreads] ?? configuration[RestoreSettings.Declared.chunkThreads]
    let keyID = configuration[encryptionKey]
    switch configuration[encryption] {
    case .kms: settings.encryption = .kms(keyID: keyID)
    case .aes256: settings.encryption = .aes256
    case nil: settings.encryption = .none
    }
    if keyID != nil, configuration[encryption] != .kms {
      throw .contradiction(
        configuration.origin(of: encryptionKey), encryptionKey.declaration.key,
        "'\(role.rawValue).kms_key_id' needs '\(role.rawValue).server_side_encryption' to be "
          + "aws:kms")
    }
    return settings
  }

  /// The credentials that the configuration has; nil when they are to be looked for.
  private func credentials(
    _ configuration: Configuration
  ) throws(ConfigurationError) -> AWSCredentials? {
    let (key, secret) = (configuration[accessKey], configuration[secretKey])
    let token = configuration[sessionToken]
    if let key, let secret {
      return AWSCredentials(accessKey: key, secretKey: secret, sessionToken: token)
    }
    func needs(_ origin: SettingOrigin, _ given: String, _ missing: String) -> ConfigurationError {
      .contradiction(
        origin, "\(role.rawValue).\(given)",
        "'\(role.rawValue).\(given)' needs '\(role.rawValue).\(missing)'")
    }
    if key != nil {
      throw needs(configuration.origin(of: accessKey), "access_key", "secret_key")
    }
    if secret != nil {
      throw needs(configuration.origin(of: secretKey), "secret_key", "access_key")
    }
    if token != nil {
      throw needs(configuration.origin(of: sessionToken), "session_token", "access_key")
    }
    return nil
  }
}

/// A bucket as a configuration describes it.
struct S3Plan: Sendable {
  fileprivate let settings: S3Settings
  fileprivate let trustFile: [UInt8]?
  /// Nil when they are to be looked for.
  fileprivate let credentials: AWSCredentials?

  /// Opens the store; nothing is sent yet.
  func open(_ backend: Backend) throws(StorageError) -> any ObjectStore {
    let client = CurlClient(
      CurlSettings(
        userAgent: "larder/\(version)",
        trustFile: trustFile.map { String(decoding: $0, as: UTF8.self) }))
    let source: any CredentialSource =
      if let credentials {
        FixedCredentials(credentials)
      } else {
        CredentialChain(client: client, wall: .live, region: settings.region)
      }
    return try S3Store(
      settings,
      S3Runtime(client: client, credentials: source, wall: .live, backend: backend))
  }

  /// Whether both lead to the same objects; AWS has each name of a bucket once, whatever the region.
  func isSamePlace(as other: S3Plan) -> Bool {
    settings.bucket == other.settings.bucket && settings.endpoint == other.settings.endpoint
      && settings.prefix == other.settings.prefix
  }
}

extension Spelling where Value == URL {
  /// The address of a server.
  fileprivate static var address: Spelling {
    Spelling(
      placeholder: "URL", wanted: "an address that begins with http:// or https://",
      read: { bytes in
        do throws(HTTPError) {
          return try URL(parsing: String(decoding: bytes, as: UTF8.self))
        } catch {
          // The message says what is wanted instead.
          return nil
        }
      },
      write: \.spelling)
  }
}

extension Spelling where Value == SecretBytes {
  /// Text that is never shown.
  fileprivate static var secret: Spelling {
    Spelling(
      placeholder: "SECRET", wanted: "text",
      read: { $0.isEmpty ? nil : SecretBytes(copying: $0.span) }, write: \.description)
  }
}

extension Spelling where Value == KeyPrefix {
  /// The beginning of names, under the rules of names.
  fileprivate static var keyPrefix: Spelling {
    Spelling(
      placeholder: "PREFIX", wanted: "a path such as depots/main, without '..' or a '/' before it",
      read: { bytes in
        guard let text = String(validating: bytes, as: UTF8.self), !text.isEmpty else {
          return nil
        }
        do throws(StorageError) {
          return try KeyPrefix(text)
        } catch {
          // The message says what is wanted instead.
          return nil
        }
      },
      write: { $0.bytes.isEmpty ? "depots/main" : String(decoding: $0.bytes, as: UTF8.self) })
  }
}
