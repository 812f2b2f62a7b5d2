// The other clients of the storage bench: rclone with the same concurrency, and curl with the official
// BLAKE3 behind it. What counts is their time on the clock and their time on the processors.

import Ambient

/// What a transfer cost.
struct TransferCost {
  let seconds: Double
  let processorSeconds: Double
}

/// Debian's rclone on the server of the bench.
struct Rclone {
  let program: String
  let endpoint: String
  let threads: Int

  /// How long it may take.
  private static let timeout = Duration.seconds(1_800)

  func upload(_ file: String, _ stopwatch: Stopwatch) throws(RivalMissing) -> TransferCost {
    try run(
      [
        "copyto", file, "T:\(StorageStandIn.bucket)/rclone-up", "--s3-no-head", "--no-check-dest",
        "--s3-upload-cutoff", "8Mi", "--s3-chunk-size", "8Mi",
        "--s3-upload-concurrency", "\(threads)",
      ], stopwatch)
  }

  func download(
    _ name: String, to file: String, _ stopwatch: Stopwatch
  ) throws(RivalMissing) -> TransferCost {
    try run(
      [
        "copyto", "T:\(StorageStandIn.bucket)/\(name)", file, "--ignore-times",
        "--multi-thread-cutoff", "64Mi", "--multi-thread-streams", "\(threads)",
      ], stopwatch)
  }

  func uploadMany(
    _ directory: String, _ stopwatch: Stopwatch
  ) throws(RivalMissing) -> TransferCost {
    try run(
      [
        "copy", directory, "T:\(StorageStandIn.bucket)/rclone-many", "--s3-no-head",
        "--no-check-dest", "--no-traverse", "--transfers", "\(threads)", "--checkers",
        "\(threads)",
      ], stopwatch)
  }

  /// Runs it with nothing in its surroundings but the server.
  private func run(
    _ words: [String], _ stopwatch: Stopwatch
  ) throws(RivalMissing) -> TransferCost {
    let variables = [
      "RCLONE_CONFIG=/nonexistent/rclone.conf", "RCLONE_CONFIG_T_TYPE=s3",
      "RCLONE_CONFIG_T_PROVIDER=Ceph", "RCLONE_CONFIG_T_ENDPOINT=\(endpoint)",
      "RCLONE_CONFIG_T_ACCESS_KEY_ID=bench", "RCLONE_CONFIG_T_SECRET_ACCESS_KEY=bench",
    ]
    return try runMeasured(
      "env",
      ["-u", "AWS_CA_BUNDLE"] + variables + [program] + words
        + ["--s3-no-check-bucket", "--retries", "1"], "rclone", Self.timeout, stopwatch)
  }
}

/// `curl -o` and then the official BLAKE3 on what it wrote.
struct CurlAndBlake3 {
  let python: String

  private static let script = """
    import sys, blake3
    blake3.blake3(max_threads=1).update_mmap(sys.argv[1]).digest()
    """

  func download(
    _ url: String, to file: String, _ stopwatch: Stopwatch
  ) throws(RivalMissing) -> TransferCost {
    let timeout = Duration.seconds(600)
    let fetched = try runMeasured("curl", ["-sf", "-o", file, url], "curl", timeout, stopwatch)
    let hashed = try runMeasured(
      python, ["-c", Self.script, file], "\(python) with blake3", timeout, stopwatch)
    return TransferCost(
      seconds: fetched.seconds + hashed.seconds,
      processorSeconds: fetched.processorSeconds + hashed.processorSeconds)
  }
}

/// Runs a program to its end and says what it cost.
private func runMeasured(
  _ program: String, _ words: [String], _ name: String, _ timeout: Duration,
  _ stopwatch: Stopwatch
) throws(RivalMissing) -> TransferCost {
  var answer: Subprocess?
  let seconds: Double
  do throws(SubprocessError) {
    seconds = try stopwatch.once { () throws(SubprocessError) in
      answer = try Subprocess.run(program, words, timeout: timeout)
    }
  } catch {
    throw RivalMissing("\(error)")
  }
  guard let answer, answer.exitCode == 0 else {
    let code = answer?.exitCode ?? -1
    // What `env` answers for a program that is not there.
    if code == 127 { throw RivalMissing("\(name) is not installed") }
    let last = answer?.text.split(separator: "\n").last.map { ": \($0)" } ?? ""
    throw RivalMissing("\(name) failed with \(code)\(last)")
  }
  return TransferCost(seconds: seconds, processorSeconds: answer.processorTime.inSeconds)
}
