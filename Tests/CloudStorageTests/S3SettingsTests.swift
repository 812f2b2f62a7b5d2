// Where a bucket is, and what is wrong with settings.

import ColdStorage
import HTTP
import Testing

@testable import CloudStorage

@Suite struct S3SettingsTests {
  @Test func `a bucket is addressed by name at AWS and by path elsewhere`() throws {
    var settings = S3Settings(bucket: "depot")
    let name = Array("a b/é".utf8)
    #expect(
      settings.url(of: name, region: "eu-west-1").spelling
        == "https://depot.s3.eu-west-1.amazonaws.com/a%20b/%C3%A9")
    #expect(settings.url(of: nil, region: "r").spelling == "https://depot.s3.r.amazonaws.com/")
    settings.bucket = "de.pot"
    #expect(
      settings.url(of: name, region: "r").spelling
        == "https://s3.r.amazonaws.com/de.pot/a%20b/%C3%A9")
    settings.endpoint = try URL(parsing: "http://h:9000/stem/")
    #expect(settings.url(of: nil, region: "r").spelling == "http://h:9000/stem/de.pot")
    settings.addressing = .virtual
    #expect(settings.url(of: [0x61], region: "r").spelling == "http://de.pot.h:9000/stem/a")
  }

  @Test(arguments: ["", "ab", "UPPER", "with space", "a/b"])
  func `a name that no bucket has is refused`(_ bucket: String) {
    #expect {
      try S3Settings(bucket: bucket).check()
    } throws: { ($0 as? StorageError)?.kind == .misconfigured }
  }

  @Test func `an endpoint must be confirmed`() throws {
    var settings = S3Settings(bucket: "depot")
    settings.endpoint = try URL(parsing: "http://h:9000")
    #expect {
      try settings.check()
    } throws: { "\($0)".contains("endpoint_pin") }
    settings.endpointPin = true
    try settings.check()
  }

  @Test func `encryption and class are asked for in headers`() throws {
    var settings = S3Settings(bucket: "depot")
    settings.encryption = .kms(keyID: "key")
    settings.storageClass = "STANDARD_IA"
    let store = try StoreUnderTest(port: 1) { $0 = settings }.store
    var call = S3Call(.put, "k", in: .none)
    store.describe(
      &call, metadata: ["rev": "1"], contentType: nil, storageClass: nil, digest: nil)
    #expect(call.headers["x-amz-server-side-encryption"] == "aws:kms")
    #expect(call.headers["x-amz-server-side-encryption-aws-kms-key-id"] == "key")
    #expect(call.headers["x-amz-storage-class"] == "STANDARD_IA")
    #expect(call.headers["x-amz-meta-rev"] == "1")
  }

  @Test func `parts grow with the object, in powers of two, up to a limit`() {
    let part = S3Settings.partBytes
    #expect(S3Settings.partBytes(for: 1) == part)
    #expect(S3Settings.partBytes(for: part * 10_000) == part)
    #expect(S3Settings.partBytes(for: part * 10_000 + 1) == part * 2)
    #expect(S3Settings.partBytes(for: S3Settings.partBytesMax * 10_000) == S3Settings.partBytesMax)
    #expect(S3Settings.partBytes(for: S3Settings.partBytesMax * 10_000 + 1) == nil)
  }
}
