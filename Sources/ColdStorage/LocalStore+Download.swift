// Giving an object back: its file is opened once, so what is read is one version whatever happens to
// the name meanwhile, and hashed on its way to the sink.

import Digests
import DurableFiles

extension LocalStore {
  package func download(
    _ key: ObjectKey, to sink: any ObjectSink, _ request: DownloadRequest
  ) throws(StorageError) -> Transfer {
    let path = try path(of: key)
    return try backend.perform(
      .download, key, cancellation: request.cancellation, bytes: { $0.bytes },
      { (attempts) throws(StorageError) in
        try attempts.onFiles { () throws(StorageError) in
          try deliver(key, path, sink, request, attempts)
        }
      })
  }

  private func deliver(
    _ key: ObjectKey, _ path: FilePath, _ sink: any ObjectSink, _ request: DownloadRequest,
    _ attempts: Attempts
  ) throws(StorageError) -> Transfer {
    let opened = try onDisk(key) { (disk) throws(DiskError) -> Opened in
      try self.opened(path, on: disk)
    }
    let (mark, size) = (opened.object.mark, opened.object.file.size)
    if let version = request.ifMatch, version != mark.etag { throw .preconditionFailed(key) }
    guard size == mark.size else {
      throw .integrity(key, "it has \(size) bytes, and \(mark.size) were stored")
    }
    let wanted = (request.range ?? 0..<size).clamped(to: 0..<size)
    let digest = try copy(key, opened.file, wanted, to: sink, request, attempts)
    if wanted == 0..<size, digest != mark.digest {
      throw .integrity(key, "its bytes hash to \(digest), and \(mark.digest) was stored")
    }
    if let announced = request.digest, announced != digest {
      throw .integrity(key, "its bytes hash to \(digest), and \(announced) was asked for")
    }
    return Transfer(
      object: opened.object.status(of: key), digest: digest, bytes: UInt64(wanted.count),
      store: name)
  }

  private func copy(
    _ key: ObjectKey, _ file: borrowing OpenFile, _ wanted: Range<UInt64>,
    to sink: any ObjectSink, _ request: DownloadRequest, _ attempts: Attempts
  ) throws(StorageError) -> Blake3Digest {
    let size = wanted.upperBound - wanted.lowerBound
    var hasher = Blake3()
    var piece = [UInt8](repeating: 0, count: Int(min(size, UInt64(pieceBytes))))
    try sink.begin(size: size)
    var done: UInt64 = 0
    while done < size {
      try attempts.check()
      let count = Int(min(size - done, UInt64(piece.count)))
      do throws(DiskError) {
        let offset = wanted.lowerBound + done
        let got = try file.read(at: offset, into: &piece, count: count)
        if got < count { throw .endsEarly(file.path, offset: offset + UInt64(got)) }
      } catch {
        throw failure(error, of: key)
      }
      let bytes = piece.span.extracting(first: count)
      hasher.update(bytes)
      try sink.write(bytes, at: done)
      done += UInt64(count)
      request.progress?(done)
    }
    return hasher.digest()
  }
}
