// The shape of a database over the years: a list of steps, each a script, that bring an empty file
// to the present version. The version is the number of steps that a file has seen; it and the
// program's number are kept in the file's header, so that a file of another program or of a newer
// version is refused before anything is read from it. All steps are one transaction.

/// The steps that make a database what this program expects.
package struct Schema: Sendable {
  /// The number that marks a file as this program's.
  package let applicationID: Int32
  /// Scripts in the order of time; shipped ones are never changed.
  package let steps: [String]

  package init(applicationID: Int32, steps: [String]) {
    precondition(applicationID != 0 && !steps.isEmpty, "a schema has a number and a step")
    self.applicationID = applicationID
    self.steps = steps
  }

  /// The version that files have after every step.
  package var version: Int { steps.count }
}

extension Connection {
  /// The number of the program that the file belongs to; 0 for none.
  package var applicationID: Int32 {
    get throws(SQLiteError) { Int32(truncatingIfNeeded: try integerSetting("application_id")) }
  }

  /// The version of the file's schema; 0 for a new file.
  package var version: Int {
    get throws(SQLiteError) { Int(try integerSetting("user_version")) }
  }

  /// Brings the file to the schema's version; returns the one it had, 0 when it was new.
  ///
  /// Throws `.foreign` for another program's file and `.newer` for a newer version's.
  @discardableResult
  package func adopt(_ schema: Schema) throws(SQLiteError) -> Int {
    // Most openings find it as it should be, and need no lock for that.
    if try check(schema) == schema.version { return schema.version }
    return try transaction { () throws(SQLiteError) in
      // Another process may have been quicker.
      let before = try check(schema)
      for step in schema.steps.dropFirst(before) { try execute(step) }
      try execute(
        """
        PRAGMA application_id = \(schema.applicationID);
        PRAGMA user_version = \(schema.version);
        """)
      return before
    }
  }

  /// Throws unless the file has exactly the schema's version, for connections that only read.
  package func require(_ schema: Schema) throws(SQLiteError) {
    let version = try check(schema)
    if version < schema.version {
      throw .older(database.name, version: version, known: schema.version)
    }
  }

  private func check(_ schema: Schema) throws(SQLiteError) -> Int {
    let owner = try applicationID
    let version = try version
    if owner != schema.applicationID {
      let changes = try integerSetting("schema_version")
      guard owner == 0 && version == 0 && changes == 0 else {
        throw .foreign(database.name, applicationID: owner)
      }
    }
    if version > schema.version {
      throw .newer(database.name, version: version, known: schema.version)
    }
    return version
  }
}
