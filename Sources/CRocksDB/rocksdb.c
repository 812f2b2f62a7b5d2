// RocksDB through its own C functions, found in the library at run time. Only what a measurement
// needs: rows with keys of eight bytes that count up, each write synced before it returns.
#include "CRocksDB.h"

#include <dlfcn.h>
#include <stdlib.h>

static void *(*options_create)(void);
static void (*options_destroy)(void *);
static void (*options_set_create_if_missing)(void *, unsigned char);
static void *(*writeoptions_create)(void);
static void (*writeoptions_destroy)(void *);
static void (*writeoptions_set_sync)(void *, unsigned char);
static void *(*open_database)(const void *, const char *, char **);
static void (*close_database)(void *);
static void (*put)(void *, const void *, const char *, size_t, const char *, size_t, char **);
static void (*write_batch)(void *, const void *, void *, char **);
static void *(*writebatch_create)(void);
static void (*writebatch_destroy)(void *);
static void (*writebatch_put)(void *, const char *, size_t, const char *, size_t);
static void (*free_memory)(void *);

typedef struct {
  void *database;
  void *synced;
} crocksdb;

int crocksdb_load(void) {
  static const char *const names[] = {"librocksdb.so", "librocksdb.so.7.8", "librocksdb.so.8.9",
                                      "librocksdb.so.9.10"};
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++) {
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  }
  if (!library) return -1;
  const struct {
    void *place;
    const char *name;
  } functions[] = {
      {&options_create, "rocksdb_options_create"},
      {&options_destroy, "rocksdb_options_destroy"},
      {&options_set_create_if_missing, "rocksdb_options_set_create_if_missing"},
      {&writeoptions_create, "rocksdb_writeoptions_create"},
      {&writeoptions_destroy, "rocksdb_writeoptions_destroy"},
      {&writeoptions_set_sync, "rocksdb_writeoptions_set_sync"},
      {&open_database, "rocksdb_open"},
      {&close_database, "rocksdb_close"},
      {&put, "rocksdb_put"},
      {&write_batch, "rocksdb_write"},
      {&writebatch_create, "rocksdb_writebatch_create"},
      {&writebatch_destroy, "rocksdb_writebatch_destroy"},
      {&writebatch_put, "rocksdb_writebatch_put"},
      {&free_memory, "rocksdb_free"},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void *found = dlsym(library, functions[i].name);
    if (!found) return -1;
    *(void **)functions[i].place = found;
  }
  return 0;
}

// A message is the library's memory; whoever asks only wants to know that there was one.
static int ended(char *message) {
  if (!message) return 0;
  free_memory(message);
  return -1;
}

void *crocksdb_open(const char *path) {
  crocksdb *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  void *options = options_create();
  options_set_create_if_missing(options, 1);
  char *message = NULL;
  made->database = open_database(options, path, &message);
  options_destroy(options);
  if (ended(message) != 0 || !made->database) {
    free(made);
    return NULL;
  }
  made->synced = writeoptions_create();
  writeoptions_set_sync(made->synced, 1);
  return made;
}

void crocksdb_close(void *database) {
  crocksdb *made = database;
  writeoptions_destroy(made->synced);
  close_database(made->database);
  free(made);
}

// Keys sort as they count.
static void spell(uint64_t key, char bytes[8]) {
  for (int i = 0; i < 8; i++) bytes[i] = (char)(key >> (56 - 8 * i));
}

int crocksdb_put(void *database, uint64_t key, const void *value, size_t count) {
  crocksdb *made = database;
  char bytes[8], *message = NULL;
  spell(key, bytes);
  put(made->database, made->synced, bytes, sizeof bytes, value, count, &message);
  return ended(message);
}

int crocksdb_put_many(void *database, uint64_t key, size_t rows, const void *value, size_t count) {
  crocksdb *made = database;
  void *batch = writebatch_create();
  for (size_t i = 0; i < rows; i++) {
    char bytes[8];
    spell(key + i, bytes);
    writebatch_put(batch, bytes, sizeof bytes, value, count);
  }
  char *message = NULL;
  write_batch(made->database, made->synced, batch, &message);
  writebatch_destroy(batch);
  return ended(message);
}
