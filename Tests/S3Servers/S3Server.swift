// What a test needs to know of a server, whichever it is.

import Ambient
import Loopback
import Testing

/// A running S3 server.
package struct S3Server: Sendable, CustomTestStringConvertible {
  package let name: String
  package let port: Int
  package let accessKey: String
  package let secretKey: String

  package init(name: String, port: Int, accessKey: String, secretKey: String) {
    self.name = name
    self.port = port
    self.accessKey = accessKey
    self.secretKey = secretKey
  }

  package var testDescription: String { name }

  package var endpoint: String { "http://127.0.0.1:\(port)" }

  /// The environment in which rclone knows the server as the remote `T`.
  package var rclone: [String: String] {
    [
      "RCLONE_CONFIG": "/nonexistent/rclone.conf", "RCLONE_CONFIG_T_TYPE": "s3",
      "RCLONE_CONFIG_T_PROVIDER": "Ceph", "RCLONE_CONFIG_T_ENDPOINT": endpoint,
      "RCLONE_CONFIG_T_ACCESS_KEY_ID": accessKey,
      "RCLONE_CONFIG_T_SECRET_ACCESS_KEY": secretKey, "RCLONE_CONFIG_T_REGION": "us-east-1",
      "AWS_CA_BUNDLE": "",
    ]
  }
}

/// Whether a test that needs these programs runs: they are there, or it would be an error that they
/// are not.
package func areExpected(_ programs: [String]) -> Bool {
  if ThisProcess.variable("CI") != nil { return true }
  return programs.allSatisfy { program in
    Program(["bash", "-c", "command -v -- \"$0\"", program])?.waitForEnd() == 0
  }
}
