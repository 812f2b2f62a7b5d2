// What a local store keeps beside the bytes of an object, and what makes a file an object at all: a
// file without its mark is nobody's. The mark is a line of JSON in the extended attribute
// `user.larder.object`, or in a sidecar file where the file system has none:
//
//   {"format":1,"size":5,"blake3":"…","metadata":{"mode":"0644"},"type":"text/plain",
//    "name":"YS5j","modified":1750000000000000000}
//
// `name` (base64) and `modified` (nanoseconds) stand in sidecars only and bind them to their file.

import Bytes
import Digests

/// The commit mark of a local object.
struct ObjectMark: Equatable {
  var size: UInt64
  var digest: Blake3Digest
  var metadata: ObjectMetadata
  var contentType: String?

  /// The attribute that holds it.
  static let attribute = "larder.object"
  /// More than any mark has, with all metadata spelled at its longest.
  static let bytesMax = 16_384

  /// The version of the bytes: the same bytes are the same version.
  var etag: ETag { ETag(String(digest.description.prefix(32))) }

  /// What ties a sidecar to one state of one file.
  struct Binding: Equatable {
    var name: [UInt8]
    var modifiedNanoseconds: Int64
  }

  /// The mark as it is kept.
  func encoded(bound binding: Binding? = nil) -> [UInt8] {
    var object: JSONObject = [
      "format": 1, "size": JSONValue(size), "blake3": .string(digest.description),
    ]
    var entries = JSONObject()
    for (name, value) in metadata.entries.sorted(by: { $0.key < $1.key }) {
      entries[name] = .string(value)
    }
    object["metadata"] = .object(entries)
    if let contentType { object["type"] = .string(contentType) }
    if let binding {
      object["name"] = .string(base64(binding.name))
      object["modified"] = .integer(binding.modifiedNanoseconds)
    }
    return Array(JSONValue.object(object).text().utf8)
  }

  /// Reads a mark; nil when it is none of this format, as after a change by another hand.
  init?(_ encoded: [UInt8]) {
    guard let value = json(encoded), value["format"]?.integer == 1,
      let size = value["size"]?.integer, size >= 0,
      let digest = value["blake3"]?.string.flatMap(Self.digest),
      case .object(let entries)? = value["metadata"]
    else { return nil }
    var metadata: [String: String] = [:]
    for member in entries.members {
      guard let text = member.value.string else { return nil }
      metadata[member.key] = text
    }
    self.init(
      size: UInt64(size), digest: digest, metadata: ObjectMetadata(metadata),
      contentType: value["type"]?.string)
  }

  init(size: UInt64, digest: Blake3Digest, metadata: ObjectMetadata, contentType: String?) {
    self.size = size
    self.digest = digest
    self.metadata = metadata
    self.contentType = contentType
  }

  private static func digest(_ text: String) -> Blake3Digest? {
    do throws(DigestsError) {
      return try Blake3Digest(hexadecimal: text)
    } catch {
      // Then this is no mark.
      return nil
    }
  }
}

extension ObjectMark.Binding {
  /// What a sidecar is bound to; nil when it says nothing that can be read.
  init?(_ encoded: [UInt8]) {
    guard let value = json(encoded), let text = value["name"]?.string,
      let modified = value["modified"]?.integer
    else { return nil }
    do throws(BytesError) {
      self.init(name: try bytes(fromBase64: text), modifiedNanoseconds: modified)
    } catch {
      // Then it is bound to nothing.
      return nil
    }
  }
}

private func json(_ encoded: [UInt8]) -> JSONValue? {
  do throws(BytesError) {
    return try JSONValue(parsing: encoded, depthMax: 4)
  } catch {
    // Whatever it is, it is no mark; the caller says what that means.
    return nil
  }
}
