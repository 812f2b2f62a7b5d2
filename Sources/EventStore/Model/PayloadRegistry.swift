// Which payloads have a type. A registry is a value that the caller fills and hands to the store; it
// is checked when the store opens and does not change afterwards, so nothing depends on which code
// was loaded first. Bytes of an older version become the newest one step at a time:
//
//   version 1 ──upcast from 1──▶ version 2 ──upcast from 2──▶ version 3 ──decode──▶ value

/// Why bytes are no payload of a type, as the rest of a sentence: `has no member 'path'`.
public struct PayloadFault: Error, Equatable, Sendable {
  public let sentence: String

  public init(_ sentence: String) {
    self.sentence = sentence
  }
}

/// Makes the bytes of one version into those of the next.
public struct Upcast: Sendable {
  /// The version that it reads; it writes the one after.
  public let from: UInt16
  let apply: @Sendable ([UInt8]) throws(PayloadFault) -> [UInt8]

  public init(
    from version: UInt16,
    _ apply: @escaping @Sendable ([UInt8]) throws(PayloadFault) -> [UInt8]
  ) {
    from = version
    self.apply = apply
  }
}

/// What the payloads of one kind mean.
public struct PayloadType<Value: Sendable>: Sendable {
  public let kind: EventKind
  /// The version that is written; 1 or more, for 0 stands for bytes without a type.
  public let version: UInt16
  let encode: @Sendable (Value) throws(PayloadFault) -> [UInt8]
  let decode: @Sendable ([UInt8]) throws(PayloadFault) -> Value
  let upcasts: [Upcast]

  /// A type whose older versions are read through one step for each of them, in any order.
  public init(
    _ kind: EventKind, version: UInt16, upcasts: [Upcast] = [],
    encode: @escaping @Sendable (Value) throws(PayloadFault) -> [UInt8],
    decode: @escaping @Sendable ([UInt8]) throws(PayloadFault) -> Value
  ) {
    self.kind = kind
    self.version = version
    self.upcasts = upcasts
    self.encode = encode
    self.decode = decode
  }

  /// The value as an event that can be appended; what else the event asks for is set on it.
  public func event(_ value: Value, at coordinate: Coordinate) throws(StoreError) -> NewEvent {
    do throws(PayloadFault) {
      return NewEvent(
        coordinate, kind: kind, payload: try encode(value), payloadVersion: version)
    } catch {
      throw .badPayload(kind, error.sentence)
    }
  }

  /// The value that bytes of a version stand for.
  public func value(of bytes: [UInt8], version found: UInt16) throws(StoreError) -> Value {
    guard found > 0 else { throw .badPayload(kind, "has no type") }
    guard found <= version else {
      throw .badPayload(kind, "has version \(found), and this program knows \(version)")
    }
    do throws(PayloadFault) {
      var bytes = bytes
      for version in found..<version {
        guard let step = upcasts.first(where: { $0.from == version }) else {
          throw PayloadFault("has version \(found), from which no step leads on at \(version)")
        }
        bytes = try step.apply(bytes)
      }
      return try decode(bytes)
    } catch {
      throw .badPayload(kind, error.sentence)
    }
  }
}

/// The payload types of a store.
public struct PayloadRegistry: Sendable {
  private var versions: [EventKind: UInt16] = [:]
  /// What is wrong with it, as the rest of a sentence each.
  private var faults: [String] = []

  /// A registry of no types, with which every payload is bytes.
  public init() {}

  /// Claims a kind for a type; what is wrong with that is told when a store opens.
  public mutating func register(_ type: PayloadType<some Sendable>) {
    let kind = type.kind
    if kind.isReserved { faults.append("claims kind \(kind), which is the store's own") }
    if type.version == 0 { faults.append("gives kind \(kind) version 0, which means no type") }
    if versions.updateValue(type.version, forKey: kind) != nil {
      faults.append("claims kind \(kind) twice")
    }
    let steps = type.upcasts.map(\.from)
    for version in 1..<max(type.version, 1) {
      switch steps.count(where: { $0 == version }) {
      case 0: faults.append("has no step from version \(version) of kind \(kind)")
      case 1: break
      default: faults.append("has two steps from version \(version) of kind \(kind)")
      }
    }
    for version in steps where version == 0 || version >= type.version {
      faults.append("has a step from version \(version) of kind \(kind), which leads nowhere")
    }
  }

  /// Throws the first thing that is wrong with it.
  func check() throws(StoreError) {
    if let fault = faults.first { throw .badRegistry(fault) }
  }

  /// Refuses an event whose payload claims a type that is not the registered one.
  func check(_ kind: EventKind, version: UInt16) throws(StoreError) {
    guard version == 0 || versions[kind] == version else {
      throw .unregistered(kind, version: version)
    }
  }
}
