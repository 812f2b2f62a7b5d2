// What can go wrong with a database, named by what happened to which file. The numbers of SQLite
// stay here; rooms above switch over cases.

import CSQLite

/// A refusal or failure of a database.
package enum SQLiteError: Error, Equatable, Sendable {
  /// Another connection held its lock for longer than the busy timeout.
  case busy(String)
  /// No space, or no quota, is left.
  case full(String)
  /// Its pages contradict each other.
  case corrupt(String, detail: String)
  /// The file is something else.
  case notADatabase(String)
  /// A row breaks a rule of its table.
  case constraint(String, ConstraintKind, detail: String)
  /// It was opened for reading, or its file may not be written.
  case readOnly(String)
  /// The cancellation in force was raised; what the statement did is undone.
  case interrupted(String)
  /// The device failed to read or write.
  case io(String, detail: String)
  /// The file cannot be opened: it is absent, or may not be.
  case cannotOpen(String, detail: String)
  /// The statement is wrong, or does not fit the tables.
  case wrongStatement(String, detail: String)
  /// A value is larger than a database holds.
  case tooBig(String)
  case outOfMemory(String)
  /// The file belongs to another program, whose number this is.
  case foreign(String, applicationID: Int32)
  /// The file was written by a newer version of this program.
  case newer(String, version: Int, known: Int)
  /// The file must be brought up to date before it can be read.
  case older(String, version: Int, known: Int)
  /// Any other refusal, by SQLite's number.
  case failed(String, code: Int32, detail: String)
}

/// Which rule a row broke.
package enum ConstraintKind: Equatable, Sendable {
  case unique, foreignKey, notNull, check, dataType, other
}

extension SQLiteError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .busy(let file): "\(file) is in use by another process; stop it or try again"
    case .full(let file): "no space is left for \(file); free some and try again"
    case .corrupt(let file, let detail): "\(file) is damaged (\(detail)); it must be rebuilt"
    case .notADatabase(let file): "\(file) is not a database, or its header is damaged"
    case .constraint(let file, _, let detail): "\(file) refuses the row: \(detail)"
    case .readOnly(let file): "\(file) may only be read"
    case .interrupted(let file): "work on \(file) was cancelled"
    case .io(let file, let detail): "the device failed on \(file): \(detail)"
    case .cannotOpen(let file, let detail): "\(file) cannot be opened: \(detail)"
    case .wrongStatement(let file, let detail): "\(file) does not take the statement: \(detail)"
    case .tooBig(let file): "a value is too big for \(file)"
    case .outOfMemory(let file): "there is no memory left to work on \(file)"
    case .foreign(let file, let applicationID):
      "\(file) belongs to another program (application id \(applicationID))"
    case .newer(let file, let version, let known):
      "\(file) has version \(version), which is newer than \(known), the newest known here; "
        + "use the program that wrote it"
    case .older(let file, let version, let known):
      "\(file) has version \(version) and must be brought to \(known) by opening it for writing"
    case .failed(let file, let code, let detail): "\(file): \(detail) (SQLite error \(code))"
    }
  }
}

extension SQLiteError {
  /// The case for an extended result code and SQLite's own words.
  init(code: Int32, detail: String, file: String) {
    self =
      switch code & 0xFF {
      case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .busy(file)
      case SQLITE_FULL: .full(file)
      case SQLITE_CORRUPT: .corrupt(file, detail: detail)
      case SQLITE_NOTADB: .notADatabase(file)
      case SQLITE_CONSTRAINT:
        .constraint(file, ConstraintKind(extendedCode: code), detail: detail)
      case SQLITE_READONLY: .readOnly(file)
      case SQLITE_INTERRUPT, SQLITE_ABORT: .interrupted(file)
      case SQLITE_IOERR: .io(file, detail: detail)
      case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH: .cannotOpen(file, detail: detail)
      case SQLITE_ERROR, SQLITE_MISUSE, SQLITE_RANGE, SQLITE_MISMATCH, SQLITE_SCHEMA:
        .wrongStatement(file, detail: detail)
      case SQLITE_TOOBIG: .tooBig(file)
      case SQLITE_NOMEM: .outOfMemory(file)
      default: .failed(file, code: code, detail: detail)
      }
  }
}

extension ConstraintKind {
  fileprivate init(extendedCode: Int32) {
    // The extended codes are expressions in SQLite's header: a number in the second byte.
    self =
      switch extendedCode >> 8 {
      case 1: .check
      case 3: .foreignKey
      case 5: .notNull
      case 6, 8, 10: .unique
      case 12: .dataType
      default: .other
      }
  }
}
