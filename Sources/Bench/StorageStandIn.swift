// The server of the storage bench: Debian's nginx, with just enough of S3 in its configuration that
// clients believe it. It keeps single objects and forgets the parts of large ones, so its own work
// is small and the same for everyone, and an upload needs no more room than its parts in flight. It
// checks nothing; that the store works on servers that do is shown elsewhere.

import Ambient
import Digests
import DurableFiles

/// What the stand-in tells of the object that is downloaded, in the words of each client.
struct KnownObject {
  let name: String
  let blake3: String
  let md5: String
}

/// A running nginx that looks like a bucket.
final class StorageStandIn {
  let port: Int
  private let folder: String

  static let bucket = "bench"
  /// How many ports are tried before it is given up.
  private static let portsTried = 10

  /// Starts the server below a directory, in which `bench/NAME` are its objects.
  init(in directory: BenchDirectory, serving known: KnownObject, root: String) throws(BenchFailure)
  {
    let (disk, path) = try directory.freshDisk()
    folder = path
    var entropy = SeededGenerator(seed: Entropy.live.word())
    for _ in 0..<Self.portsTried {
      let candidate = 20_000 + Int(entropy.next() % 12_000)
      try Self.write(Self.configuration(candidate, known, root: root), to: disk)
      switch try Self.run(Self.starting, path).exitCode {
      case 0:
        port = candidate
        return
      case 127:
        throw BenchFailure("nginx is not installed; install it with 'apt-get install nginx-light'")
      default: continue
      }
    }
    throw BenchFailure("nginx could not be started; its configuration is \(path)/nginx.conf")
  }

  /// Ends the server.
  func stop() throws(BenchFailure) {
    _ = try Self.run("PATH=$PATH:/usr/sbin; nginx -p \"$0/\" -c nginx.conf -s stop", folder)
  }

  var endpoint: String { "http://127.0.0.1:\(port)" }

  /// Starts it, and has somebody end it should this process be gone before.
  private static let starting = """
    PATH=$PATH:/usr/sbin
    mkdir -p "$0/tmp"
    command -v nginx >/dev/null || exit 127
    nginx -p "$0/" -c nginx.conf >/dev/null 2>&1 || exit 1
    (tail --pid="$PPID" -f /dev/null; kill "$(cat "$0/tmp/pid")") >/dev/null 2>&1 &
    """

  private static func run(_ script: String, _ folder: String) throws(BenchFailure) -> Subprocess {
    do throws(SubprocessError) {
      return try Subprocess.run("sh", ["-c", script, folder], timeout: .seconds(30))
    } catch {
      throw BenchFailure("\(error)")
    }
  }

  private static func write(_ text: String, to disk: PosixDisk) throws(BenchFailure) {
    do throws(DiskError) {
      if try disk.status(at: "nginx.conf") != nil { try disk.remove("nginx.conf") }
      try OpenFile("nginx.conf", .creating(mode: 0o600), on: disk).write(Array(text.utf8), at: 0)
    } catch {
      throw BenchFailure("the server's configuration could not be written: \(error)")
    }
  }

  /// A worker that is not root could not write where root started it.
  private static var user: String { ThisProcess.isPrivileged ? "user root;" : "" }

  private static func configuration(_ port: Int, _ known: KnownObject, root: String) -> String {
    """
    \(user)
    worker_processes 2;
    pid tmp/pid;
    error_log /dev/null crit;
    events { worker_connections 512; }
    http {
      access_log off;
      sendfile on;
      keepalive_requests 1000000;
      client_max_body_size 0;
      client_body_buffer_size 1m;
      client_body_temp_path tmp/body;
      proxy_temp_path tmp/proxy;
      fastcgi_temp_path tmp/fastcgi;
      uwsgi_temp_path tmp/uwsgi;
      scgi_temp_path tmp/scgi;
      map "$request_method $args" $answer {
        default "";
        "~^POST uploads" "<InitiateMultipartUploadResult><Bucket>\(bucket)</Bucket><Key>k</Key>\
    <UploadId>u</UploadId></InitiateMultipartUploadResult>";
        "~^POST .*uploadId=" "<CompleteMultipartUploadResult><ETag>&quot;whole&quot;</ETag>\
    </CompleteMultipartUploadResult>";
        "~^GET .*(max-keys|delimiter)=" "<ListBucketResult><IsTruncated>false</IsTruncated>\
    </ListBucketResult>";
      }
      map $request_method $tag { default ""; PUT '"part"'; }
      server {
        listen 127.0.0.1:\(port);
        root \(root);
        location / {
          if ($answer) { return 200 $answer; }
          add_header ETag $tag always;
          dav_methods PUT DELETE;
          create_full_put_path on;
        }
        location = /\(bucket)/\(known.name) {
          add_header x-amz-meta-larder-blake3 \(known.blake3);
          add_header x-amz-meta-md5chksum \(known.md5);
        }
      }
    }

    """
  }
}
