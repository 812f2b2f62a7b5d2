// The door to RocksDB, which is loaded when it is first asked for and is never linked: it is what the
// event store is measured against, and the product must run where it is not installed. Every function
// but the loading may be called from any thread.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Loads the library; 0, or -1 when it is not there or lacks a function.
int crocksdb_load(void);

/// Opens a database of the library's defaults in a new directory; null when that fails.
void *crocksdb_open(const char *path);
/// Closes what `crocksdb_open` gave.
void crocksdb_close(void *database);

/// Writes one row with a key of eight bytes, and returns 0 when it is durable.
int crocksdb_put(void *database, uint64_t key, const void *value, size_t count);
/// Writes as many rows with the same value from the key on, together; 0 when they are durable.
int crocksdb_put_many(void *database, uint64_t key, size_t rows, const void *value, size_t count);
