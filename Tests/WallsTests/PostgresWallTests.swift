// That the doors of CPostgres reach libpq, as far as that shows without a server. What needs one is
// tested in the room above.

import CPostgres
import Testing

@Suite struct PostgresWallTests {
  @Test func `the library says which one it is`() {
    #expect(cpostgres_version() >= 130_000)
  }

  @Test func `a server that is not there is told in words`() throws {
    let connection = unsafe try #require(unsafe connect(host: "/nowhere/at/all"))
    defer { unsafe cpostgres_close(connection) }
    var state = Int32(CPOSTGRES_POLLING_WRITING)
    while state == Int32(CPOSTGRES_POLLING_WRITING) || state == Int32(CPOSTGRES_POLLING_READING) {
      state = unsafe cpostgres_connect_poll(connection)
    }
    #expect(state == Int32(CPOSTGRES_POLLING_FAILED))
    #expect(unsafe cpostgres_is_connected(connection) == 0)
    #expect(unsafe String(cString: cpostgres_error(connection)).contains("/nowhere/at/all"))
    #expect(unsafe cpostgres_socket(connection) == -1)
    #expect(unsafe cpostgres_needs_password(connection) == 0)
    #expect(
      unsafe cpostgres_transaction(connection) == Int32(CPOSTGRES_TRANSACTION_UNKNOWN))
    #expect(unsafe cpostgres_server_version(connection) == 0)
  }

  @Test func `every way to run a statement needs a connection`() throws {
    let connection = unsafe try #require(unsafe connect(host: "/nowhere/at/all"))
    defer { unsafe cpostgres_close(connection) }
    unsafe cpostgres_set_notices(connection, nil, nil)
    var values = unsafe cpostgres_values(count: 0, bytes: nil, counts: nil, is_binary: nil)
    unsafe expectFailure(cpostgres_run(connection, "SELECT 1"))
    unsafe expectFailure(cpostgres_run_with(connection, "SELECT 1", &values, 0))
    unsafe expectFailure(cpostgres_prepare(connection, "one", "SELECT 1"))
    unsafe expectFailure(cpostgres_run_prepared(connection, "one", &values, 1))
    #expect(unsafe cpostgres_send(connection, "SELECT 1", &values, 0) == 0)
    #expect(unsafe cpostgres_send_prepared(connection, "one", &values, 0) == 0)
    #expect(unsafe cpostgres_set_single_rows(connection) == 0)
    #expect(unsafe cpostgres_copy_in(connection, [1], 1) == -1)
    #expect(unsafe cpostgres_copy_in_end(connection, nil) == -1)
    var row: UnsafeMutablePointer<CChar>?
    #expect(unsafe cpostgres_copy_out(connection, &row, 1) == -2)
    #expect(unsafe cpostgres_canceller_open(connection) == nil)
    let reason = unsafe String(cString: cpostgres_error(connection))
    #expect(!reason.isEmpty)
  }

  @Test func `names are quoted`() throws {
    let connection = unsafe try #require(unsafe connect(host: "/nowhere/at/all"))
    defer { unsafe cpostgres_close(connection) }
    let quoted = unsafe try #require(unsafe cpostgres_quoted_name(connection, "a\"b", 3))
    #expect(unsafe String(cString: quoted) == "\"a\"\"b\"")
    unsafe cpostgres_free(quoted)
  }

  private func expectFailure(_ result: OpaquePointer?) {
    #expect(unsafe cpostgres_status(result) == Int32(CPOSTGRES_FATAL_ERROR))
    #expect(unsafe cpostgres_row_count(result) == 0)
    #expect(unsafe cpostgres_column_count(result) == 0)
    #expect(unsafe cpostgres_sqlstate(result) == nil)
    unsafe cpostgres_result_close(result)
  }

  /// Begins to connect to a directory of sockets.
  private func connect(host: String) -> OpaquePointer? {
    unsafe host.withCString { host in
      unsafe "host".withCString { keyword in
        let keywords: [UnsafePointer<CChar>?] = unsafe [keyword, nil]
        let values: [UnsafePointer<CChar>?] = unsafe [host, nil]
        return unsafe cpostgres_connect(keywords, values)
      }
    }
  }
}
