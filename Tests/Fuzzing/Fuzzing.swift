// Where libFuzzer enters: it hands over bytes, and the target that the environment names decodes them.
// The functions have C names, for the loop that calls them is libFuzzer's own `main`.

import Glibc

/// The value of an environment variable.
private func environment(_ name: String) -> String? {
  unsafe getenv(name).map { unsafe String(cString: $0) }
}

private let target: FuzzTarget = {
  let name = environment("LARDER_FUZZ_TARGET") ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    fatalError("LARDER_FUZZ_TARGET is '\(name)' and none of \(FuzzTarget.allCases)")
  }
  return target
}()

/// Called by libFuzzer before the first input; leaves the target's seeds in the directory that
/// `LARDER_FUZZ_SEEDS` names.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
  _ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?
) -> Int32 {
  if let directory = environment("LARDER_FUZZ_SEEDS") { Seeds.write(for: target, into: directory) }
  return 0
}

/// Called by libFuzzer with every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  target.run(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
