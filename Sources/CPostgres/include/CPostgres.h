// Typed doors to libpq. Handles are opaque; states and results keep libpq's numbers, which
// postgres.c checks. Every text that is returned belongs to its handle.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct cpostgres_connection cpostgres_connection;
typedef struct cpostgres_result cpostgres_result;
typedef struct cpostgres_canceller cpostgres_canceller;

/// What a connection attempt waits for. See PQconnectPoll.
enum {
  CPOSTGRES_POLLING_FAILED = 0,
  CPOSTGRES_POLLING_READING = 1,
  CPOSTGRES_POLLING_WRITING = 2,
  CPOSTGRES_POLLING_DONE = 3,
};
/// What a result is. See PQresultStatus.
enum {
  CPOSTGRES_EMPTY_QUERY = 0,
  CPOSTGRES_COMMAND_OK = 1,
  CPOSTGRES_TUPLES_OK = 2,
  CPOSTGRES_COPY_OUT = 3,
  CPOSTGRES_COPY_IN = 4,
  CPOSTGRES_BAD_RESPONSE = 5,
  CPOSTGRES_NONFATAL_ERROR = 6,
  CPOSTGRES_FATAL_ERROR = 7,
  CPOSTGRES_SINGLE_TUPLE = 9,
};
/// Where a connection stands in a transaction. See PQtransactionStatus.
enum {
  CPOSTGRES_TRANSACTION_IDLE = 0,
  CPOSTGRES_TRANSACTION_ACTIVE = 1,
  CPOSTGRES_TRANSACTION_OPEN = 2,
  CPOSTGRES_TRANSACTION_FAILED = 3,
  CPOSTGRES_TRANSACTION_UNKNOWN = 4,
};

/// The values of a statement, column by column: `bytes[i]` null is NULL; `is_binary[i]` 0 is text,
/// which must end with NUL, 1 is binary of `counts[i]` bytes.
typedef struct {
  int count;
  const char *const *bytes;
  const int *counts;
  const int *is_binary;
} cpostgres_values;

/// The library's version, 150020 for 15.20.
int cpostgres_version(void);

/// Begins to connect, without waiting; null without memory. `keywords` and `values` end with null.
cpostgres_connection *cpostgres_connect(const char *const *keywords, const char *const *values);
/// Goes on connecting once the socket is ready for what was waited for.
int cpostgres_connect_poll(cpostgres_connection *connection);
/// Gives the connection back, whatever its state.
void cpostgres_close(cpostgres_connection *connection);
/// 1 while the connection is good.
int cpostgres_is_connected(const cpostgres_connection *connection);
/// Why the last call failed.
const char *cpostgres_error(const cpostgres_connection *connection);
/// The socket to wait on; -1 when there is none.
int cpostgres_socket(const cpostgres_connection *connection);
/// 1 when the server was asked for a password and none was given.
int cpostgres_needs_password(const cpostgres_connection *connection);
int cpostgres_server_version(const cpostgres_connection *connection);
int cpostgres_transaction(const cpostgres_connection *connection);
/// Makes sending never wait.
int cpostgres_set_nonblocking(cpostgres_connection *connection);
/// Hands notices to `take`; null drops them. Without this call they are dropped too.
void cpostgres_set_notices(
  cpostgres_connection *connection, void (*take)(void *context, const char *text), void *context);

/// Runs one or more statements without values and waits.
cpostgres_result *cpostgres_run(cpostgres_connection *connection, const char *sql);
/// Runs one statement with values and waits; `binary` 1 asks for binary columns.
cpostgres_result *cpostgres_run_with(
  cpostgres_connection *connection, const char *sql, const cpostgres_values *values, int binary);
/// Prepares a statement under a name and waits.
cpostgres_result *cpostgres_prepare(
  cpostgres_connection *connection, const char *name, const char *sql);
/// Runs a prepared statement and waits.
cpostgres_result *cpostgres_run_prepared(
  cpostgres_connection *connection, const char *name, const cpostgres_values *values, int binary);

/// The same without waiting: 1 when sent or queued. Flush until 0, then wait for input.
int cpostgres_send(
  cpostgres_connection *connection, const char *sql, const cpostgres_values *values, int binary);
int cpostgres_send_prepared(
  cpostgres_connection *connection, const char *name, const cpostgres_values *values, int binary);
/// Asks for the rows of what was just sent one by one; 1 when that is possible.
int cpostgres_set_single_rows(cpostgres_connection *connection);
/// Sends what is queued: 0 all gone, 1 some left, -1 failed.
int cpostgres_flush(cpostgres_connection *connection);
/// Takes what has arrived; 1, or 0 when the connection is lost.
int cpostgres_consume(cpostgres_connection *connection);
/// 1 while the next result would have to be waited for.
int cpostgres_is_busy(cpostgres_connection *connection);
/// The next result of what was sent; null after the last.
cpostgres_result *cpostgres_next_result(cpostgres_connection *connection);
/// What it takes to cancel on this connection later, from any thread; null when not connected.
cpostgres_canceller *cpostgres_canceller_open(cpostgres_connection *connection);
void cpostgres_canceller_close(cpostgres_canceller *canceller);
/// Asks the server to stop what runs; 1 when the request was sent. Connects, so it may block.
int cpostgres_cancel(cpostgres_canceller *canceller);

/// Sends a part of COPY … FROM STDIN: 1 queued, 0 would block, -1 failed.
int cpostgres_copy_in(cpostgres_connection *connection, const uint8_t *bytes, int count);
/// Ends it, with a reason when it is to fail.
int cpostgres_copy_in_end(cpostgres_connection *connection, const char *reason);
/// The next row of COPY … TO STDOUT: its length, 0 would block, -1 at the end, -2 failed.
int cpostgres_copy_out(cpostgres_connection *connection, char **bytes, int asynchronous);
/// Gives bytes of cpostgres_copy_out() or cpostgres_quoted_name() back.
void cpostgres_free(void *bytes);
/// `name` quoted as an identifier, to be freed; null when it is not text in the right encoding.
char *cpostgres_quoted_name(cpostgres_connection *connection, const char *name, size_t count);

void cpostgres_result_close(cpostgres_result *result);
int cpostgres_status(const cpostgres_result *result);
/// Why it failed, in full.
const char *cpostgres_result_error(const cpostgres_result *result);
/// The five characters of SQLSTATE; null when it did not fail.
const char *cpostgres_sqlstate(const cpostgres_result *result);
int cpostgres_row_count(const cpostgres_result *result);
int cpostgres_column_count(const cpostgres_result *result);
const char *cpostgres_column_name(const cpostgres_result *result, int column);
uint32_t cpostgres_column_type(const cpostgres_result *result, int column);
/// 1 when the value is NULL.
int cpostgres_is_null(const cpostgres_result *result, int row, int column);
const char *cpostgres_value(const cpostgres_result *result, int row, int column);
int cpostgres_value_size(const cpostgres_result *result, int row, int column);
/// How many rows a command changed, as text; empty when it changes none.
const char *cpostgres_rows_changed(cpostgres_result *result);
