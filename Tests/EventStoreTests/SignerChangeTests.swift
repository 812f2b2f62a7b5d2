// A store whose signing key changes: every receipt names the key that signed it, whenever that was.

import Ambient
import Digests
import DiskSimulation
import Testing

@testable import EventStore

@Suite struct SignerChangeTests {
  private func key(_ byte: UInt8) throws -> SigningKey {
    let seed = Array(repeating: byte, count: 32)
    return SigningKey(try Ed25519.KeyPair(seed: SecretBytes(copying: seed.span)))
  }

  private func open(_ disk: SimulatedDisk, _ key: SigningKey?) throws -> EventStore {
    var options = StoreOptions()
    options.maintenance = .inline
    options.preallocationBytes = 0
    options.signing = key.map { .required($0) } ?? .unsigned
    return try EventStore.open(on: disk, options)
  }

  @Test(arguments: [true, false])
  func `each receipt verifies with the key it was signed with`(_ closes: Bool) throws {
    var disk = SimulatedDisk(seed: 1)
    var receipts: [(Receipt, SigningKey?)] = []
    for signer in [try key(1), try key(2), nil, try key(1), try key(2)] {
      let store = try open(disk, signer)
      receipts.append((try store.append(.of("file:1", "event")), signer))
      if closes { try store.close() } else { disk.crash() }
      disk = disk.reopen()
    }
    let store = try open(disk, nil)
    for (receipt, signer) in receipts {
      let kept = try store.reader.receipt(receipt.sequence)
      #expect(kept == receipt)
      #expect(kept.verify() == signer.map { .signed(by: $0.publicKey) } ?? .unsigned)
    }
    let report = try store.reader.verify(VerifyOptions(signatures: true))
    #expect(report.isIntact, "\(report.findings)")
    #expect(report.signaturesChecked >= 4)
  }

  @Test func `a power cut at any operation of the change leaves a store that goes on`() throws {
    func life(_ crashAt: Int?) throws -> SimulatedDisk {
      let disk = SimulatedDisk(seed: 4)
      let store = try open(disk, try key(1))
      try store.append(.of("file:1", "first"))
      try store.close()
      let next = disk.reopen()
      if let crashAt { next.arm(FaultPlan.honest.arming(.crash, at: next.operations + crashAt)) }
      do {
        try open(next, try key(2)).append(.of("file:1", "second"))
      } catch is StoreError {
        next.crash()
      }
      return next
    }
    let whole = try life(nil)
    for operation in 0..<whole.operations / 2 {
      let machine = try life(operation).reopen()
      machine.arm(.honest)
      let store = try open(machine, try key(2))
      #expect(try store.append(.of("file:1", "third")).header.streamSequence >= 2)
      let report = try store.reader.verify(VerifyOptions(signatures: true))
      #expect(report.isIntact, "operation \(operation): \(report.findings)")
    }
  }
}
