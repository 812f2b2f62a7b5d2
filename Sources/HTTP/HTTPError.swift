// What can go wrong between a request and its answer, named by what happened to which server. An
// answer is none of it, whatever its status says. Queries are never shown: they may be signatures.

/// Why there is no answer, or not all of it.
package enum HTTPError: Error, Equatable, Sendable {
  /// The text is no absolute address over HTTP.
  case badURL(String)
  /// The field cannot be sent.
  case badHeader(String)
  case couldNotResolve(host: String)
  case couldNotConnect(Origin)
  /// No connection within the time for one.
  case connectTimedOut(Origin, after: Duration)
  /// The server's certificate is not signed by anyone who is trusted, or not for this name.
  case untrusted(Origin, reason: String)
  /// The handshake of TLS failed for another reason.
  case tlsFailed(Origin, reason: String)
  /// The file of trusted certificates cannot be used.
  case badTrustFile(path: String)
  /// Everything together took longer than allowed.
  case timedOut(Origin, after: Duration)
  /// Bytes stopped flowing, or the answer did not begin.
  case stalled(Origin, for: Duration)
  /// The connection was lost before the answer was complete.
  case reset(Origin)
  /// The body ended before its announced length.
  case bodyTooShort(Origin, got: UInt64, expected: UInt64?)
  /// The body is longer than the caller is willing to hold.
  case bodyTooLong(Origin, bytesMax: Int)
  /// What the server sent is not HTTP.
  case notHTTP(Origin)
  /// Whoever gave or took a body stopped.
  case stopped
  case cancelled
  /// Any other refusal of the library's.
  case library(Origin, code: Int, reason: String)
}

extension HTTPError {
  /// Whether it may go well the next time, though nothing is changed.
  package var isTransient: Bool {
    switch self {
    case .couldNotResolve, .couldNotConnect, .connectTimedOut, .timedOut, .stalled, .reset,
      .bodyTooShort:
      true
    case .badURL, .badHeader, .untrusted, .tlsFailed, .badTrustFile, .bodyTooLong, .notHTTP,
      .stopped, .cancelled, .library:
      false
    }
  }
}

extension HTTPError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .badURL(let text):
      "'\(text.prefix { $0 != "?" })' is not an address that begins with http:// or https://"
    case .badHeader(let name): "the header '\(name)' holds characters that cannot be sent"
    case .couldNotResolve(let host):
      "the name '\(host)' is not known; check its spelling and this machine's name service"
    case .couldNotConnect(let origin):
      "nothing answers at \(origin); check the address, and that the server runs"
    case .connectTimedOut(let origin, let time):
      "no connection to \(origin) within \(shown(time)); check the network and its firewalls"
    case .untrusted(let origin, let reason):
      "the certificate of \(origin) is not trusted (\(reason)); "
        + "name the file of its authority in ca_cert_path"
    case .tlsFailed(let origin, let reason):
      "the encrypted connection to \(origin) failed: \(reason)"
    case .badTrustFile(let path):
      "'\(path)' holds no certificates that can be read; ca_cert_path must name a PEM file"
    case .timedOut(let origin, let time):
      "the exchange with \(origin) took longer than \(shown(time))"
    case .stalled(let origin, let time): "\(origin) sent and took nothing for \(shown(time))"
    case .reset(let origin): "\(origin) closed the connection before its answer was complete"
    case .bodyTooShort(let origin, let got, let expected):
      "\(origin) sent \(got) bytes" + (expected.map { " of \($0)" } ?? " and no proper end")
    case .bodyTooLong(let origin, let bytesMax):
      "\(origin) sent more than the \(bytesMax) bytes that are taken here"
    case .notHTTP(let origin): "what \(origin) sends is not HTTP; check the address and its port"
    case .stopped: "the transfer was stopped from this side"
    case .cancelled: "it was cancelled"
    case .library(let origin, let code, let reason):
      "the exchange with \(origin) failed: \(reason) (libcurl \(code))"
    }
  }
}

private func shown(_ duration: Duration) -> String {
  let milliseconds =
    duration.components.seconds * 1_000
    + duration.components.attoseconds / 1_000_000_000_000_000
  return milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000) s" : "\(milliseconds) ms"
}
