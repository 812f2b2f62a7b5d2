// A directory of one test's own, removed with everything in it when the test lets go.

import Glibc
import Testing

/// A directory of one test's own.
@safe final class Folder {
  let path: String

  init() {
    var template = Array("/tmp/larder-sqlite-XXXXXX".utf8CString)
    let made = unsafe mkdtemp(&template)
    #expect(unsafe made != nil, "no temporary directory")
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in names { remove(bytes(of: name) + [0]) }
    unsafe rmdir(path)
  }

  /// The path of a file in it.
  func file(_ name: String) -> [UInt8] { bytes(of: Array(name.utf8)) }

  /// The path of a file in it, by the bytes of its name.
  func bytes(of name: [UInt8]) -> [UInt8] { Array(path.utf8) + [UInt8(ascii: "/")] + name }

  /// The names in it.
  var names: [[UInt8]] {
    var names: [[UInt8]] = []
    guard let directory = unsafe opendir(path) else { return [] }
    while let entry = unsafe readdir(directory) {
      // An entry is only as long as its name, so the whole array must not be touched.
      let start = unsafe UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
      let name = unsafe Array(
        UnsafeRawBufferPointer(
          start: start, count: strlen(start.assumingMemoryBound(to: CChar.self))))
      if !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8) { names.append(name) }
    }
    unsafe closedir(directory)
    return names
  }

  private func remove(_ path: [UInt8]) {
    _ = unsafe path.withUnsafeBufferPointer { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) { unsafe unlink($0.baseAddress!) }
    }
  }
}
