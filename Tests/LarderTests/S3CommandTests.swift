// `larder backend …` on a bucket, as a person or a script would run it: what works on a strict
// server, and what is said when something is wrong.

import Ambient
import Bytes
import ChildProcesses
import Digests
import DurableFiles
import Loopback
import S3Servers
import ScratchFiles
import Testing

/// A configuration with a bucket as its primary, and the executable on it.
struct S3Bench {
  let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  /// Runs `larder backend` with settings of the primary.
  func backend(
    _ words: [String], _ settings: String, role: String = "primary",
    environment: [String: String] = ["AWS_EC2_METADATA_DISABLED": "true"]
  ) throws -> EndedChild {
    let name = "larder-\(hexadecimal(Entropy.live.bytes(4))).json5"
    let config = try scratch.makeFile(
      name, Array("{ \(role): { type: 's3', \(settings) } }".utf8))
    let all = ["backend"] + words + ["--config", config, "--backend", role]
    return try ChildProcess(
      builtProduct("larder"), all.map { Array($0.utf8) }, environment: environment
    ).wait()
  }

  /// Settings for a bucket of a server.
  func settings(
    _ server: S3Server, bucket: String, more: String = "", secret: String? = nil
  ) -> String {
    """
    bucket: '\(bucket)', endpoint: '\(server.endpoint)', endpoint_pin: true,
    access_key: '\(server.accessKey)', secret_key: '\(secret ?? server.secretKey)', \(more)
    """
  }

  /// Makes a bucket with another client.
  func makeBucket(_ server: S3Server, _ bucket: String) throws {
    let program = """
      import boto3, sys
      from botocore.config import Config
      boto3.client('s3', endpoint_url='\(server.endpoint)', region_name='us-east-1',
        aws_access_key_id='\(server.accessKey)', aws_secret_access_key='\(server.secretKey)',
        config=Config(s3={'addressing_style': 'path'})).create_bucket(Bucket='\(bucket)')
      """
    let python = try #require(Program(["python3", "-c", program], output: "/dev/stderr"))
    try #require(python.waitForEnd() == 0)
  }
}

@Suite(.enabled(if: RadosGateway.isExpected, "radosgw is not installed"))
struct S3CommandTests {
  let bench: S3Bench
  let server: S3Server

  init() throws {
    bench = try S3Bench()
    server = try #require(RadosGateway.shared, "radosgw did not start")
  }

  private func json(_ child: EndedChild) throws -> JSONValue {
    try JSONValue(parsing: child.output)
  }

  @Test func `what is put into a bucket comes back, is told, listed and deleted`() throws {
    try bench.makeBucket(server, "commands")
    let settings = bench.settings(
      server, bucket: "commands", more: "path_prefix: 'depots/main', restore_chunk_threshold_mb: 8")
    let bytes = (0..<19_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
    let digest = Blake3.digest(of: bytes).description
    let file = try bench.scratch.makeFile("a file", bytes)
    let put = try bench.backend(
      ["put", file, "a file#1,v", "--metadata", "mode=0644", "--json"], settings)
    #expect(put.ending == .exited(0) && put.errors.isEmpty, "\(put.errorText)")
    #expect(try json(put)["size"]?.integer == 19_000_000)
    #expect(try json(put)["blake3"]?.string == digest)

    let head = try bench.backend(["head", "a file#1,v", "--json"], settings)
    #expect(try json(head)["size"]?.integer == 19_000_000)
    #expect(try json(head)["metadata"]?["mode"]?.string == "0644")
    let got = try bench.backend(["get", "a file#1,v", bench.scratch.path("back")], settings)
    #expect(got.ending == .exited(0) && got.errors.isEmpty, "\(got.errorText)")
    #expect(got.outputText.contains("blake3    \(digest)\n"))
    let back = try OpenFile("back", .reading, on: bench.scratch.disk)
    #expect(try back.readAll(bytesMax: 1 << 26) == bytes)

    // The same bucket as a secondary without the prefix shows where the object lies.
    let whole = bench.settings(server, bucket: "commands")
    let listed = try bench.backend(["list", "--json"], whole, role: "secondary")
    #expect(try json(listed)["key"]?.string == "depots/main/a file#1,v")
    let told = try bench.backend(["test"], settings)
    #expect(told.ending == .exited(0) && told.errors.isEmpty, "\(told.errorText)")
    let steps = told.outputText.split(separator: "\n").map { $0.split(separator: " ")[0] }
    #expect(steps.prefix(6) == ["put", "head", "get", "range", "list", "delete"])
    #expect(steps.last == "sweep")
    let removed = try bench.backend(["rm", "a file#1,v"], settings)
    #expect(removed.ending == .exited(0))
    #expect(try bench.backend(["list"], whole).output.isEmpty)
    let gone = try bench.backend(["head", "a file#1,v"], settings)
    #expect(gone.ending == .exited(1))
    #expect(gone.errorText == "larder: a file#1,v is not in the store\n")
  }

  @Test func `a wrong bucket is told with what to do, by every command`() throws {
    let settings = bench.settings(server, bucket: "not-there")
    let file = try bench.scratch.makeFile("f", [1])
    let target = bench.scratch.path("t")
    for words in [
      ["test"], ["put", file, "k"], ["get", "k", target], ["head", "k"], ["list"], ["rm", "k"],
    ] {
      let child = try bench.backend(words, settings)
      #expect(child.ending == .exited(2), "\(words)")
      #expect(
        child.errorText
          == "larder: the bucket 'not-there' does not exist there; create it or correct its name\n",
        "\(words)")
    }
    #expect(try bench.scratch.disk.status(at: "t") == nil)
  }

  @Test func `a wrong key is told with the setting to correct, and is never shown`() throws {
    try bench.makeBucket(server, "wrong-keys")
    let wrong = bench.settings(server, bucket: "wrong-keys", secret: "sesame/SECRET")
    let secret = try bench.backend(["test"], wrong)
    #expect(secret.ending == .exited(1))
    #expect(
      secret.errorText == "larder: primary denies access: the signature does not match; check "
        + "secret_key and the region\n")
    let head = try bench.backend(["head", "k"], wrong)
    #expect(head.ending == .exited(1))
    #expect(
      head.errorText == "larder: primary denies access: it answered 403; check access_key, "
        + "secret_key and their rights on 'wrong-keys'\n")
    let unknown = S3Server(
      name: "", port: server.port, accessKey: "AKNOBODY", secretKey: server.secretKey)
    let access = try bench.backend(["list"], bench.settings(unknown, bucket: "wrong-keys"))
    #expect(access.ending == .exited(1))
    #expect(
      access.errorText == "larder: primary denies access: it does not know the access key; check "
        + "access_key\n")
    for child in [secret, head, access] {
      #expect(!(child.outputText + child.errorText).contains("sesame"))
    }
  }

  @Test(.enabled(if: TLSFront.isExpected, "nghttpx is not installed"))
  func `a certificate that nobody signed is refused, and trusted when its file is named`() throws {
    try bench.makeBucket(server, "trust")
    let front = try TLSFront(to: server)
    defer { front.stop() }
    let keys = """
      bucket: 'trust', endpoint: 'https://localhost:\(front.port)', endpoint_pin: true,
      access_key: '\(server.accessKey)', secret_key: '\(server.secretKey)',
      """
    let child = try bench.backend(["test"], keys)
    #expect(child.ending == .exited(2))
    #expect(
      child.errorText.hasPrefix(
        "larder: primary cannot be used: the certificate of https://localhost:\(front.port) is not "
          + "trusted (")
        && child.errorText.hasSuffix("; name the file of its authority in ca_cert_path\n"),
      "\(child.errorText)")
    let trusting = try bench.backend(["test"], keys + "ca_cert_path: '\(front.trustFile)'")
    #expect(trusting.ending == .exited(0), "\(trusting.errorText)")
    let missing = try bench.backend(["test"], keys + "ca_cert_path: '/nowhere/ca.pem'")
    #expect(missing.ending == .exited(2))
    #expect(
      missing.errorText
        == "larder: primary cannot be used: '/nowhere/ca.pem' holds no certificates "
        + "that can be read; ca_cert_path must name a PEM file\n")
  }

  @Test func `credentials come from the environment and from the shared file`() throws {
    try bench.makeBucket(server, "surroundings")
    let settings = "bucket: 'surroundings', endpoint: '\(server.endpoint)', endpoint_pin: true"
    let variables = [
      "AWS_ACCESS_KEY_ID": server.accessKey, "AWS_SECRET_ACCESS_KEY": server.secretKey,
    ]
    #expect(try bench.backend(["test"], settings, environment: variables).ending == .exited(0))
    let file = try bench.scratch.makeFile(
      "credentials",
      Array(
        """
        [depot]
        aws_access_key_id = \(server.accessKey)
        aws_secret_access_key = \(server.secretKey)
        """.utf8))
    let shared = ["AWS_SHARED_CREDENTIALS_FILE": file, "AWS_PROFILE": "depot"]
    #expect(try bench.backend(["test"], settings, environment: shared).ending == .exited(0))
    let nothing = try bench.backend(["test"], settings)
    #expect(nothing.ending == .exited(2))
    #expect(
      nothing.errorText == "larder: no credentials were found: set access_key and secret_key, the "
        + "AWS_ variables, or a shared credentials file\n")
  }
}

@Suite struct S3ConfigurationTests {
  let bench: S3Bench

  init() throws {
    bench = try S3Bench()
  }

  @Test func `a wrong endpoint is told with what to check`() throws {
    let nobody = S3Server(name: "", port: 1, accessKey: "a", secretKey: "s")
    let child = try bench.backend(["test"], bench.settings(nobody, bucket: "depot"))
    #expect(child.ending == .exited(1))
    #expect(
      child.errorText == "larder: gave up after 4 attempts: primary cannot be reached or fails: "
        + "nothing answers at http://127.0.0.1:1; check the address, and that the server runs\n")
    let unknown = try bench.backend(
      ["head", "k"],
      "bucket: 'depot', endpoint: 'http://nowhere.invalid', endpoint_pin: true, access_key: 'a', "
        + "secret_key: 's'")
    #expect(unknown.ending == .exited(1))
    #expect(unknown.errorText.contains("the name 'nowhere.invalid' is not known"))
  }

  @Test(
    arguments: [
      ("region: 'r'", "line 1, column 20: a primary of type 's3' needs 'primary.bucket'"),
      (
        "bucket: 'Depot'",
        "line 1, column 34: 'primary.bucket' must have 3 to 63 lower-case letters, digits, dots or "
          + "hyphens, not 'Depot'"
      ),
      (
        "bucket: 'depot', verify_ssl: false",
        "line 1, column 55: certificates are always checked; remove 'primary.verify_ssl', and for a "
          + "server with an authority of its own name that in 'primary.ca_cert_path'"
      ),
      (
        "bucket: 'depot', endpoint: 'http://h:9000'",
        "line 1, column 53: 'primary.endpoint' names a server other than AWS; set endpoint_pin to "
          + "true to confirm that objects go there"
      ),
      (
        "bucket: 'depot', endpoint: 'h:9000'",
        "line 1, column 53: 'primary.endpoint' wants an address that begins with http:// or "
          + "https://, not \"h:9000\""
      ),
      (
        "bucket: 'depot', addressing: 'pathe'",
        "line 1, column 55: 'primary.addressing' wants path, virtual or auto, not \"pathe\" (did you "
          + "mean 'path'?)"
      ),
      (
        "bucket: 'depot', path_prefix: '../x'",
        "line 1, column 56: 'primary.path_prefix' wants a path such as depots/main, without '..' or "
          + "a '/' before it, not \"../x\""
      ),
      (
        "bucket: 'depot', kms_key_id: 'k'",
        "line 1, column 55: 'primary.kms_key_id' needs 'primary.server_side_encryption' to be "
          + "aws:kms"
      ),
      (
        "bucket: 'depot', server_side_encryption: 'AES265'",
        "line 1, column 67: 'primary.server_side_encryption' wants AES256 or aws:kms, not "
          + "\"AES265\" (did you mean 'AES256'?)"
      ),
      (
        "bucket: 'depot', storage_class: 'TWO WORDS'",
        "line 1, column 58: 'primary.storage_class' must be a word such as STANDARD_IA, not 'TWO "
          + "WORDS'"
      ),
      (
        "bucket: 'depot', restore_chunk_threads: 17",
        "line 1, column 66: 'primary.restore_chunk_threads' wants a whole number from 1 to 16, not "
          + "17"
      ),
      (
        "bucket: 'depot', restore_chunk_threshold_mb: 1",
        "line 1, column 71: 'primary.restore_chunk_threshold_mb' wants a whole number from 8 to "
          + "1048576, not 1"
      ),
      (
        "bucket: 'depot', access_key: 'a'",
        "line 1, column 55: 'primary.access_key' needs 'primary.secret_key'"
      ),
      (
        "bucket: 'depot', secret_key: 'PLANTED'",
        "line 1, column 55: 'primary.secret_key' needs 'primary.access_key'"
      ),
      (
        "bucket: 'depot', secret_key: 12345",
        "line 1, column 55: 'primary.secret_key' wants text, not \u{2039}redacted\u{203A}"
      ),
      (
        "bucket: 'depot', path: '/srv'",
        "line 1, column 49: a primary of type 's3' has no 'primary.path'; remove it"
      ),
      (
        "bucket: 'depot', adressing: 'path'",
        "line 1, column 43: there is no setting 'primary.adressing' (did you mean "
          + "'primary.addressing'?)"
      ),
    ])
  func `a wrong setting is told with its line and column`(
    settings: String, sentence: String
  ) throws {
    let child = try bench.backend(["test"], settings)
    #expect(child.ending == .exited(2))
    #expect(
      child.errorText.hasSuffix(".json5: \(sentence)\n") && child.output.isEmpty,
      "\(child.errorText)")
    #expect(!child.errorText.contains("PLANTED") && !child.errorText.contains("12345"))
  }

  @Test func `settings are sent as they were set`() throws {
    let server = LoopbackServer { arrived in
      arrived.method == "PUT" && arrived.path.hasSuffix("k")
        ? Answer(200, headers: [("ETag", "\"e\"")]) : Answer(404)
    }
    defer { server.stop() }
    let file = try bench.scratch.makeFile("f", [1, 2, 3])
    let child = try bench.backend(
      ["put", file, "k"],
      """
      bucket: 'depot', endpoint: 'http://127.0.0.1:\(server.port)/stem', endpoint_pin: true,
      region: 'eu-west-1', addressing: 'path', path_prefix: 'depots/main/', verify_ssl: true,
      access_key: 'AK', secret_key: 'SK', session_token: 'TK',
      server_side_encryption: 'aws:kms', kms_key_id: 'alias/depot', storage_class: 'STANDARD_IA',
      """)
    #expect(child.ending == .exited(0), "\(child.errorText)")
    let put = try #require(server.arrived.first)
    #expect(put.target == "/stem/depot/depots/main/k")
    #expect(put.body == [1, 2, 3])
    #expect(put.header("x-amz-server-side-encryption") == "aws:kms")
    #expect(put.header("x-amz-server-side-encryption-aws-kms-key-id") == "alias/depot")
    #expect(put.header("x-amz-storage-class") == "STANDARD_IA")
    #expect(put.header("x-amz-security-token") == "TK")
    #expect(put.header("authorization")?.contains("Credential=AK/") == true)
    #expect(put.header("authorization")?.contains("/eu-west-1/s3/") == true)
  }

  @Test func `a get that is killed in its middle shows no part of the object at its name`() throws {
    let body = [UInt8](repeating: 7, count: 3_000_000)
    let server = LoopbackServer { arrived in
      arrived.method == "HEAD"
        ? Answer(200, headers: [("Content-Length", "3000000"), ("ETag", "\"e\"")])
        : Answer(200, headers: [("ETag", "\"e\"")], body: body, fault: .stallAfter(2_000_000))
    }
    defer { server.stop() }
    let config = try bench.scratch.makeFile(
      "larder.json5",
      Array(
        """
        { primary: { type: 's3', bucket: 'depot', endpoint: 'http://127.0.0.1:\(server.port)',
          endpoint_pin: true, access_key: 'a', secret_key: 's' } }
        """.utf8))
    try bench.scratch.disk.makeDirectory("target", mode: 0o700)
    let target = bench.scratch.path("target/file")
    let words = ["backend", "get", "k", target, "--config", config]
    let child = try ChildProcess(builtProduct("larder"), words.map { Array($0.utf8) })
    server.waitForRequests(2)
    #expect(try bench.scratch.disk.list("target").map(\.name) != [Array("file".utf8)])
    child.signal(9)
    #expect(try child.wait().ending == .signalled(9))
    #expect(try bench.scratch.disk.status(at: "target/file") == nil)
  }
}
