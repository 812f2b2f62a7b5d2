// Who may do what.

import Bytes
import Testing

@testable import Operations

@Suite struct GrantsTests {
  private func grants(_ document: String, owner: UInt32? = 1_000) throws -> Grants {
    try Grants(owner: owner, operators: JSONNode(parsing: Array(document.utf8), as: .json5))
  }

  @Test func `a caller has the union of what its entries say`() throws {
    let grants = try grants(
      """
      { "uid:7": ["cache.write"], "gid:27": ["upload.control"],
        "group:oncall": ["data.shred", "report.write"] }
      """)
    let groups = [Caller.Group(gid: 27), Caller.Group(gid: 28, name: "oncall")]
    let caller = Caller(uid: 7, groups: groups, from: .socket)
    #expect(
      grants.capabilities(of: caller).description
        == "cache.write, upload.control, data.shred, report.write")
    #expect(grants.capabilities(of: Caller(uid: 8, from: .socket)) == .none)
  }

  @Test func `the owner has everything, unless an entry names the owner`() throws {
    let owner = Caller(uid: 1_000, from: .console)
    #expect(Grants(owner: 1_000).capabilities(of: owner) == .all)
    #expect(try grants(#"{ "uid:7": ["*"] }"#).capabilities(of: owner) == .all)
    #expect(
      try grants(#"{ "uid:1000": ["cache.write"] }"#).capabilities(of: owner)
        == CapabilitySet([.cacheWrite]))
    #expect(Grants.none.capabilities(of: owner) == .none)
  }

  @Test func `over a network nothing is granted to anybody`() throws {
    let grants = try grants(#"{ "uid:7": ["*"], "gid:7": ["*"] }"#)
    let caller = Caller(uid: 7, groups: [Caller.Group(gid: 7)], from: .network)
    #expect(grants.capabilities(of: caller) == .none)
    #expect(grants.capabilities(of: Caller(uid: 7, from: .socket)) == .all)
  }

  @Test func `names of groups are equal when their bytes are`() throws {
    let grants = try grants("{ \"group:caf\u{E9}\": [\"*\"] }")
    func allowed(_ name: String) -> CapabilitySet {
      grants.capabilities(
        of: Caller(uid: 7, groups: [Caller.Group(gid: 1, name: name)], from: .socket))
    }
    #expect(allowed("caf\u{E9}") == .all)
    #expect(allowed("cafe\u{301}") == .none)
  }

  @Test(
    arguments: [
      ("[]", "'operators' must be an object, and is a list"),
      (#"{ "anna": [] }"#, "'anna' names nobody; write uid:NUMBER, gid:NUMBER or group:NAME"),
      (#"{ "uid:+7": [] }"#, "'uid:+7' names nobody; write uid:NUMBER, gid:NUMBER or group:NAME"),
      (#"{ "group:": [] }"#, "'group:' names nobody; write uid:NUMBER, gid:NUMBER or group:NAME"),
      (#"{ "uid:7": "*" }"#, "what 'uid:7' may do must be a list, and is a string"),
      (#"{ "uid:7": [7] }"#, "a capability of 'uid:7' is a number, no string"),
      (
        #"{ "uid:7": ["cache.wirte"] }"#,
        "'cache.wirte' is no capability; there are cache.write, upload.control, data.shred, "
          + "system.control, report.write and *"
      ),
    ])
  func `a wrong entry is named with its place`(_ document: String, _ sentence: String) throws {
    let node = try JSONNode(parsing: Array(document.utf8), as: .json)
    do throws(GrantsFault) {
      _ = try Grants(owner: nil, operators: node)
      Issue.record("\(document) was taken")
    } catch {
      #expect(error.sentence == sentence)
      #expect(error.position.line == 1)
    }
  }
}
