// A real S3 server for a suite: `moto_server` of PyPI, at LARDER_MOTO or on the path.

import Ambient
import Loopback
package import Testing

/// A running `moto_server`.
package struct MotoServer: Sendable {
  package let port: Int
  private let program: Program

  @TaskLocal package static var current: MotoServer?

  private static var command: String {
    ThisProcess.variable("LARDER_MOTO").map { String(decoding: $0, as: UTF8.self) } ?? "moto_server"
  }

  /// Whether the suite runs: the server is there, or it would be an error that it is not.
  package static let isExpected: Bool =
    ThisProcess.variable("CI") != nil || Program([command, "--help"])?.waitForEnd() == 0

  package init() throws {
    port = freePort()
    program = try #require(Program([Self.command, "-H", "127.0.0.1", "-p", "\(port)"]))
    try #require(waitForListener(at: port), "moto_server did not start")
  }

  package func stop() { program.stop() }

  /// The server as tests see it; it takes any credentials.
  package var server: S3Server {
    S3Server(name: "moto_server", port: port, accessKey: "AKPLANTED", secretKey: "any")
  }
}

/// Runs a suite with one server of its own.
package struct WithMoto: SuiteTrait, TestScoping {
  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let server = try MotoServer()
    defer { server.stop() }
    try await MotoServer.$current.withValue(server) { try await function() }
  }
}

extension Trait where Self == WithMoto {
  /// One `moto_server` for the suite.
  package static var moto: Self { Self() }
}
