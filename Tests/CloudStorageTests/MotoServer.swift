// A real S3 server for the suite: `moto_server` of PyPI, at LARDER_MOTO or on the path. Outside CI
// the suite is skipped, by name, where there is none; in CI it must be there.

import Ambient
import Glibc
import HTTP
import Loopback
import Testing

@testable import CloudStorage

/// A running `moto_server`.
struct MotoServer: Sendable {
  let port: Int
  private let program: Program

  @TaskLocal static var current: MotoServer?

  static var command: String {
    ThisProcess.variable("LARDER_MOTO").map { String(decoding: $0, as: UTF8.self) } ?? "moto_server"
  }

  /// Whether the suite runs: the server is there, or it would be an error that it is not.
  static let isExpected: Bool =
    ThisProcess.variable("CI") != nil || Program([command, "--help"])?.waitForEnd() == 0

  init() throws {
    port = freePort()
    program = try #require(Program([Self.command, "-H", "127.0.0.1", "-p", "\(port)"]))
    try #require(waitForListener(at: port), "moto_server did not start")
  }

  func stop() { program.stop() }

  /// A store on a new bucket of this server.
  func store(
    _ bucket: String, _ change: (inout S3Settings) throws -> Void = { _ in }
  ) throws -> StoreUnderTest {
    let tested = try StoreUnderTest(port: port, bucket: bucket, change)
    try tested.store.call(S3Call(.put))
    return tested
  }
}

/// Runs a suite with one server of its own.
struct WithMoto: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let server = try MotoServer()
    defer { server.stop() }
    try await MotoServer.$current.withValue(server) { try await function() }
  }
}

extension Trait where Self == WithMoto {
  /// One `moto_server` for the suite.
  static var moto: Self { Self() }
}
