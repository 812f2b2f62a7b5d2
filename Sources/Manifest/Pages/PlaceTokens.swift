// Places in orders, queues and directories as text, for whoever asks for a page from outside and brings
// the token of the one before. A token is good for the list that gave it and says so; it is no secret
// and grants nothing, for a forged one merely begins somewhere else.

internal import Bytes

extension RowPlace {
  /// The place as text.
  package var token: String {
    let numbers = numbers.map(\.description).joined(separator: ",")
    return "\(order.rawValue):\(numbers):\(id):\(hexadecimal(path))"
  }

  /// Reads what `token` wrote; nil for anything else.
  package init?(token: String) {
    let parts = token.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 4, let order = RowOrder(rawValue: String(parts[0])),
      let numbers = integers(parts[1]), let id = Int64(parts[2]),
      let path = bytes(fromHexadecimal: parts[3]), numbers.count == order.numbersCount
    else { return nil }
    self.init(order: order, numbers: numbers, path: path, id: id)
  }
}

extension RowOrder {
  /// How many numbers a place has.
  fileprivate var numbersCount: Int {
    switch self {
    case .path, .directory: 0
    case .size, .accessed, .retry: 1
    case .state: 2
    }
  }
}

extension QueuePlace {
  /// The place as text.
  package var token: String { key.map(\.description).joined(separator: ",") }

  /// Reads what `token` wrote; nil for anything else.
  package init?(token: String) {
    guard let key = integers(token[...]), !key.isEmpty else { return nil }
    self.init(key: key)
  }
}

extension ChildPlace {
  /// The place as text.
  package var token: String { (isFile ? "file:" : "directory:") + hexadecimal(path) }

  /// Reads what `token` wrote; nil for anything else.
  package init?(token: String) {
    let parts = token.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, ["file", "directory"].contains(parts[0]),
      let path = bytes(fromHexadecimal: parts[1])
    else { return nil }
    self.init(isFile: parts[0] == "file", path: path)
  }
}

/// Numbers with commas between; nil for anything else.
private func integers(_ text: Substring) -> [Int64]? {
  if text.isEmpty { return [] }
  let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int64($0) }
  return numbers.contains(nil) ? nil : numbers.compactMap { $0 }
}
