// Text that the executable makes of itself, to standard output or into a file. The file appears
// whole or not at all, and replaces nothing but a regular file: a device or a link is left alone.

import Ambient
import Bytes
import DurableFiles
import Flags

/// The flag that sends such text into a file.
let generatedFileFlag = Flag(
  "output", short: "o", optional: .path("FILE"), "Write to this file and not to the output.")

/// Writes the text where the invocation wants it.
func deliver(
  _ text: String, _ invocation: Invocation, _ output: inout Output
) throws(Failure) {
  guard let file = invocation[generatedFileFlag] else { return try output.write(text) }
  try deliver(Array(text.utf8), to: file)
}

/// Writes the bytes into a file that the person named.
func deliver(_ bytes: [UInt8], to file: [UInt8]) throws(Failure) {
  do throws(DiskError) {
    try UserPlace(file).write(bytes)
  } catch {
    throw .ended(.failed, "'\(escaped(file))' was not written: \(error)")
  }
}
