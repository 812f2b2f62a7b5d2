// What inputs and outputs look like: a small closed language over JSON values. It says enough to
// refuse wrong input with a sentence that names the field, and to describe an operation to whoever
// cannot see the code, a wire's other end included. Every part has a bound, so a value that fits its
// schema has one too. Objects are closed: a member that nobody declared is a mistake, not a wish.

package import Bytes

/// What a value must be.
package indirect enum Schema: Equatable, Sendable {
  /// True or false.
  case flag
  /// A whole number in this range.
  case integer(ClosedRange<Int64>)
  /// Any finite number.
  case number
  /// Text of at most so many bytes.
  case text(bytesMax: Int)
  /// One of these words.
  case choice([String])
  /// 64 hexadecimal digits in lower case.
  case digest
  /// At most so many values of one schema.
  case list(Schema, countMax: Int)
  /// Exactly these members, of which some may be left out.
  case object([SchemaField])
  /// A value of the schema, or null.
  case nullable(Schema)
  /// Any value whose canonical spelling has at most so many bytes.
  case anything(bytesMax: Int)

  /// An object without members.
  package static let nothing = Schema.object([])
}

/// One member of an object.
package struct SchemaField: Equatable, Sendable {
  package let name: String
  package let schema: Schema
  package let isRequired: Bool
  /// One sentence for whoever fills it in.
  package let summary: String
  /// Whether it says why something is done, and decides nothing of what is done; a plan binds all else.
  package let isRemark: Bool

  package init(
    _ name: String, _ schema: Schema, required: Bool = true, isRemark: Bool = false,
    _ summary: String
  ) {
    self.name = name
    self.schema = schema
    isRequired = required
    self.isRemark = isRemark
    self.summary = summary
  }
}

/// Where a value does not fit its schema, and why.
package struct SchemaFault: Error, Equatable, Sendable {
  /// `items[3].path`; empty for the value itself.
  package private(set) var field: String
  /// What is wrong, as the rest of a sentence that begins with the field.
  package let fault: String

  init(_ fault: String) {
    field = ""
    self.fault = fault
  }

  func within(_ name: String) -> SchemaFault {
    var outer = self
    outer.field = name + (field.isEmpty || field.hasPrefix("[") ? "" : ".") + field
    return outer
  }
}

extension SchemaFault: CustomStringConvertible {
  package var description: String {
    (field.isEmpty ? "the input" : "'\(escaped(field))'") + " " + fault
  }
}

extension Schema {
  /// Throws unless the value fits.
  package func check(_ value: JSONValue) throws(SchemaFault) {
    let isFitting: Bool
    switch (self, value) {
    case (.flag, .bool): return
    case (.integer(let range), _): isFitting = value.integer.map(range.contains) ?? false
    case (.number, _): isFitting = value.number?.isFinite ?? false
    case (.text(let bytesMax), .string(let text)): isFitting = text.utf8.count <= bytesMax
    case (.choice(let words), .string(let text)): isFitting = words.contains(text)
    case (.digest, .string(let text)): isFitting = isDigest(text)
    case (.list(let schema, let countMax), .array(let elements)):
      guard elements.count <= countMax else {
        throw SchemaFault("must have at most \(countMax) elements, and has \(elements.count)")
      }
      return try Self.check(elements, schema)
    case (.object(let fields), .object(let object)): return try Self.check(object, fields)
    case (.nullable, .null): return
    case (.nullable(let schema), _): return try schema.check(value)
    case (.anything(let bytesMax), _): isFitting = (canonicalCount(value) ?? .max) <= bytesMax
    default: isFitting = false
    }
    guard isFitting else { throw SchemaFault("must be \(words), and is \(shown(value))") }
  }

  private static func check(_ elements: [JSONValue], _ schema: Schema) throws(SchemaFault) {
    for (index, element) in elements.enumerated() {
      do throws(SchemaFault) {
        try schema.check(element)
      } catch {
        throw error.within("[\(index)]")
      }
    }
  }

  private static func check(_ object: JSONObject, _ fields: [SchemaField]) throws(SchemaFault) {
    var found = 0
    for field in fields {
      guard let value = object[field.name] else {
        if field.isRequired { throw SchemaFault("is missing").within(field.name) }
        continue
      }
      found += 1
      do throws(SchemaFault) {
        try field.schema.check(value)
      } catch {
        throw error.within(field.name)
      }
    }
    guard found < object.count else { return }
    let known = fields.map(\.name)
    let stray = object.members.first { !known.contains($0.key) }?.key ?? ""
    throw SchemaFault(
      known.isEmpty
        ? "is not known here; this takes no members"
        : "is not known here; known are \(known.joined(separator: ", "))"
    ).within(stray)
  }

  /// What the schema asks for, as a part of a sentence.
  package var words: String {
    switch self {
    case .flag: "true or false"
    case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
    case .number: "a number"
    case .text(let bytesMax): "text of at most \(bytesMax) bytes"
    case .choice(let words): "one of \(words.joined(separator: ", "))"
    case .digest: "a digest of 64 hexadecimal digits"
    case .list(let schema, let countMax): "a list of at most \(countMax) times \(schema.words)"
    case .object: "an object"
    case .nullable(let schema): "\(schema.words), or null"
    case .anything(let bytesMax):
      "a JSON value of at most \(bytesMax) bytes, nested at most \(OperationsLimits.anythingDepthMax) deep"
    }
  }

  /// The schema as a JSON value, for those who cannot see the code.
  package var json: JSONValue {
    switch self {
    case .flag: ["type": "flag"]
    case .integer(let range):
      [
        "type": "integer", "min": .string("\(range.lowerBound)"),
        "max": .string("\(range.upperBound)"),
      ]
    case .number: ["type": "number"]
    case .text(let bytesMax): ["type": "text", "bytesMax": JSONValue(bytesMax)]
    case .choice(let words): ["type": "choice", "words": .array(words.map { .string($0) })]
    case .digest: ["type": "digest"]
    case .list(let schema, let countMax):
      ["type": "list", "of": schema.json, "countMax": JSONValue(countMax)]
    case .object(let fields):
      [
        "type": "object",
        "fields": .array(
          fields.map { field in
            [
              "name": .string(field.name), "required": .bool(field.isRequired),
              "schema": field.schema.json, "summary": .string(field.summary),
            ]
          }),
      ]
    case .nullable(let schema): ["type": "nullable", "of": schema.json]
    case .anything(let bytesMax): ["type": "anything", "bytesMax": JSONValue(bytesMax)]
    }
  }

  /// What is wrong with the schema itself, as the rest of a sentence; nil when it may be used.
  func fault(depthLeft: Int = OperationsLimits.schemaDepthMax) -> String? {
    guard depthLeft > 0 else {
      return "is nested more than \(OperationsLimits.schemaDepthMax) deep"
    }
    switch self {
    case .flag, .integer, .number, .digest: return nil
    case .text(let bytesMax), .anything(let bytesMax):
      return bytesMax > 0 ? nil : "has a bound that nothing fits"
    case .choice(let words):
      if words.isEmpty { return "has a choice of nothing" }
      return Set(words).count == words.count ? nil : "has a choice with a word twice"
    case .list(let schema, let countMax):
      return countMax > 0 ? schema.fault(depthLeft: depthLeft - 1) : "has a list that stays empty"
    case .nullable(let schema): return schema.fault(depthLeft: depthLeft - 1)
    case .object(let fields):
      guard fields.count <= OperationsLimits.schemaFieldsMax else {
        return "has an object of more than \(OperationsLimits.schemaFieldsMax) fields"
      }
      var names: Set<String> = []
      for field in fields {
        if field.name.isEmpty { return "has a field without a name" }
        if !names.insert(field.name).inserted { return "has the field '\(field.name)' twice" }
        if let fault = field.schema.fault(depthLeft: depthLeft - 1) { return fault }
      }
      return nil
    }
  }
}

private func isDigest(_ text: String) -> Bool {
  text.utf8.count == 64
    && text.utf8.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

/// How many bytes the canonical spelling has; nil where there is none, or too deep a one.
private func canonicalCount(_ value: JSONValue) -> Int? {
  guard isNested(value, within: OperationsLimits.anythingDepthMax) else { return nil }
  do throws(BytesError) {
    return try value.canonical().count
  } catch {
    // What has no canonical spelling fits no bound; the caller says what would have fitted.
    return nil
  }
}

private func isNested(_ value: JSONValue, within depth: Int) -> Bool {
  switch value {
  case .null, .bool, .integer, .number, .string: true
  case .array(let elements): depth > 0 && elements.allSatisfy { isNested($0, within: depth - 1) }
  case .object(let object):
    depth > 0 && object.members.allSatisfy { isNested($0.value, within: depth - 1) }
  }
}

/// A value as it is quoted in a sentence.
private func shown(_ value: JSONValue) -> String {
  switch value {
  case .null: return "null"
  case .bool(let value): return value ? "true" : "false"
  case .integer(let value): return "\(value)"
  case .number(let value): return "\(value)"
  case .string(let text):
    let beginning = text.unicodeScalars.prefix(40)
    let isWhole = beginning.count == text.unicodeScalars.count
    return "'\(escaped(String(beginning)))\(isWhole ? "" : "…")'"
  case .array: return "a list"
  case .object: return "an object"
  }
}
