// That other clients read what Larder wrote and the other way round, on a lenient server and on a
// strict one, with every awkward name. The other clients are boto3, which `moto_server` brings along,
// and rclone; the files between rclone and the test lie in a scratch directory.

import ColdStorage
import Digests
import DurableFiles
import HTTP
import Loopback
import S3Servers
import ScratchFiles
import StorageContract
import Testing

@testable import CloudStorage

/// Every name that some client takes for something else, and the longest.
private let names: [String] = {
  let part = String(repeating: "k", count: 205)
  let longest = (0..<5).map { _ in part }.joined(separator: "/")
  // Both clients prepend `d/`.
  return StorageContract.awkwardNames.map { "\($0)/\($0)" } + [String(longest.prefix(1_022))]
}()

private let large = sample(17 << 20 | 321)

/// Whether every object that the names call for is there as it was written.
private func expectAll(in store: S3Store) throws {
  for name in names {
    #expect(try store.get(try ObjectKey("d/\(name)")) == Array(name.utf8) + [0], "\(name)")
  }
  let listed = try store.list(ListRequest(prefix: Array("d/".utf8))).objects.map(\.key)
  #expect(listed == (try names.map { try ObjectKey("d/\($0)") }.sorted()))
  #expect(try store.get("large") == large)
}

/// Writes the objects that the names call for.
private func putAll(in store: S3Store) throws {
  let request = UploadRequest(metadata: ["rev": "7"], contentType: "text/plain")
  for name in names { try store.put(try ObjectKey("d/\(name)"), Array(name.utf8) + [0], request) }
  try store.put("large", large)
}

/// Runs a program for boto3 against the server; the names are its arguments.
private func runBoto(_ server: S3Server, _ program: String) throws {
  let prelude = """
    import boto3, hashlib, sys
    from botocore.config import Config
    s3 = boto3.client('s3', endpoint_url='\(server.endpoint)', region_name='us-east-1',
      aws_access_key_id='\(server.accessKey)', aws_secret_access_key='\(server.secretKey)',
      config=Config(s3={'addressing_style': 'path'},
        request_checksum_calculation='when_required',
        response_checksum_validation='when_required'))
    names = sys.argv[1:]

    """
  let python = try #require(
    Program(["python3", "-c", prelude + program] + names, output: "/dev/stderr"))
  #expect(python.waitForEnd() == 0, "boto3 disagrees; its words are above")
}

private func botoReads(_ server: S3Server, _ bucket: String) throws {
  let store = try server.store(bucket).store
  try putAll(in: store)
  try runBoto(
    server,
    """
    for name in names:
      answer = s3.get_object(Bucket='\(bucket)', Key='d/' + name)
      assert answer['Body'].read() == name.encode() + b'\\0', name
      assert answer['Metadata']['rev'] == '7', name
      assert answer['ContentType'] == 'text/plain', name
    listed = [o['Key'] for o in s3.list_objects_v2(Bucket='\(bucket)', Prefix='d/')['Contents']]
    assert sorted(listed) == sorted('d/' + n for n in names), listed
    large = s3.get_object(Bucket='\(bucket)', Key='large')['Body'].read()
    assert hashlib.sha256(large).hexdigest() == '\(Sha256.digest(of: large))'
    """)
}

private func botoWrites(_ server: S3Server, _ bucket: String, _ scratch: Scratch) throws {
  let store = try server.store(bucket).store
  let file = try scratch.makeFile("large", large)
  try runBoto(
    server,
    """
    for name in names:
      s3.put_object(Bucket='\(bucket)', Key='d/' + name, Body=name.encode() + b'\\0',
        Metadata={'Rev': '7'})
    s3.upload_file('\(file)', '\(bucket)', 'large')
    """)
  try expectAll(in: store)
  #expect(try store.head(try ObjectKey("d/\(names[0])"))?.metadata["rev"] == "7")
}

/// Runs rclone, which knows the server as `T:`.
private func runRclone(_ server: S3Server, _ words: String...) throws {
  // Names that are the same to Unicode are two names here; and the server makes no buckets.
  let flags = ["--no-unicode-normalization", "--s3-no-check-bucket", "--retries", "1"]
  let rclone = try #require(
    Program(["rclone"] + words + flags, output: "/dev/stderr", environment: server.rclone))
  #expect(rclone.waitForEnd() == 0, "rclone disagrees; its words are above")
}

private func rcloneReads(_ server: S3Server, _ bucket: String, _ scratch: Scratch) throws {
  let store = try server.store(bucket).store
  try putAll(in: store)
  try runRclone(server, "copy", "T:\(bucket)", scratch.path("read"))
  for name in names {
    let file = try OpenFile(FilePath("read/d/\(name)"), .reading, on: scratch.disk)
    #expect(try file.readAll(bytesMax: 4_096) == Array(name.utf8) + [0], "\(name)")
  }
  let file = try OpenFile("read/large", .reading, on: scratch.disk)
  #expect(try file.readAll(bytesMax: 1 << 26) == large)
  // What rclone itself says of the two sides.
  try runRclone(server, "check", "--download", scratch.path("read"), "T:\(bucket)")
}

private func rcloneWrites(_ server: S3Server, _ bucket: String, _ scratch: Scratch) throws {
  let store = try server.store(bucket).store
  for name in names {
    let path = try FilePath("write/d/\(name)")
    try scratch.disk.makeDirectories(path.parent, mode: 0o700)
    try OpenFile(path, .creating(mode: 0o600), on: scratch.disk)
      .write(Array(name.utf8) + [0], at: 0)
  }
  try OpenFile("write/large", .creating(mode: 0o600), on: scratch.disk).write(large, at: 0)
  try runRclone(
    server, "copy", scratch.path("write"), "T:\(bucket)", "--s3-upload-cutoff", "8M",
    "--s3-chunk-size", "8M")
  try expectAll(in: store)
}

@Suite(.enabled(if: MotoServer.isExpected, "moto_server is not installed"), .moto)
struct InteroperationTests {
  let scratch = try! Scratch()

  func server() throws -> S3Server { try #require(MotoServer.current).server }

  @Test func `boto3 reads what Larder wrote`() throws {
    try botoReads(try server(), "ours")
  }

  @Test func `Larder reads what boto3 wrote`() throws {
    try botoWrites(try server(), "theirs", scratch)
  }
}

@Suite(.enabled(if: RadosGateway.isExpected, "radosgw is not installed"))
struct StrictInteroperationTests {
  let scratch = try! Scratch()

  func server() throws -> S3Server {
    try #require(RadosGateway.shared, "radosgw did not start")
  }

  @Test func `boto3 reads what Larder wrote on a server that checks everything`() throws {
    try botoReads(try server(), "boto-reads")
  }

  @Test func `Larder reads what boto3 wrote on a server that checks everything`() throws {
    try botoWrites(try server(), "boto-writes", scratch)
  }

  @Test(.enabled(if: areExpected(["rclone"]), "rclone is not installed"))
  func `rclone reads what Larder wrote`() throws {
    try rcloneReads(try server(), "rclone-reads", scratch)
  }

  @Test(.enabled(if: areExpected(["rclone"]), "rclone is not installed"))
  func `Larder reads what rclone wrote`() throws {
    try rcloneWrites(try server(), "rclone-writes", scratch)
  }

  @Test(.enabled(if: TLSFront.isExpected, "nghttpx is not installed"))
  func `objects travel over HTTP/2, and connections are used again`() throws {
    let server = try server()
    _ = try server.store("over-http2")
    let front = try TLSFront(to: server)
    defer { front.stop() }
    let tested = try server.other(
      "over-http2", client: CurlClient(CurlSettings(trustFile: front.trustFile))
    ) {
      $0.endpoint = URL(scheme: .https, host: "localhost", port: front.port)
      $0.chunkThreshold = 1 << 20
    }
    for index in 0..<40 { try tested.store.put(try ObjectKey("small/\(index)"), sample(4_096)) }
    try tested.store.put("large", large)
    #expect(try tested.store.get("large") == large)
    #expect(try tested.store.list(ListRequest()).objects.count == 41)
    #expect(try tested.store.head("none") == nil)
    let seen = try front.seen()
    #expect(seen.count > 45)
    #expect(seen.allSatisfy { $0.version == "h2" }, "\(Set(seen.map(\.version)))")
    // One for each thread that ever spoke at once, and none for each request.
    #expect(Set(seen.map(\.connection)).count <= 4)
  }
}
