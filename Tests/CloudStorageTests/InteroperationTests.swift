// That other clients read what Larder wrote and the other way round, and what a process that is
// killed in the middle leaves behind. The other client is boto3, which `moto_server` brings along.

import ColdStorage
import Digests
import Glibc
import Loopback
import Testing

@testable import CloudStorage

@Suite(.enabled(if: MotoServer.isExpected, "moto_server is not installed"), .moto)
struct InteroperationTests {
  /// Names that some client somewhere takes for something else.
  static let names = [
    "with space", "percent%20%zz", "plus+plus", "hash#hash", "what?x=1", "tilde~", "quotes\"'`",
    "amp&semi;", "colon:at@", "star*", "grün", "文件", "🎻", "cafe\u{301}", "a,b=c!$(d)",
  ]

  /// Runs a program for boto3 against the server; its words are the program's arguments.
  func runBoto(_ port: Int, _ program: String) throws {
    let prelude = """
      import boto3, sys
      from botocore.config import Config
      s3 = boto3.client('s3', endpoint_url='http://127.0.0.1:\(port)', region_name='us-east-1',
        aws_access_key_id='a', aws_secret_access_key='b',
        config=Config(s3={'addressing_style': 'path'}))
      names = sys.argv[1:]
      def body(name, count=0):
        return (name.encode() + b'\\0') * (1 if not count else count // (len(name.encode()) + 1))

      """
    let python = try #require(
      Program(["python3", "-c", prelude + program] + Self.names, output: "/dev/stderr"))
    #expect(python.waitForEnd() == 0, "boto3 disagrees; its words are above")
  }

  @Test func `boto3 reads what Larder wrote`() throws {
    let server = try #require(MotoServer.current)
    let store = try server.store("ours").store
    for name in Self.names {
      let request = UploadRequest(metadata: ["rev": "7"], contentType: "text/plain")
      try store.put(try ObjectKey("d/\(name)"), Array(name.utf8) + [0], request)
    }
    let large = sample(9 << 20)
    try store.put("large", large)
    try runBoto(
      server.port,
      """
      import hashlib
      for name in names:
        answer = s3.get_object(Bucket='ours', Key='d/' + name)
        assert answer['Body'].read() == body(name), name
        assert answer['Metadata']['rev'] == '7', name
        assert answer['ContentType'] == 'text/plain', name
      listed = [o['Key'] for o in s3.list_objects_v2(Bucket='ours', Prefix='d/')['Contents']]
      assert sorted(listed) == sorted('d/' + n for n in names), listed
      large = s3.get_object(Bucket='ours', Key='large')['Body'].read()
      assert hashlib.sha256(large).hexdigest() == '\(Sha256.digest(of: large))'
      """)
  }

  @Test func `Larder reads what boto3 wrote`() throws {
    let server = try #require(MotoServer.current)
    let store = try server.store("theirs").store
    try runBoto(
      server.port,
      """
      import io
      for name in names:
        s3.put_object(Bucket='theirs', Key='d/' + name, Body=body(name), Metadata={'Rev': '7'})
      s3.upload_fileobj(io.BytesIO(b'0123456789abcdef' * (1 << 20)), 'theirs', 'large')
      """)
    for name in Self.names {
      let key = try ObjectKey("d/\(name)")
      #expect(try store.get(key) == Array(name.utf8) + [0])
      #expect(try store.head(key)?.metadata["rev"] == "7")
    }
    let listed = try store.list(ListRequest(prefix: Array("d/".utf8))).objects.map(\.key)
    #expect(listed == (try Self.names.map { try ObjectKey("d/\($0)") }.sorted()))
    let large = try store.get("large")
    #expect(large.count == 16 << 20)
    #expect(large.prefix(16).elementsEqual("0123456789abcdef".utf8))
  }

  @Test func `a process that is killed in an upload leaves no object, and what it leaves is swept`()
    async throws
  {
    let server = try #require(MotoServer.current)
    let store = try server.store("killed") { $0.staleAfter = .zero }.store
    let port = server.port
    await #expect(processExitsWith: .signal(SIGKILL)) { [port = port as Int] in
      let store = try StoreUnderTest(port: port, bucket: "killed").store
      let request = UploadRequest(progress: { _ in _ = kill(getpid(), SIGKILL) })
      try store.put("k", sample(40 << 20), request)
    }
    #expect(try store.head("k") == nil)
    #expect(try store.list(ListRequest()).objects.isEmpty)
    #expect(try store.unfinishedUploads() == 1)
    #expect(try store.sweep(nil).removed == 1)
  }
}
