// How values of a type are written, on the command line and in the configuration: one value that
// reads them, writes them back, says what is wanted when something else stands there, and tells
// help and completions what to show. Words arrive as bytes, because a path need not be text.

package import Ambient
import Bytes

/// How values of one type are written.
package struct Spelling<Value: Sendable>: Sendable {
  /// What stands for a value in usage lines: `N`, `PATH`.
  package let placeholder: String
  /// What is wanted, as it reads after "wants": `a whole number from 1 to 64`.
  package let wanted: String
  /// What a shell offers for a value.
  package let completion: Completion
  /// In which forms a configuration file holds a value.
  package let form: JSONForm
  /// The value that the bytes spell; nil when they spell none.
  package let read: @Sendable ([UInt8]) -> Value?
  /// The value as it would be typed.
  package let write: @Sendable (Value) -> String

  package init(
    placeholder: String, wanted: String, completion: Completion = .nothing,
    form: JSONForm = .string, read: @escaping @Sendable ([UInt8]) -> Value?,
    write: @escaping @Sendable (Value) -> String
  ) {
    self.placeholder = placeholder
    self.wanted = wanted
    self.completion = completion
    self.form = form
    self.read = read
    self.write = write
  }

  /// The words that are all there is to choose from; empty when values are open.
  package var words: [String] {
    guard case .words(let words) = completion else { return [] }
    return words
  }
}

/// What a shell offers for a value.
package enum Completion: Equatable, Sendable {
  case nothing
  case file
  case directory
  case words([String])
  /// The words that lead to a command of the same executable.
  case commands
}

/// In which form a configuration file holds a value.
package enum JSONForm: Equatable, Sendable {
  case string
  case number
  case stringOrNumber
  case truth
}

extension Spelling where Value == String {
  /// Any text that is UTF-8 and not empty.
  package static func text(_ placeholder: String) -> Spelling {
    Spelling(
      placeholder: placeholder, wanted: "text",
      read: { bytes in
        guard let text = String(validating: bytes, as: UTF8.self), !text.isEmpty else { return nil }
        return text
      },
      write: { $0 })
  }

  /// A word that leads to a command.
  package static var command: Spelling {
    Spelling(
      placeholder: "COMMAND", wanted: "a command", completion: .commands,
      read: Spelling.text("COMMAND").read, write: { $0 })
  }

  /// One of these words.
  package static func word(_ words: [String], placeholder: String) -> Spelling {
    Spelling(
      placeholder: placeholder, wanted: alternatives(words), completion: .words(words),
      read: { bytes in words.first { $0.utf8.elementsEqual(bytes) } },
      write: { $0 })
  }
}

extension Spelling where Value == [UInt8] {
  /// A path in the kernel's bytes: anything but nothing, and no NUL.
  package static func path(
    _ placeholder: String = "PATH", completion: Completion = .file
  ) -> Spelling {
    Spelling(
      placeholder: placeholder, wanted: "a path", completion: completion,
      read: { $0.isEmpty || $0.contains(0) ? nil : $0 },
      write: { escaped($0) })
  }

  /// The path of a directory.
  package static func directory(_ placeholder: String = "DIR") -> Spelling {
    path(placeholder, completion: .directory)
  }
}

extension Spelling where Value == Int {
  /// A whole number in decimal.
  package static func integer(
    _ range: ClosedRange<Int> = 0...Int.max, placeholder: String = "N"
  ) -> Spelling {
    // Without an upper bound, counting from zero is what everyone expects.
    let open = (range.upperBound == Int.max ? 0 : Int.min)...Int.max
    return Spelling(
      placeholder: placeholder, wanted: "a whole number" + bounds(range, open: open),
      form: .number,
      read: { bytes in
        guard let value = Int(decoded(bytes)), range.contains(value) else { return nil }
        return value
      },
      write: { $0.description })
  }
}

extension Spelling where Value == Double {
  /// A number in decimal, with a fraction or without.
  package static func number(
    _ range: ClosedRange<Double>, placeholder: String = "X"
  ) -> Spelling {
    Spelling(
      placeholder: placeholder,
      wanted: "a number from \(spelled(range.lowerBound)) to \(spelled(range.upperBound))",
      form: .number,
      read: { bytes in
        // Why it is no number does not matter; the message says what is wanted.
        guard let value = try? JSONValue(parsing: bytes).number, range.contains(value)
        else { return nil }
        return value
      },
      write: spelled)
  }

  private static func spelled(_ value: Double) -> String { ecmaScript(value) ?? "none" }
}

extension Spelling where Value == Bool {
  /// `true` or `false`.
  package static var truth: Spelling {
    Spelling(
      placeholder: "true|false", wanted: "true or false", completion: .words(["true", "false"]),
      form: .truth,
      read: { bytes in Bool(decoded(bytes)) },
      write: { $0.description })
  }
}

extension Spelling where Value == ByteCount {
  /// A size such as `4096`, `64K` or `1.5GiB`; units are binary.
  package static func byteCount(
    _ range: ClosedRange<ByteCount> = .zero...ByteCount(Int64.max)
  ) -> Spelling {
    let open = ByteCount.zero...ByteCount(Int64.max)
    return Spelling(
      placeholder: "SIZE", wanted: "a size such as 64K or 1.5GiB" + bounds(range, open: open),
      form: .stringOrNumber,
      read: { bytes in
        guard let size = ByteCount(parsing: decoded(bytes)), range.contains(size) else {
          return nil
        }
        return size
      },
      write: exactSize)
  }
}

/// The size in the largest unit that it is a whole number of.
private func exactSize(_ size: ByteCount) -> String {
  var (value, unit) = (size.bytes, 0)
  while value != 0, value % 1_024 == 0, unit < 6 {
    value /= 1_024
    unit += 1
  }
  return value.description + ["", "K", "M", "G", "T", "P", "E"][unit]
}

extension Spelling where Value: RawRepresentable<String> & CaseIterable {
  /// One of an enumeration's words.
  package static func choice(placeholder: String) -> Spelling {
    let words = Value.allCases.map(\.rawValue)
    return Spelling(
      placeholder: placeholder, wanted: alternatives(words), completion: .words(words),
      read: { bytes in Value(rawValue: decoded(bytes)) },
      write: \.rawValue)
  }
}

/// `a`, `a or b`, `a, b or c`.
func alternatives(_ words: [String]) -> String {
  guard words.count > 1, let last = words.last else { return words.first ?? "nothing" }
  return words.dropLast().joined(separator: ", ") + " or " + last
}

/// ` from 1 to 64`, or as much of it as narrows `open`.
func bounds<Bound: CustomStringConvertible>(
  _ range: ClosedRange<Bound>, open: ClosedRange<Bound>,
  _ spelled: (Bound) -> String = \.description
) -> String {
  switch (range.lowerBound == open.lowerBound, range.upperBound == open.upperBound) {
  case (true, true): ""
  case (true, false): " up to \(spelled(range.upperBound))"
  case (false, true): " from \(spelled(range.lowerBound))"
  case (false, false): " from \(spelled(range.lowerBound)) to \(spelled(range.upperBound))"
  }
}

/// The bytes as text; what is not UTF-8 becomes text that spells no value.
func decoded(_ bytes: [UInt8]) -> String {
  String(decoding: bytes, as: UTF8.self)
}
