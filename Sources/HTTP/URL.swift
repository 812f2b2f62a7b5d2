// The address of a request, kept as it was spelled. What is signed must be what is sent, so nothing
// here or below normalises a path, reorders a query or encodes twice: path and query are held in
// their encoded form, and are made from bytes by one rule, that of RFC 3986, 2.3.

/// An absolute address over HTTP.
package struct URL: Hashable, Sendable {
  /// How the bytes travel.
  package enum Scheme: String, Sendable {
    case http, https

    /// The port that is not spelled.
    package var port: Int { self == .http ? 80 : 443 }
  }

  package let scheme: Scheme
  /// A name, an IPv4 address, or an IPv6 address in brackets; in lower case.
  package var host: String
  package let port: Int
  /// Percent-encoded, beginning with a slash.
  package var path: String
  /// Percent-encoded, without the question mark; nil when there is none.
  package var query: String?

  /// An address of parts; path and query are encoded already.
  package init(
    scheme: Scheme, host: String, port: Int? = nil, path: String = "/", query: String? = nil
  ) {
    self.scheme = scheme
    self.host = host
    self.port = port ?? scheme.port
    self.path = path
    self.query = query
  }

  /// Reads an address that a person or a server spelled; a fragment is dropped.
  package init(parsing text: String) throws(HTTPError) {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
      let scheme = Scheme(rawValue: text[..<colon].lowercased()),
      text[colon...].hasPrefix("://"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { throw .badURL(shown(text)) }
    let rest = text[colon...].dropFirst(3).prefix { $0 != "#" }
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let (host, port) = try Self.hostAndPort(authority, in: text)
    let local = rest[authority.endIndex...]
    let path = local.prefix { $0 != "?" }
    self.init(
      scheme: scheme, host: host, port: port, path: path.isEmpty ? "/" : String(path),
      query: path.endIndex == local.endIndex ? nil : String(local[path.endIndex...].dropFirst()))
  }

  private static func hostAndPort(
    _ authority: Substring, in text: String
  ) throws(HTTPError) -> (String, Int?) {
    var host = authority
    var port: Int?
    if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
      host = authority[..<colon]
      let digits = authority[colon...].dropFirst()
      guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
        (1...65_535).contains(number)
      else { throw .badURL(shown(text)) }
      port = number
    }
    let isAddress = host.hasPrefix("[") && host.hasSuffix("]")
    let name = isAddress ? host.dropFirst().dropLast() : host
    let isSound = name.utf8.allSatisfy { byte in
      isUnreserved(byte) || isAddress && byte == UInt8(ascii: ":")
    }
    guard isSound, !name.isEmpty else { throw .badURL(shown(text)) }
    return (host.lowercased(), port)
  }

  /// What the header `Host` says: the port only where it is not the usual one.
  package var authority: String { port == scheme.port ? host : "\(host):\(port)" }

  /// The server behind the address, for messages: never the query, which may hold a signature.
  package var origin: Origin { Origin(scheme: scheme, host: host, port: port) }

  /// The whole address, query included.
  package var spelling: String {
    "\(scheme.rawValue)://\(authority)\(path)" + (query.map { "?\($0)" } ?? "")
  }
}

/// A server: where connections lead.
package struct Origin: Hashable, Sendable, CustomStringConvertible {
  package let scheme: URL.Scheme
  package let host: String
  package let port: Int

  package init(scheme: URL.Scheme, host: String, port: Int) {
    self.scheme = scheme
    self.host = host
    self.port = port
  }

  package var description: String {
    "\(scheme.rawValue)://\(host)" + (port == scheme.port ? "" : ":\(port)")
  }
}

extension URL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Scheme, host and path. The query is left out, for it may hold a signature.
  package var description: String { "\(origin)\(path)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: ["address": description]) }
}

/// The bytes percent-encoded: all but letters, digits, `-`, `.`, `_` and `~`, and slashes if kept.
package func percentEncoded(
  _ bytes: some Sequence<UInt8>, keepingSlashes: Bool = false
) -> String {
  let digits = Array("0123456789ABCDEF".utf8)
  var text: [UInt8] = []
  for byte in bytes {
    if isUnreserved(byte) || keepingSlashes && byte == UInt8(ascii: "/") {
      text.append(byte)
    } else {
      text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
  return String(decoding: text, as: UTF8.self)
}

/// The bytes that percent-encoded text stands for; nil when a `%` has no two digits behind it.
package func percentDecoded(_ text: some StringProtocol) -> [UInt8]? {
  var bytes: [UInt8] = []
  var rest = text.utf8[...]
  while let first = rest.popFirst() {
    guard first == UInt8(ascii: "%") else {
      bytes.append(first)
      continue
    }
    guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
      return nil
    }
    bytes.append(high << 4 | low)
  }
  return bytes
}

/// An address that is none, for messages: without a query, which may be signed, and a password.
private func shown(_ text: String) -> String {
  let stem = text.prefix { $0 != "?" }
  guard let at = stem.lastIndex(of: "@") else { return String(stem) }
  return "\u{2026}" + stem[at...]
}

private func digit(_ character: UInt8) -> UInt8? {
  Character(UnicodeScalar(character)).hexDigitValue.map { UInt8($0) }
}

private func isUnreserved(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
    UInt8(ascii: "_"), UInt8(ascii: "~"):
    true
  default: false
  }
}
