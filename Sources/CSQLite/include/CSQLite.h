// The door to SQLite. Its header needs only <stdarg.h>, so it is passed on whole; added are typed
// doors for what Swift cannot spell. Result codes are SQLite's own.
#pragma once
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/// Binds a copy of the text; its bytes may be gone when the call returns. `bytes` may be null only
/// when `count` is 0, which is empty text and not NULL.
int csqlite_bind_text(sqlite3_stmt *statement, int index, const uint8_t *bytes, size_t count);
/// Binds a copy of the bytes; its bytes may be gone when the call returns. `bytes` may be null only
/// when `count` is 0, which is an empty blob and not NULL.
int csqlite_bind_blob(sqlite3_stmt *statement, int index, const uint8_t *bytes, size_t count);
/// Sets a switch of sqlite3_db_config(); `was` receives what it is afterwards.
int csqlite_set_switch(sqlite3 *database, int option, int on, int *was);
/// Makes `database` hold a copy of the image that sqlite3_serialize() gave, writable and growing.
int csqlite_load_image(sqlite3 *database, const uint8_t *bytes, size_t count);
