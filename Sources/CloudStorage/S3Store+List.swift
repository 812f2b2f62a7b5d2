// Listing, and what the listing of unfinished uploads finds. Names come percent-encoded, for a name
// may hold what no XML document can; those that are no key of ours, or lie outside the prefix, are
// passed over.

package import Ambient
package import ColdStorage
import HTTP
import Synchronization

extension S3Store {
  /// ListObjectsV2.
  package func list(_ request: ListRequest) throws(StorageError) -> ObjectPage {
    try backend.perform(.list, nil, cancellation: request.cancellation) {
      attempts throws(StorageError) in try self.page(request, S3Run(attempts))
    }
  }

  private func page(_ request: ListRequest, _ run: S3Run) throws(StorageError) -> ObjectPage {
    var after = request.after.map { settings.prefix.name(of: $0) }
    while true {
      let page = try names(request, after: after, run)
      let objects = page.objects.compactMap { object -> ListedObject? in
        guard object.name.starts(with: settings.prefix.bytes + request.prefix) else { return nil }
        return settings.prefix.key(of: object.name).map {
          ListedObject(
            key: $0, size: object.size, etag: object.etag, modified: object.modified)
        }
      }
      guard page.isTruncated, let last = page.objects.last else {
        return ObjectPage(objects: objects, next: nil)
      }
      // A page that ends in a foreign name cannot be named as a place to go on, so the next page
      // joins it, unless something of ours came.
      if let next = objects.last?.key { return ObjectPage(objects: objects, next: next) }
      after = last.name
    }
  }

  private struct NamedObject {
    let name: [UInt8]
    let size: UInt64
    let etag: ETag
    let modified: WallTime
  }

  private func names(
    _ request: ListRequest, after: [UInt8]?, _ run: S3Run
  ) throws(StorageError) -> (objects: [NamedObject], isTruncated: Bool) {
    var call = S3Call(.get)
    call.query = [
      ("list-type", "2"), ("encoding-type", "url"), ("max-keys", "\(request.limit)"),
      ("prefix", wholeText(settings.prefix.bytes + request.prefix)),
    ]
    if let after { call.query.append(("start-after", String(decoding: after, as: UTF8.self))) }
    let answer = try service.collect(call, run)
    guard let document = XMLElement(parsing: answer.body), document.name == "ListBucketResult"
    else {
      throw .unavailable(store: name, detail: "its listing cannot be read", retryAfter: nil)
    }
    let isEncoded = document.text(of: "EncodingType") == "url"
    let objects = document.all("Contents").compactMap { entry -> NamedObject? in
      guard let key = entry.text(of: "Key").flatMap({ decoded($0, isEncoded) }),
        let size = entry.text(of: "Size").flatMap({ UInt64($0) })
      else { return nil }
      return NamedObject(
        name: key, size: size, etag: ETag(quoted: entry.text(of: "ETag") ?? ""),
        modified: entry.text(of: "LastModified").flatMap(isoDate) ?? WallTime(seconds: 0))
    }
    return (objects, document.text(of: "IsTruncated") == "true")
  }

  /// ListMultipartUploads, and AbortMultipartUpload of those below our prefix that this process does
  /// not know and that neither began nor took a part for as long as the settings say.
  ///
  /// Another process may be at work on an upload that began long ago, so its parts are looked at.
  package func sweep(_ cancellation: Cancellation?) throws(StorageError) -> Leftovers {
    try backend.perform(.sweep, nil, cancellation: cancellation) {
      attempts throws(StorageError) in try self.sweepUploads(S3Run(attempts))
    }
  }

  private func sweepUploads(_ run: S3Run) throws(StorageError) -> Leftovers {
    var leftovers = Leftovers()
    var markers: (key: String, upload: String)?
    let now = service.runtime.wall.now()
    while true {
      var call = S3Call(.get)
      call.query = [("uploads", ""), ("encoding-type", "url"), ("max-uploads", "1000")]
      call.query.append(("prefix", wholeText(settings.prefix.bytes)))
      if let markers {
        call.query += [("key-marker", markers.key), ("upload-id-marker", markers.upload)]
      }
      let answer = try service.collect(call, run)
      guard let document = XMLElement(parsing: answer.body) else {
        throw .unavailable(
          store: name, detail: "its list of uploads cannot be read", retryAfter: nil)
      }
      let isEncoded = document.text(of: "EncodingType") == "url"
      for upload in document.all("Upload") {
        guard let id = upload.text(of: "UploadId"),
          let name = upload.text(of: "Key").flatMap({ decoded($0, isEncoded) }),
          let key = settings.prefix.key(of: name),
          let begun = upload.text(of: "Initiated").flatMap(isoDate),
          now - begun >= settings.staleAfter, !unfinished.withLock({ $0.contains(id) }),
          try isIdle(key, id, for: settings.staleAfter, at: now, run)
        else { continue }
        if try abandon(key, id, run) { leftovers.removed += 1 }
      }
      guard document.text(of: "IsTruncated") == "true",
        let key = document.text(of: "NextKeyMarker"),
        let upload = document.text(of: "NextUploadIdMarker")
      else { return leftovers }
      let plain = decoded(key, isEncoded).map { String(decoding: $0, as: UTF8.self) } ?? key
      if let markers, markers == (plain, upload) { return leftovers }
      markers = (plain, upload)
    }
  }

  /// ListParts: whether the upload took no part for so long; false when it is gone.
  func isIdle(
    _ key: ObjectKey, _ uploadID: String, for time: Duration, at now: WallTime, _ run: S3Run
  ) throws(StorageError) -> Bool {
    var marker = "0"
    for _ in 0..<S3Settings.partsMax / 1_000 {
      var call = S3Call(.get, key, in: settings.prefix)
      call.query = [("uploadId", uploadID), ("max-parts", "1000"), ("part-number-marker", marker)]
      let answer: Response
      do throws(StorageError) {
        answer = try service.collect(call, run)
      } catch  where error.kind == .absent {
        return false
      }
      guard let document = XMLElement(parsing: answer.body) else {
        throw .unavailable(
          store: name, detail: "its list of parts cannot be read", retryAfter: nil)
      }
      let isRecent = document.all("Part").contains { part in
        // A date that cannot be read is taken for a recent one.
        guard let sent = part.text(of: "LastModified").flatMap(isoDate) else { return true }
        return now - sent < time
      }
      if isRecent { return false }
      guard document.text(of: "IsTruncated") == "true",
        let next = document.text(of: "NextPartNumberMarker"), next != marker
      else { return true }
      marker = next
    }
    return true
  }

  /// Aborts an upload; false when it was gone already.
  func abandon(
    _ key: ObjectKey, _ uploadID: String, _ run: S3Run
  ) throws(StorageError) -> Bool {
    var call = S3Call(.delete, key, in: settings.prefix)
    call.query = [("uploadId", uploadID)]
    do throws(StorageError) {
      _ = try service.collect(call, run)
      return true
    } catch  where error.kind == .absent {
      return false
    }
  }

  /// A prefix may end within a character, which cannot be asked for; what is cut off here is
  /// compared when the names have come.
  private func wholeText(_ bytes: [UInt8]) -> String {
    for cut in 0..<min(4, bytes.count) {
      if let text = String(validating: bytes.dropLast(cut), as: UTF8.self) { return text }
    }
    return ""
  }

  private func decoded(_ text: String, _ isEncoded: Bool) -> [UInt8]? {
    guard isEncoded else { return Array(text.utf8) }
    // In this encoding a space may be a plus, and a plus is never itself.
    return percentDecoded(String(text.map { $0 == "+" ? " " : $0 }))
  }
}
