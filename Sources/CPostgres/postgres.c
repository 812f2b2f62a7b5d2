// The bodies of the doors in CPostgres.h. A handle of ours is libpq's under another name: the casts
// below never change an address.
#include "CPostgres.h"
#include <postgresql/libpq-fe.h>

_Static_assert(CPOSTGRES_POLLING_FAILED == PGRES_POLLING_FAILED, "connecting failed");
_Static_assert(CPOSTGRES_POLLING_READING == PGRES_POLLING_READING, "connecting reads");
_Static_assert(CPOSTGRES_POLLING_WRITING == PGRES_POLLING_WRITING, "connecting writes");
_Static_assert(CPOSTGRES_POLLING_DONE == PGRES_POLLING_OK, "connecting is done");
_Static_assert(CPOSTGRES_EMPTY_QUERY == PGRES_EMPTY_QUERY, "empty query");
_Static_assert(CPOSTGRES_COMMAND_OK == PGRES_COMMAND_OK, "command done");
_Static_assert(CPOSTGRES_TUPLES_OK == PGRES_TUPLES_OK, "rows");
_Static_assert(CPOSTGRES_COPY_OUT == PGRES_COPY_OUT, "copying out");
_Static_assert(CPOSTGRES_COPY_IN == PGRES_COPY_IN, "copying in");
_Static_assert(CPOSTGRES_BAD_RESPONSE == PGRES_BAD_RESPONSE, "bad response");
_Static_assert(CPOSTGRES_NONFATAL_ERROR == PGRES_NONFATAL_ERROR, "notice");
_Static_assert(CPOSTGRES_FATAL_ERROR == PGRES_FATAL_ERROR, "failed");
_Static_assert(CPOSTGRES_SINGLE_TUPLE == PGRES_SINGLE_TUPLE, "one row");
_Static_assert(CPOSTGRES_TRANSACTION_IDLE == PQTRANS_IDLE, "no transaction");
_Static_assert(CPOSTGRES_TRANSACTION_ACTIVE == PQTRANS_ACTIVE, "a command runs");
_Static_assert(CPOSTGRES_TRANSACTION_OPEN == PQTRANS_INTRANS, "in a transaction");
_Static_assert(CPOSTGRES_TRANSACTION_FAILED == PQTRANS_INERROR, "in a failed transaction");
_Static_assert(CPOSTGRES_TRANSACTION_UNKNOWN == PQTRANS_UNKNOWN, "no connection");

static PGconn *pg(cpostgres_connection *connection) { return (PGconn *)connection; }
static const PGconn *pg_const(const cpostgres_connection *connection) {
  return (const PGconn *)connection;
}
static const PGresult *pg_result(const cpostgres_result *result) {
  return (const PGresult *)result;
}
static cpostgres_result *ours(PGresult *result) { return (cpostgres_result *)result; }

static void drop_notice(void *context, const char *text) {
  (void)context;
  (void)text;
}

int cpostgres_version(void) { return PQlibVersion(); }

cpostgres_connection *cpostgres_connect(const char *const *keywords, const char *const *values) {
  PGconn *connection = PQconnectStartParams(keywords, values, 0);
  // libpq would print notices to stderr, over the console.
  if (connection) PQsetNoticeProcessor(connection, drop_notice, NULL);
  return (cpostgres_connection *)connection;
}

int cpostgres_connect_poll(cpostgres_connection *connection) {
  return (int)PQconnectPoll(pg(connection));
}

void cpostgres_close(cpostgres_connection *connection) { PQfinish(pg(connection)); }

int cpostgres_is_connected(const cpostgres_connection *connection) {
  return PQstatus(pg_const(connection)) == CONNECTION_OK;
}

const char *cpostgres_error(const cpostgres_connection *connection) {
  return PQerrorMessage(pg_const(connection));
}

int cpostgres_socket(const cpostgres_connection *connection) {
  return PQsocket(pg_const(connection));
}

int cpostgres_needs_password(const cpostgres_connection *connection) {
  return PQconnectionNeedsPassword(pg_const(connection));
}

int cpostgres_server_version(const cpostgres_connection *connection) {
  return PQserverVersion(pg_const(connection));
}

int cpostgres_transaction(const cpostgres_connection *connection) {
  return (int)PQtransactionStatus(pg_const(connection));
}

int cpostgres_set_nonblocking(cpostgres_connection *connection) {
  return PQsetnonblocking(pg(connection), 1);
}

void cpostgres_set_notices(
  cpostgres_connection *connection, void (*take)(void *context, const char *text), void *context) {
  PQsetNoticeProcessor(pg(connection), take ? take : drop_notice, context);
}

cpostgres_result *cpostgres_run(cpostgres_connection *connection, const char *sql) {
  return ours(PQexec(pg(connection), sql));
}

cpostgres_result *cpostgres_run_with(
  cpostgres_connection *connection, const char *sql, const cpostgres_values *values, int binary) {
  return ours(PQexecParams(
    pg(connection), sql, values->count, NULL, values->bytes, values->counts, values->is_binary,
    binary));
}

cpostgres_result *cpostgres_prepare(
  cpostgres_connection *connection, const char *name, const char *sql) {
  return ours(PQprepare(pg(connection), name, sql, 0, NULL));
}

cpostgres_result *cpostgres_run_prepared(
  cpostgres_connection *connection, const char *name, const cpostgres_values *values, int binary) {
  return ours(PQexecPrepared(
    pg(connection), name, values->count, values->bytes, values->counts, values->is_binary,
    binary));
}

int cpostgres_send(
  cpostgres_connection *connection, const char *sql, const cpostgres_values *values, int binary) {
  return PQsendQueryParams(
    pg(connection), sql, values->count, NULL, values->bytes, values->counts, values->is_binary,
    binary);
}

int cpostgres_send_prepared(
  cpostgres_connection *connection, const char *name, const cpostgres_values *values, int binary) {
  return PQsendQueryPrepared(
    pg(connection), name, values->count, values->bytes, values->counts, values->is_binary, binary);
}

int cpostgres_set_single_rows(cpostgres_connection *connection) {
  return PQsetSingleRowMode(pg(connection));
}

int cpostgres_flush(cpostgres_connection *connection) { return PQflush(pg(connection)); }
int cpostgres_consume(cpostgres_connection *connection) { return PQconsumeInput(pg(connection)); }
int cpostgres_is_busy(cpostgres_connection *connection) { return PQisBusy(pg(connection)); }

cpostgres_result *cpostgres_next_result(cpostgres_connection *connection) {
  return ours(PQgetResult(pg(connection)));
}

cpostgres_canceller *cpostgres_canceller_open(cpostgres_connection *connection) {
  return (cpostgres_canceller *)PQgetCancel(pg(connection));
}

void cpostgres_canceller_close(cpostgres_canceller *canceller) {
  PQfreeCancel((PGcancel *)canceller);
}

int cpostgres_cancel(cpostgres_canceller *canceller) {
  char reason[256];
  return PQcancel((PGcancel *)canceller, reason, sizeof reason);
}

int cpostgres_copy_in(cpostgres_connection *connection, const uint8_t *bytes, int count) {
  return PQputCopyData(pg(connection), (const char *)bytes, count);
}

int cpostgres_copy_in_end(cpostgres_connection *connection, const char *reason) {
  return PQputCopyEnd(pg(connection), reason);
}

int cpostgres_copy_out(cpostgres_connection *connection, char **bytes, int asynchronous) {
  return PQgetCopyData(pg(connection), bytes, asynchronous);
}

void cpostgres_free(void *bytes) { PQfreemem(bytes); }

char *cpostgres_quoted_name(cpostgres_connection *connection, const char *name, size_t count) {
  return PQescapeIdentifier(pg(connection), name, count);
}

void cpostgres_result_close(cpostgres_result *result) { PQclear((PGresult *)result); }
int cpostgres_status(const cpostgres_result *result) {
  return (int)PQresultStatus(pg_result(result));
}
const char *cpostgres_result_error(const cpostgres_result *result) {
  return PQresultErrorMessage(pg_result(result));
}
const char *cpostgres_sqlstate(const cpostgres_result *result) {
  return PQresultErrorField(pg_result(result), PG_DIAG_SQLSTATE);
}
int cpostgres_row_count(const cpostgres_result *result) { return PQntuples(pg_result(result)); }
int cpostgres_column_count(const cpostgres_result *result) { return PQnfields(pg_result(result)); }
const char *cpostgres_column_name(const cpostgres_result *result, int column) {
  return PQfname(pg_result(result), column);
}
uint32_t cpostgres_column_type(const cpostgres_result *result, int column) {
  return PQftype(pg_result(result), column);
}
int cpostgres_is_null(const cpostgres_result *result, int row, int column) {
  return PQgetisnull(pg_result(result), row, column);
}
const char *cpostgres_value(const cpostgres_result *result, int row, int column) {
  return PQgetvalue(pg_result(result), row, column);
}
int cpostgres_value_size(const cpostgres_result *result, int row, int column) {
  return PQgetlength(pg_result(result), row, column);
}
const char *cpostgres_rows_changed(cpostgres_result *result) {
  return PQcmdTuples((PGresult *)result);
}
