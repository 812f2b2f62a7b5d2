// The input of an acting operation, apart: what the operation itself is asked, and the two members
// that every acting operation takes, which say how.

internal import Bytes
internal import Digests

/// How an acting operation is called.
struct ActingInput: Sendable {
  /// What the operation is asked.
  let input: JSONValue
  /// Say what would be done, and do nothing.
  let isDryRun: Bool
  /// Do what this plan says, and nothing else.
  let plan: Blake3Digest?

  /// Whether an input asks for a dry run; what is wrong with it otherwise comes later.
  static func isDryRun(_ input: JSONValue) -> Bool { input["dryRun"]?.bool == true }

  init(_ whole: JSONValue) throws(SchemaFault) {
    guard case .object(var object) = whole else {
      (input, isDryRun, plan) = (whole, false, nil)
      return
    }
    switch object["dryRun"] {
    case nil, .bool(false)?, .null?: isDryRun = false
    case .bool(true)?: isDryRun = true
    default: throw SchemaFault("must be true or false").within("dryRun")
    }
    switch object["plan"] {
    case nil, .null?: plan = nil
    case let named?:
      try Schema.digest.checked(named, as: "plan")
      plan = digest(named)
    }
    if isDryRun, plan != nil {
      throw SchemaFault("names a plan to carry out, and a dry run carries out none").within("plan")
    }
    object["dryRun"] = nil
    object["plan"] = nil
    input = .object(object)
  }
}

extension Schema {
  fileprivate func checked(_ value: JSONValue, as name: String) throws(SchemaFault) {
    do throws(SchemaFault) {
      try check(value)
    } catch {
      throw error.within(name)
    }
  }
}
