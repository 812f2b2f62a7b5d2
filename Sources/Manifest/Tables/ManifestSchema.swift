// The tables of `manifest.sqlite`. A row of `file` carries what orders and filters need in columns
// of their own and everything else in `record`, which ends in a checksum over it and the path: a
// bit that flips in a state must not make a dirty file clean. `standing` is written in the same
// transaction as the rows and says what they are made of. docs/formats.md holds the whole.

internal import SQLite

enum ManifestSchema {
  static let schema = Schema(applicationID: 0x4C52_4D46, steps: [tables + indexes, traits])

  static let tables = """
    CREATE TABLE file (
      id INTEGER PRIMARY KEY,
      path BLOB NOT NULL,
      directory INTEGER NOT NULL,
      name BLOB NOT NULL,
      state INTEGER NOT NULL,
      hot INTEGER NOT NULL,
      pinned INTEGER NOT NULL,
      size INTEGER NOT NULL,
      accessed INTEGER NOT NULL,
      changed INTEGER NOT NULL,
      retry INTEGER,
      record BLOB NOT NULL
    ) STRICT;
    CREATE TABLE directory (
      id INTEGER PRIMARY KEY,
      parent INTEGER,
      path BLOB NOT NULL UNIQUE,
      own INTEGER NOT NULL,
      files INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      hot_files INTEGER NOT NULL,
      hot_bytes INTEGER NOT NULL,
      risk_files INTEGER NOT NULL,
      risk_bytes INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX directory_parent ON directory (parent, path);
    CREATE INDEX directory_own ON directory (path) WHERE own > 0;
    CREATE TABLE tally (
      state INTEGER NOT NULL,
      hot INTEGER NOT NULL,
      files INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (state, hot)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE orphan (
      id INTEGER PRIMARY KEY,
      backend TEXT NOT NULL,
      key BLOB NOT NULL,
      path BLOB NOT NULL,
      copy BLOB NOT NULL,
      since INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      attempts INTEGER NOT NULL,
      retry INTEGER,
      UNIQUE (backend, key)
    ) STRICT;
    CREATE TABLE oddity (
      number INTEGER PRIMARY KEY,
      sequence INTEGER NOT NULL,
      path BLOB NOT NULL,
      sentence TEXT NOT NULL
    ) STRICT;
    CREATE TABLE standing (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      lineage BLOB,
      watermark INTEGER NOT NULL,
      commitment BLOB,
      oddities INTEGER NOT NULL
    ) STRICT;
    INSERT INTO standing VALUES (1, NULL, 0, NULL, 0);

    """

  /// What is counted beside states, and counted once of the rows that are there.
  static let traits = """
    CREATE TABLE trait (
      trait INTEGER PRIMARY KEY,
      files INTEGER NOT NULL,
      bytes INTEGER NOT NULL
    ) STRICT;
    INSERT INTO trait
      SELECT 1, count(*), coalesce(sum(size), 0) FROM file
      WHERE state = 3 AND hot = 1 AND pinned = 1;
    INSERT INTO trait
      SELECT 2, count(*), coalesce(sum(size), 0) FROM file
      WHERE state = 1 AND retry IS NOT NULL;

    """

  /// What `indexes` makes, away again, for rows that come in bulk.
  static let dropIndexes = """
    DROP INDEX file_path;
    DROP INDEX file_directory;
    DROP INDEX file_size;
    DROP INDEX file_accessed;
    DROP INDEX file_state;
    DROP INDEX file_retry;
    DROP INDEX file_due;
    DROP INDEX file_evictable;
    """

  /// Made last when rows come in bulk.
  static let indexes = """
    CREATE UNIQUE INDEX file_path ON file (path);
    CREATE UNIQUE INDEX file_directory ON file (directory, name);
    CREATE INDEX file_size ON file (size);
    CREATE INDEX file_accessed ON file (accessed);
    CREATE INDEX file_state ON file (state, changed);
    CREATE INDEX file_retry ON file (retry) WHERE retry IS NOT NULL;
    CREATE INDEX file_due ON file (retry, changed) WHERE state = 1;
    CREATE INDEX file_evictable ON file (accessed) WHERE state = 3 AND hot = 1 AND pinned = 0;
    """
}
