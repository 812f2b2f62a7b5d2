// What errors say and what they mean for trying again, each case once.

import DurableFiles
import Retry
import Testing

@testable import ColdStorage

@Suite struct StorageErrorTests {
  private static let key: ObjectKey = "depot/a.c,v"

  static let table: [(StorageError, StorageError.Kind, FailureClass, String)] = [
    (
      .invalidKey("..", .dotComponent), .invalidKey, .permanent,
      "'..' cannot be the name of an object: it has a '.' or '..' component; write the path that "
        + "it leads to"
    ),
    (.badMetadata("the metadata is bad"), .badMetadata, .permanent, "the metadata is bad"),
    (.absent(key), .absent, .permanent, "depot/a.c,v is not in the store"),
    (
      .alreadyExists(key), .alreadyExists, .permanent,
      "depot/a.c,v is in the store already; nothing was changed"
    ),
    (
      .preconditionFailed(key), .preconditionFailed, .permanent,
      "depot/a.c,v is not the version that was asked for; look at it again and decide anew"
    ),
    (
      .occupied(key), .occupied, .permanent,
      "a file stands in the place of depot/a.c,v that was not stored by larder; move it away"
    ),
    (
      .escapes(key), .escapes, .permanent,
      "depot/a.c,v leads through a symbolic link, which is never followed; replace the link by "
        + "what it leads to"
    ),
    (
      .integrity(key, "its bytes hash to another digest"), .integrity, .transient(),
      "depot/a.c,v is damaged: its bytes hash to another digest; restore it from another copy"
    ),
    (
      .tooLarge(size: 9, bytesMax: 8), .tooLarge, .permanent,
      "the object has 9 bytes, and at most 8 are taken"
    ),
    (
      .denied(store: "primary", detail: "the key may not write"), .denied, .permanent,
      "primary denies access: the key may not write"
    ),
    (
      .expiredCredentials(store: "primary", detail: "the token is old"), .expiredCredentials,
      .authExpired, "the credentials for primary have expired: the token is old; renew them"
    ),
    (
      .clockSkew(store: "primary", detail: "it is 900 s behind"), .clockSkew, .permanent,
      "primary refuses the time of this machine: it is 900 s behind; set its clock"
    ),
    (
      .diskFull(store: "primary"), .diskFull, .permanent,
      "primary has no space or quota left; free some or raise it"
    ),
    (
      .throttled(store: "primary", detail: "slow down", retryAfter: .seconds(3)), .throttled,
      .throttled(retryAfter: .seconds(3)),
      "primary asks for fewer requests: slow down; lower the number of threads if this stays"
    ),
    (
      .unavailable(store: "primary", detail: "it answered 500", retryAfter: nil), .unavailable,
      .transient(), "primary cannot be reached or fails: it answered 500"
    ),
    (
      .circuitOpen(
        store: "primary", retryIn: .seconds(4),
        last: .unavailable(store: "primary", detail: "it answered 500", retryAfter: nil)),
      .circuitOpen, .permanent,
      "primary failed too often and is asked again in 4 s: primary cannot be reached or fails: it "
        + "answered 500"
    ),
    (
      .unsupported(store: "primary", "it has no storage classes"), .unsupported, .permanent,
      "primary cannot do this: it has no storage classes"
    ),
    (
      .misconfigured(store: "primary", "set 'region'"), .misconfigured, .permanent, "set 'region'"
    ),
    (
      .sourceFailed(.absent("a")), .source, .permanent,
      "what should be stored could not be read: a does not exist"
    ),
    (
      .sinkFailed(.full("a")), .sink, .permanent,
      "what came could not be written: no space is left for a; free some and try again"
    ),
    (.cancelled, .cancelled, .permanent, "it was cancelled"),
    (
      .gaveUp(attempts: 4, last: .throttled(store: "s", detail: "slow down", retryAfter: nil)),
      .throttled, .permanent,
      "gave up after 4 attempts: s asks for fewer requests: slow down; lower the number of threads "
        + "if this stays"
    ),
    (
      .bothFailed(primary: .absent(key), secondary: .diskFull(store: "s")), .diskFull, .permanent,
      "neither store has it; the primary says: depot/a.c,v is not in the store; the secondary "
        + "says: s has no space or quota left; free some or raise it"
    ),
  ]

  @Test func `every error says one sentence, has a group, and says whether to try again`() {
    for (error, kind, failureClass, sentence) in Self.table {
      #expect(error.description == sentence)
      #expect(error.kind == kind)
      #expect(error.failureClass == failureClass)
    }
    #expect(Set(Self.table.map(\.1)) == Set(StorageError.Kind.allCases))
  }
}
