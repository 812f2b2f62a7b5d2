// That the doors of CCurl reach libcurl: numbers, texts, callbacks and results arrive on the other
// side. What is done with them is tested in the room above.

import CCurl
import Testing

@Suite struct CurlWallTests {
  init() {
    #expect(ccurl_prepare() == 0)
  }

  @Test func `the library says which one it is`() {
    #expect(ccurl_version_number() >= 0x075500)
    #expect(unsafe String(cString: ccurl_version()).hasPrefix("libcurl/"))
    let text = unsafe String(cString: ccurl_result_text(Int32(CCURL_RESULT_COULDNT_CONNECT)))
    #expect(text.contains("connect"))
    #expect(unsafe String(cString: ccurl_multi_result_text(1)).contains("handle"))
  }

  @Test func `bytes reach the writer and figures the asker`() throws {
    let easy = unsafe try #require(unsafe ccurl_easy_open())
    defer { unsafe ccurl_easy_close(easy) }
    let taken = Bytes()
    unsafe fetchThisFile(easy, into: taken)

    #expect(unsafe ccurl_perform(easy) == Int32(CCURL_RESULT_OK))
    #expect(taken.bytes.starts(with: "// That the doors of CCurl".utf8))
    let count = unsafe ccurl_number_about(easy, CCURL_NUMBER_INFO_SIZE_DOWNLOAD_T)
    #expect(count == Int64(taken.bytes.count))
    #expect(unsafe ccurl_number_about(easy, CCURL_NUMBER_INFO_TOTAL_TIME_T) > 0)
    #expect(unsafe ccurl_number_about(easy, CCURL_NUMBER_INFO_RESPONSE_CODE) == 0)
    let scheme = unsafe try #require(unsafe ccurl_text_about(easy, CCURL_TEXT_INFO_SCHEME))
    #expect(unsafe String(cString: scheme).lowercased() == "file")
  }

  @Test func `a writer that refuses ends the transfer`() throws {
    let easy = unsafe try #require(unsafe ccurl_easy_open())
    defer { unsafe ccurl_easy_close(easy) }
    _ = unsafe ccurl_set_text(easy, CCURL_TEXT_URL, thisFile)
    _ = unsafe ccurl_set_writer(easy, { _, _, _, _ in 0 }, nil)
    #expect(unsafe ccurl_perform(easy) == Int32(CCURL_RESULT_WRITE_ERROR))
  }

  @Test func `progress can abort a transfer`() throws {
    let easy = unsafe try #require(unsafe ccurl_easy_open())
    defer { unsafe ccurl_easy_close(easy) }
    unsafe fetchThisFile(easy, into: Bytes())
    _ = unsafe ccurl_set_number(easy, CCURL_NUMBER_NOPROGRESS, 0)
    _ = unsafe ccurl_set_progress(easy, { _, _, _, _, _ in 1 }, nil)
    #expect(unsafe ccurl_perform(easy) == Int32(CCURL_RESULT_ABORTED_BY_CALLBACK))
  }

  @Test func `what is uploaded comes from the reader, and is measured as a 64-bit number`() throws {
    let easy = unsafe try #require(unsafe ccurl_easy_open())
    defer { unsafe ccurl_easy_close(easy) }
    let size: Int64 = 5 << 32
    #expect(unsafe ccurl_set_number(easy, CCURL_NUMBER_UPLOAD, 1) == 0)
    #expect(unsafe ccurl_set_number(easy, CCURL_NUMBER_INFILESIZE_LARGE, size) == 0)
    #expect(
      unsafe ccurl_set_reader(easy, { _, _, _, _ in Int(CCURL_READ_ABORT) }, nil) == 0)
    #expect(unsafe ccurl_set_seeker(easy, { _, _, _ in Int32(CCURL_SEEK_FAIL) }, nil) == 0)
    _ = unsafe ccurl_set_text(easy, CCURL_TEXT_URL, "file:///dev/null")
    #expect(unsafe ccurl_perform(easy) == Int32(CCURL_RESULT_ABORTED_BY_CALLBACK))
  }

  @Test func `a refused connection is told in words`() throws {
    let easy = unsafe try #require(unsafe ccurl_easy_open())
    defer { unsafe ccurl_easy_close(easy) }
    let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CCURL_ERROR_SIZE))
    defer { unsafe buffer.deallocate() }
    unsafe buffer.initialize(repeating: 0, count: Int(CCURL_ERROR_SIZE))
    _ = unsafe ccurl_set_error_buffer(easy, buffer)
    // Port 1 of the loopback: nobody listens there without being root and very old.
    _ = unsafe ccurl_set_text(easy, CCURL_TEXT_URL, "http://127.0.0.1:1/")
    _ = unsafe ccurl_set_text(easy, CCURL_TEXT_NOPROXY, "*")
    _ = unsafe ccurl_set_number(easy, CCURL_NUMBER_NOSIGNAL, 1)
    _ = unsafe ccurl_set_header_writer(easy, { _, size, count, _ in size * count }, nil)
    #expect(unsafe ccurl_perform(easy) == Int32(CCURL_RESULT_COULDNT_CONNECT))
    #expect(unsafe String(cString: buffer).contains("127.0.0.1"))
    #expect(unsafe ccurl_number_about(easy, CCURL_NUMBER_INFO_OS_ERRNO) > 0)
    unsafe ccurl_easy_reset(easy)
    #expect(unsafe ccurl_perform(easy) == Int32(CCURL_RESULT_URL_MALFORMAT))
  }

  @Test func `lists, bodies and certificates are taken`() throws {
    let easy = unsafe try #require(unsafe ccurl_easy_open())
    let first = unsafe try #require(unsafe ccurl_list_append(nil, "X-One: 1"))
    let list = unsafe try #require(unsafe ccurl_list_append(first, "X-Two: 2"))
    let same = list == first
    #expect(same)
    #expect(unsafe ccurl_set_list(easy, CCURL_LIST_HTTPHEADER, list) == 0)
    let body: [UInt8] = [1, 0, 2]
    #expect(unsafe ccurl_set_post_body(easy, body, body.count) == 0)
    #expect(unsafe ccurl_set_trusted_certificates(easy, body, body.count) == 0)
    unsafe ccurl_easy_close(easy)
    unsafe ccurl_list_close(list)
  }

  @Test func `a set of transfers tells which one ended, and how`() throws {
    let multi = unsafe try #require(unsafe ccurl_multi_open())
    let easy = unsafe try #require(unsafe ccurl_easy_open())
    let taken = Bytes()
    unsafe fetchThisFile(easy, into: taken)
    let mark = unsafe UnsafeMutableRawPointer(easy)
    #expect(unsafe ccurl_set_private(easy, mark) == 0)
    #expect(unsafe ccurl_multi_set_number(multi, CCURL_MULTI_MAX_TOTAL_CONNECTIONS, 4) == 0)
    #expect(unsafe ccurl_multi_add(multi, easy) == 0)

    var running: Int32 = 1
    while running > 0 {
      #expect(unsafe ccurl_multi_perform(multi, &running) == 0)
      if running > 0 { #expect(unsafe ccurl_multi_wait(multi, 1_000) == 0) }
    }
    var result: Int32 = -1
    let ours = unsafe ccurl_multi_ended(multi, &result) == easy
    #expect(ours)
    #expect(unsafe ccurl_private(easy) == mark)
    #expect(result == Int32(CCURL_RESULT_OK))
    #expect(!taken.bytes.isEmpty)
    #expect(unsafe ccurl_multi_ended(multi, &result) == nil)

    #expect(unsafe ccurl_multi_wake(multi) == 0)
    // Without the wake this would wait for ever.
    #expect(unsafe ccurl_multi_wait(multi, .max) == 0)
    #expect(unsafe ccurl_multi_remove(multi, easy) == 0)
    unsafe ccurl_easy_close(easy)
    #expect(unsafe ccurl_multi_close(multi) == 0)
  }

  private let thisFile = "file://" + #filePath

  private func fetchThisFile(_ easy: OpaquePointer, into taken: Bytes) {
    _ = unsafe ccurl_set_text(easy, CCURL_TEXT_URL, thisFile)
    _ = unsafe ccurl_set_writer(
      easy,
      { bytes, size, count, context in
        let taken = unsafe Unmanaged<Bytes>.fromOpaque(context!).takeUnretainedValue()
        let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
        unsafe taken.bytes.append(contentsOf: buffer)
        return size * count
      }, Unmanaged.passUnretained(taken).toOpaque())
  }
}

private final class Bytes {
  var bytes: [UInt8] = []
}
