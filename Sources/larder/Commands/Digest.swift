// `larder digest FILE…`: digests of files, listed as `b3sum` and `sha256sum` list them, and such
// lists checked again. A file that cannot be read costs one sentence and the exit code; the rest is
// done all the same.

import Ambient
import Digests
import Flags

private let files = Argument(
  repeated: .path("FILE"), "The files; '-' or none stands for standard input.")
private let blake3 = Flag("blake3", "By BLAKE3, as without any of these.")
private let sha256 = Flag("sha256", "By SHA-256.")
private let md5 = Flag("md5", "By MD5, against damage only.")
private let crc32c = Flag("crc32c", "By CRC-32C, against damage only.")
private let check = Flag(
  "check", short: "c", "Read lists from the files and check what they name.")
private let threads = Flag(
  "threads", optional: .integer(1...Blake3.threadsMax),
  "How many threads hash a large file by BLAKE3; without it, one for each processor.")

/// Prints or checks digests of files.
let digestCommand: Command<Action> = Command(
  "digest", "Print or check digests of files.",
  details: """
    Each line is a digest, two spaces and the name, as b3sum and sha256sum write it; a line whose name \
    has a backslash or a line break begins with a backslash. Files are read in pieces, so their size \
    does not matter.

    The exit code is 0 when all went well, and 1 when a file could not be read or differs from its \
    digest.
    """,
  examples: [
    .init("larder digest archive/* > list", "List digests."),
    .init("larder digest --check list", "See whether the files are still the same."),
    .init("tar c depot | larder digest --sha256", "Digest what comes out of a pipe."),
  ],
  takes: [files, blake3, sha256, md5, crc32c, check, threads],
  excluding: [[blake3, sha256, md5, crc32c]],
  action: Action(digest))

private func digest(
  _ invocation: Invocation, _ output: inout Output
) throws(Failure) -> ExitCode {
  let function: DigestFunction =
    if invocation[sha256] { .sha256 } else if invocation[md5] { .md5 } else if invocation[crc32c] {
      .crc32c
    } else { .blake3 }
  let digester = Digester(
    function: function, threads: invocation[threads] ?? ThisProcess.processors)
  let names = invocation[files].isEmpty ? [Array("-".utf8)] : invocation[files]
  return invocation[check]
    ? try digester.check(lists: names, &output) : try digester.list(names, &output)
}
