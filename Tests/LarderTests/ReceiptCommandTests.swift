// `larder receipt`, `events prove` and signing keys: what someone without the store can check.

import Ambient
import Bytes
import ChildProcesses
import DurableFiles
import EventStore
import Operations
import ScratchFiles
import Testing

@testable import larder

@Suite struct ReceiptCommandTests {
  private let scratch: Scratch
  private let store: String

  init() throws {
    scratch = try Scratch()
    store = scratch.path("store")
  }

  private func larder(_ words: String..., giving input: String = "") throws -> EndedChild {
    try ChildProcess(builtProduct("larder"), words.map { Array($0.utf8) })
      .wait(giving: Array(input.utf8))
  }

  /// Appends events and keeps the receipts in files, whose paths are returned.
  private func append(_ count: Int, _ words: String...) throws -> [String] {
    let lines = (0..<count).map {
      #"{"entity":"e:\#($0 % 3)","scope":"s","kind":"1.001","payload":"\#($0)"}"# + "\n"
    }
    let words = ["events", "append", store] + words
    let ended = try ChildProcess(builtProduct("larder"), words.map { Array($0.utf8) })
      .wait(giving: Array(lines.joined().utf8))
    #expect(ended.ending == .exited(0), "\(ended.errorText)")
    return try ended.output.split(separator: 0x0A).map { line in
      let receipt = try JSONValue(parsing: Array(line))
      let name = "receipt-" + hexadecimal(Entropy.live.bytes(8))
      return try scratch.makeFile(name, Array(try #require(receipt["receipt"]?.string).utf8))
    }
  }

  private func kept(_ name: String, _ words: String...) throws -> String {
    let path = scratch.path(name)
    let words = ["events", "checkpoint", store, "-o", path] + words
    let ended = try ChildProcess(builtProduct("larder"), words.map { Array($0.utf8) }).wait()
    #expect(ended.ending == .exited(0), "\(ended.errorText)")
    return path
  }

  @Test
  func `an operation's receipt shows without the store who asked for what, and what came of it`()
    throws
  {
    try scratch.disk.makeDirectory("store", mode: 0o700)
    let gated = try EventStore.open(on: PosixDisk(root: store))
    let gate = try Dispatcher.live(gated, OperationRegistry([]), grants: Grants(owner: 7))
    let reply = try gate.call(
      "events.checkpoint", [:], by: Caller(uid: 7, name: "anna", from: .console))
    let receipt = try #require(reply.receipt)
    let proof = try gated.reader.inclusionProof(of: receipt.proof.sequence)
    let witness = try gated.reader.checkpoint(at: WallClock.live.now())
    gate.shutDown()
    try gated.close()
    try scratch.disk.removeTree("store")
    func file(_ name: String, _ text: String) throws -> String {
      try scratch.makeFile(name, Array(text.utf8))
    }
    let kept = try file("receipt", receipt.json.text(.indented))
    let input = try file("input", " { } ")
    let output = try file("output", reply.output.text(.indented))
    let good = try larder(
      "receipt", "verify", kept, "--input", input, "--output", output, "--proof",
      file("proof", base64(proof.encoded)), "--checkpoint",
      scratch.makeFile("checkpoint", witness.encoded))
    #expect(good.ending == .exited(0), "\(good.outputText)")
    #expect(good.outputText.contains("valid, not signed, and in the checkpoint"))
    #expect(good.outputText.contains("for anna (uid 7) at the console: done"))
    let other = try larder(
      "receipt", "verify", kept, "--input", file("other", #"{"dryRun":false}"#))
    #expect(other.ending == .exited(4) && other.outputText.contains("not of this input"))
    let changed = try file(
      "changed", receipt.json.text().replacing("anna", with: "emma"))
    let forged = try larder("receipt", "verify", changed, "--json")
    #expect(forged.ending == .exited(4) && forged.outputText.contains("not what was recorded"))
    let spoiled = try larder("receipt", "verify", kept, "--output", file("none", "{"))
    #expect(spoiled.ending == .exited(1))
  }

  @Test func `a receipt, a proof and a checkpoint show without the store that an event is in it`()
    throws
  {
    let receipts = try append(20)
    let checkpoint = try kept("checkpoint")
    _ = try append(30)
    let proof = scratch.path("proof")
    #expect(
      try larder("events", "prove", store, "8", "--checkpoint", checkpoint, "-o", proof).ending
        == .exited(0))
    // The store itself is not needed any more.
    try scratch.disk.removeTree("store")
    let words = ["--proof", proof, "--checkpoint", checkpoint]
    let good = try larder("receipt", "verify", receipts[6], words[0], words[1], words[2], words[3])
    #expect(good.ending == .exited(0) && good.outputText.contains("in the checkpoint"))
    let other = try larder("receipt", "verify", receipts[5], words[0], words[1], words[2], words[3])
    #expect(other.ending == .exited(4) && other.outputText.contains("another event"))
  }

  @Test func `a proof does not lead to another checkpoint, nor when it was changed`() throws {
    let receipts = try append(20)
    let old = try kept("old")
    _ = try append(5)
    let new = try kept("new")
    let proof = scratch.path("proof")
    _ = try larder("events", "prove", store, "8", "--checkpoint", old, "-o", proof)
    let wrong = try larder(
      "receipt", "verify", receipts[6], "--proof", proof, "--checkpoint", new)
    #expect(wrong.ending == .exited(4) && wrong.outputText.contains("does not lead"))
    let printed = try larder("events", "prove", store, "8", "--json")
    let text = try #require(try JSONValue(parsing: printed.output)["proof"]?.string)
    var bytes = try bytes(fromBase64: text)
    bytes[60] ^= 1
    let changed = try scratch.makeFile("changed", Array(base64(bytes).utf8))
    let verdict = try larder(
      "receipt", "verify", receipts[6], "--proof", changed, "--checkpoint", new)
    #expect(verdict.ending == .exited(4) && verdict.outputText.contains("was changed"))
  }

  @Test func `a checkpoint that grew is told from one that was rewritten`() throws {
    _ = try append(20)
    let old = try kept("old")
    _ = try append(15)
    let new = try kept("new")
    let proof = scratch.path("proof")
    #expect(
      try larder("events", "prove-growth", store, old, "--checkpoint", new, "-o", proof).ending
        == .exited(0))
    let grown = try larder("receipt", "growth", old, new, proof)
    #expect(grown.ending == .exited(0), "\(grown.outputText)")
    #expect(try larder("receipt", "growth", new, old, proof).ending == .exited(4))

    let first = scratch.path("first")
    try scratch.disk.rename("store", to: "first", replacing: false)
    _ = try append(40)
    let refused = try larder("events", "prove-growth", store, old)
    #expect(refused.ending == .exited(4) && refused.errorText.contains("did not grow"))
    #expect(try larder("events", "prove-growth", first, old).ending == .exited(0))
  }

  @Test func `no proof leads to a checkpoint of more events than there are`() throws {
    let copy = scratch.path("copy")
    _ = try append(3)
    #expect(try larder("events", "snapshot", store, copy).ending == .exited(0))
    _ = try append(4)
    let new = try kept("new")
    let growth = try larder("events", "prove-growth", copy, new)
    #expect(growth.ending == .exited(4) && growth.errorText.contains("cut or rolled back"))
    let place = try larder("events", "prove", copy, "2", "--checkpoint", new)
    #expect(place.ending == .exited(4) && place.errorText.contains("cut or rolled back"))
  }

  @Test func `events and checkpoints are signed with a key from a file`() throws {
    let file = scratch.path("key")
    let made = try larder("receipt", "key", "new", file)
    let key = made.outputText.split(separator: "\n").joined()
    #expect(made.ending == .exited(0) && key.utf8.count == 64)
    #expect(try scratch.disk.status(at: "key")?.mode == 0o600)
    #expect(try larder("receipt", "key", "show", file).outputText == made.outputText)
    #expect(try larder("receipt", "key", "new", file).ending == .exited(1))

    let receipts = try append(3, "--sign-key", file)
    let signed = try larder("receipt", "verify", receipts[0], "--key", key)
    #expect(signed.ending == .exited(0) && signed.outputText.contains("signed by \(key)"))
    let checkpoint = try kept("checkpoint", "--sign-key", file)
    let proof = scratch.path("proof")
    _ = try larder("events", "prove", store, "2", "--checkpoint", checkpoint, "-o", proof)
    let words = ["receipt", "verify", receipts[0], "--proof", proof, "--checkpoint", checkpoint]
    let all = try ChildProcess(
      builtProduct("larder"), (words + ["--key", key]).map { Array($0.utf8) }
    ).wait()
    #expect(all.ending == .exited(0), "\(all.outputText)")
    let stranger = String(repeating: "0", count: 64)
    let wrong = try larder("receipt", "verify", receipts[0], "--key", stranger)
    #expect(wrong.ending == .exited(4))
  }

  @Test func `a key that others may read is refused, and so is what is no key`() throws {
    let file = scratch.path("key")
    _ = try larder("receipt", "key", "new", file)
    try OpenFile("key", .writing, on: scratch.disk).set(FileAttributes(mode: 0o640))
    let refused = try larder("events", "append", store, "--sign-key", file)
    #expect(refused.ending == .exited(3) && refused.errorText.contains("chmod 600"))
    #expect(try scratch.disk.status(at: "store") == nil)
    for text in ["", "ed25519-seed:12", String(repeating: "ab", count: 32)] {
      let other = try scratch.makeFile("other", Array(text.utf8))
      let wrong = try larder("events", "checkpoint", store, "--sign-key", other)
      #expect(wrong.ending == .exited(2) || wrong.ending == .exited(1))
      #expect(!wrong.errorText.contains(text) || text.isEmpty)
      try scratch.disk.remove("other")
    }
  }
}
