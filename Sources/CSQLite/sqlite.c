// The bodies of the doors in CSQLite.h.
#include "CSQLite.h"
#include <string.h>

// A null pointer would bind NULL; any other address does for nothing.
static const uint8_t nothing[1];

int csqlite_bind_text(sqlite3_stmt *statement, int index, const uint8_t *bytes, size_t count) {
  const char *text = (const char *)(count ? bytes : nothing);
  return sqlite3_bind_text64(statement, index, text, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

int csqlite_bind_blob(sqlite3_stmt *statement, int index, const uint8_t *bytes, size_t count) {
  return sqlite3_bind_blob64(
    statement, index, count ? bytes : nothing, count, SQLITE_TRANSIENT);
}

int csqlite_set_switch(sqlite3 *database, int option, int on, int *was) {
  return sqlite3_db_config(database, option, on, was);
}

int csqlite_load_image(sqlite3 *database, const uint8_t *bytes, size_t count) {
  uint8_t *copy = sqlite3_malloc64(count);
  if (!copy) return SQLITE_NOMEM;
  memcpy(copy, bytes, count);
  return sqlite3_deserialize(
    database, "main", copy, (sqlite3_int64)count, (sqlite3_int64)count,
    SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
}
