// What OpenSSL's own tool says of its SHA-256, as a check that nothing is lost on the way to it.

import Ambient

/// The tool `openssl speed` as a rival.
enum OpenSSLSpeed {
  /// The bytes a second of SHA-256 at blocks of 1 MiB.
  static func sha256() throws(RivalMissing) -> Double {
    let answer: Subprocess
    do throws(SubprocessError) {
      answer = try Subprocess.run(
        "openssl", ["speed", "-seconds", "1", "-bytes", "1048576", "-mr", "-evp", "sha256"],
        timeout: .seconds(60))
    } catch {
      throw RivalMissing("\(error)")
    }
    guard let rate = rate(in: answer.text) else {
      throw RivalMissing("openssl speed answered something else than a figure")
    }
    return rate
  }

  /// The figure in the line `+F:number:name:bytes a second`; nil when there is none.
  static func rate(in text: String) -> Double? {
    let line = text.split(separator: "\n").first { $0.hasPrefix("+F:") }
    guard let rate = line?.split(separator: ":").last.flatMap({ Double(String($0)) }), rate > 0
    else { return nil }
    return rate
  }
}
