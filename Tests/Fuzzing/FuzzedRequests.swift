// What the depot's server may say at its socket: whatever is taken for a request writes itself again,
// and whatever path it names stays below the depot.

import CacheEngine
import DurableFiles

enum FuzzedRequests {
  static let seeds: [[UInt8]] = [
    ShimRequest.fetch(path: Array("depot/main/file,d/1.1.gz".utf8)),
    .status(path: Array("/depot/a".utf8)), .delete(path: [0xFF, 0x20, 0x41]), .ping,
    .legacyFetch(path: Array("/depot/a/../b".utf8)),
  ].map { $0.line.dropLast() }
}

func fuzzRequest(_ input: [UInt8]) {
  let root = DepotRoot(spellings: [Array("/depot".utf8)])
  for line in input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
    guard let request = decoded({ try ShimRequest(parsing: Array(line)) }) else { continue }
    precondition(request.line.dropLast() == line, "a request has two spellings")
    switch request {
    case .ping: break
    case .fetch(let path), .status(let path), .delete(let path), .legacyFetch(let path):
      guard let file = decoded({ try root.path(path) }) else { continue }
      precondition(!file.bytes.isEmpty && file.components[0] != Array(".p4cache".utf8)[...])
      precondition(path.suffix(file.bytes.count) == file.bytes[...], "a path was changed")
    }
  }
}
