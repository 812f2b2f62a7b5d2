// Typed doors to libcurl. Options and infos come in one enumeration a kind of value, so that a text
// set where a number belongs does not compile; their numbers are curl's own, from the tables below,
// and curl.c checks every one of them. Handles are opaque; results are a ccurl_result or a
// ccurl_multi_result in an int, for curl may know newer ones.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define CCURL_TEXT_OPTIONS(ENTRY)                                                                  \
  ENTRY(URL, 10002) ENTRY(PROXY, 10004) ENTRY(RANGE, 10007) ENTRY(USERAGENT, 10018)                \
  ENTRY(SSLCERT, 10025) ENTRY(CUSTOMREQUEST, 10036) ENTRY(CAINFO, 10065) ENTRY(SSLKEY, 10087)      \
  ENTRY(CAPATH, 10097) ENTRY(ACCEPT_ENCODING, 10102) ENTRY(NOPROXY, 10177)                         \
  ENTRY(UNIX_SOCKET_PATH, 10231) ENTRY(PROTOCOLS_STR, 10318)

#define CCURL_NUMBER_OPTIONS(ENTRY)                                                                \
  ENTRY(LOW_SPEED_LIMIT, 19) ENTRY(LOW_SPEED_TIME, 20) ENTRY(SSLVERSION, 32)                       \
  ENTRY(NOPROGRESS, 43) ENTRY(NOBODY, 44) ENTRY(UPLOAD, 46) ENTRY(POST, 47)                        \
  ENTRY(FOLLOWLOCATION, 52) ENTRY(SSL_VERIFYPEER, 64) ENTRY(MAXCONNECTS, 71)                       \
  ENTRY(FRESH_CONNECT, 74) ENTRY(FORBID_REUSE, 75) ENTRY(HTTPGET, 80) ENTRY(SSL_VERIFYHOST, 81)    \
  ENTRY(HTTP_VERSION, 84) ENTRY(DNS_CACHE_TIMEOUT, 92) ENTRY(BUFFERSIZE, 98) ENTRY(NOSIGNAL, 99)   \
  ENTRY(TCP_NODELAY, 121) ENTRY(TIMEOUT_MS, 155) ENTRY(CONNECTTIMEOUT_MS, 156)                     \
  ENTRY(HTTP_TRANSFER_DECODING, 157) ENTRY(HTTP_CONTENT_DECODING, 158) ENTRY(TCP_KEEPALIVE, 213)   \
  ENTRY(TCP_KEEPIDLE, 214) ENTRY(TCP_KEEPINTVL, 215) ENTRY(EXPECT_100_TIMEOUT_MS, 227)             \
  ENTRY(PATH_AS_IS, 234) ENTRY(PIPEWAIT, 237) ENTRY(UPLOAD_BUFFERSIZE, 280)                        \
  ENTRY(HTTP09_ALLOWED, 285) ENTRY(MAXAGE_CONN, 288) ENTRY(MAXLIFETIME_CONN, 314)                  \
  ENTRY(QUICK_EXIT, 322) ENTRY(INFILESIZE_LARGE, 30115) ENTRY(POSTFIELDSIZE_LARGE, 30120)          \
  ENTRY(MAX_SEND_SPEED_LARGE, 30145) ENTRY(MAX_RECV_SPEED_LARGE, 30146)

#define CCURL_LIST_OPTIONS(ENTRY)                                                                  \
  ENTRY(HTTPHEADER, 10023) ENTRY(RESOLVE, 10203) ENTRY(CONNECT_TO, 10243)

#define CCURL_TEXT_INFOS(ENTRY)                                                                    \
  ENTRY(EFFECTIVE_URL, 0x100001) ENTRY(CONTENT_TYPE, 0x100012) ENTRY(REDIRECT_URL, 0x10001f)       \
  ENTRY(PRIMARY_IP, 0x100020) ENTRY(SCHEME, 0x100031)

#define CCURL_NUMBER_INFOS(ENTRY)                                                                  \
  ENTRY(RESPONSE_CODE, 0x200002) ENTRY(SSL_VERIFYRESULT, 0x20000d) ENTRY(OS_ERRNO, 0x200019)       \
  ENTRY(NUM_CONNECTS, 0x20001a) ENTRY(PRIMARY_PORT, 0x200028) ENTRY(LOCAL_PORT, 0x20002a)          \
  ENTRY(HTTP_VERSION, 0x20002e) ENTRY(SIZE_UPLOAD_T, 0x600007) ENTRY(SIZE_DOWNLOAD_T, 0x600008)    \
  ENTRY(CONTENT_LENGTH_DOWNLOAD_T, 0x60000f) ENTRY(TOTAL_TIME_T, 0x600032)                         \
  ENTRY(NAMELOOKUP_TIME_T, 0x600033) ENTRY(CONNECT_TIME_T, 0x600034)                               \
  ENTRY(PRETRANSFER_TIME_T, 0x600035) ENTRY(STARTTRANSFER_TIME_T, 0x600036)                        \
  ENTRY(APPCONNECT_TIME_T, 0x600038) ENTRY(RETRY_AFTER, 0x600039)

#define CCURL_RESULTS(ENTRY)                                                                       \
  ENTRY(OK, 0) ENTRY(UNSUPPORTED_PROTOCOL, 1) ENTRY(URL_MALFORMAT, 3)                              \
  ENTRY(COULDNT_RESOLVE_PROXY, 5) ENTRY(COULDNT_RESOLVE_HOST, 6) ENTRY(COULDNT_CONNECT, 7)         \
  ENTRY(WEIRD_SERVER_REPLY, 8) ENTRY(HTTP2, 16) ENTRY(PARTIAL_FILE, 18) ENTRY(WRITE_ERROR, 23)     \
  ENTRY(UPLOAD_FAILED, 25) ENTRY(READ_ERROR, 26) ENTRY(OUT_OF_MEMORY, 27)                          \
  ENTRY(OPERATION_TIMEDOUT, 28) ENTRY(RANGE_ERROR, 33) ENTRY(SSL_CONNECT_ERROR, 35)                \
  ENTRY(FILE_COULDNT_READ_FILE, 37) ENTRY(ABORTED_BY_CALLBACK, 42)                                 \
  ENTRY(BAD_FUNCTION_ARGUMENT, 43) ENTRY(TOO_MANY_REDIRECTS, 47) ENTRY(UNKNOWN_OPTION, 48)         \
  ENTRY(GOT_NOTHING, 52) ENTRY(SEND_ERROR, 55) ENTRY(RECV_ERROR, 56) ENTRY(SSL_CERTPROBLEM, 58)    \
  ENTRY(PEER_FAILED_VERIFICATION, 60) ENTRY(BAD_CONTENT_ENCODING, 61)                              \
  ENTRY(SEND_FAIL_REWIND, 65) ENTRY(SSL_CACERT_BADFILE, 77) ENTRY(AGAIN, 81)                       \
  ENTRY(NO_CONNECTION_AVAILABLE, 89) ENTRY(HTTP2_STREAM, 92) ENTRY(PROXY, 97)

#define CCURL_MULTI_OPTIONS(ENTRY)                                                                 \
  ENTRY(PIPELINING, 3) ENTRY(MAXCONNECTS, 6) ENTRY(MAX_HOST_CONNECTIONS, 7)                        \
  ENTRY(MAX_TOTAL_CONNECTIONS, 13) ENTRY(MAX_CONCURRENT_STREAMS, 16)

typedef enum {
#define CCURL_ENTRY(name, number) CCURL_TEXT_##name = number,
  CCURL_TEXT_OPTIONS(CCURL_ENTRY)
#undef CCURL_ENTRY
} ccurl_text;
typedef enum {
#define CCURL_ENTRY(name, number) CCURL_NUMBER_##name = number,
  CCURL_NUMBER_OPTIONS(CCURL_ENTRY)
#undef CCURL_ENTRY
} ccurl_number;
typedef enum {
#define CCURL_ENTRY(name, number) CCURL_LIST_##name = number,
  CCURL_LIST_OPTIONS(CCURL_ENTRY)
#undef CCURL_ENTRY
} ccurl_list_option;
typedef enum {
#define CCURL_ENTRY(name, number) CCURL_TEXT_INFO_##name = number,
  CCURL_TEXT_INFOS(CCURL_ENTRY)
#undef CCURL_ENTRY
} ccurl_text_info;
typedef enum {
#define CCURL_ENTRY(name, number) CCURL_NUMBER_INFO_##name = number,
  CCURL_NUMBER_INFOS(CCURL_ENTRY)
#undef CCURL_ENTRY
} ccurl_number_info;
enum {
#define CCURL_ENTRY(name, number) CCURL_RESULT_##name = number,
  CCURL_RESULTS(CCURL_ENTRY)
#undef CCURL_ENTRY
};
typedef enum {
#define CCURL_ENTRY(name, number) CCURL_MULTI_##name = number,
  CCURL_MULTI_OPTIONS(CCURL_ENTRY)
#undef CCURL_ENTRY
} ccurl_multi_option;

/// Values that options take and callbacks answer with.
enum {
  CCURL_HTTP_VERSION_1_1 = 2,
  CCURL_HTTP_VERSION_2TLS = 4,
  CCURL_SSLVERSION_TLSV1_2 = 6,
  CCURL_SEEK_OK = 0,
  CCURL_SEEK_FAIL = 1,
  CCURL_READ_ABORT = 0x10000000,
  CCURL_READ_PAUSE = 0x10000001,
  CCURL_WRITE_PAUSE = 0x10000001,
  CCURL_PAUSE_RECEIVING = 1,
  CCURL_PAUSE_SENDING = 4,
  CCURL_ERROR_SIZE = 256,
};

typedef struct ccurl_easy ccurl_easy;
typedef struct ccurl_multi ccurl_multi;
typedef struct ccurl_list ccurl_list;

/// Takes `size * count` bytes; fewer taken end the transfer with WRITE_ERROR.
typedef size_t (*ccurl_writer)(char *bytes, size_t size, size_t count, void *context);
/// Fills at most `size * count` bytes; 0 is the end, CCURL_READ_ABORT a refusal.
typedef size_t (*ccurl_reader)(char *bytes, size_t size, size_t count, void *context);
/// Moves the reader to an absolute offset (`origin` is always 0); CCURL_SEEK_OK or _FAIL.
typedef int (*ccurl_seeker)(void *context, int64_t offset, int origin);
/// Is told of progress at least once a second; anything but 0 aborts the transfer.
typedef int (*ccurl_progress)(
  void *context, int64_t download_total, int64_t downloaded, int64_t upload_total,
  int64_t uploaded);

/// Prepares the library, once a process and before any thread uses it.
int ccurl_prepare(void);
/// The library's version as text.
const char *ccurl_version(void);
/// The library's version as 0xXXYYZZ.
uint32_t ccurl_version_number(void);
/// One sentence for a result.
const char *ccurl_result_text(int result);
/// One sentence for a result of a multi call.
const char *ccurl_multi_result_text(int result);

/// A handle for one transfer after the other; null without memory.
ccurl_easy *ccurl_easy_open(void);
/// Gives the handle and its connections back.
void ccurl_easy_close(ccurl_easy *easy);
/// Forgets every option and keeps the connections.
void ccurl_easy_reset(ccurl_easy *easy);
/// Copies the text; null unsets it.
int ccurl_set_text(ccurl_easy *easy, ccurl_text option, const char *text);
/// Sets a number, as a long or as a 64-bit offset, whichever the option takes.
int ccurl_set_number(ccurl_easy *easy, ccurl_number option, int64_t number);
/// Uses the list, which must outlive the transfer; null unsets it.
int ccurl_set_list(ccurl_easy *easy, ccurl_list_option option, const ccurl_list *list);
/// Copies certificates in PEM form, to trust instead of the system's.
int ccurl_set_trusted_certificates(ccurl_easy *easy, const uint8_t *bytes, size_t count);
/// Copies the body of a POST.
int ccurl_set_post_body(ccurl_easy *easy, const uint8_t *bytes, size_t count);
int ccurl_set_writer(ccurl_easy *easy, ccurl_writer writer, void *context);
int ccurl_set_header_writer(ccurl_easy *easy, ccurl_writer writer, void *context);
int ccurl_set_reader(ccurl_easy *easy, ccurl_reader reader, void *context);
int ccurl_set_seeker(ccurl_easy *easy, ccurl_seeker seeker, void *context);
/// Sets the progress callback; it is called only while NOPROGRESS is 0.
int ccurl_set_progress(ccurl_easy *easy, ccurl_progress progress, void *context);
/// Has the reason of a failure written to `buffer`, CCURL_ERROR_SIZE bytes that outlive the handle.
int ccurl_set_error_buffer(ccurl_easy *easy, char *buffer);
/// Keeps a pointer with the handle, for telling handles of a multi apart.
int ccurl_set_private(ccurl_easy *easy, void *pointer);
/// The pointer that ccurl_set_private() kept.
void *ccurl_private(ccurl_easy *easy);
/// A text about the last transfer, owned by the handle; null when it is not known.
const char *ccurl_text_about(ccurl_easy *easy, ccurl_text_info info);
/// A number about the last transfer; -1 when it is not known.
int64_t ccurl_number_about(ccurl_easy *easy, ccurl_number_info info);
/// Transfers on the calling thread.
int ccurl_perform(ccurl_easy *easy);
/// Pauses the directions in the mask and lets the others go on.
int ccurl_pause(ccurl_easy *easy, int mask);

/// Appends a copy of `text` to a list that may be null; null without memory, the list untouched.
ccurl_list *ccurl_list_append(ccurl_list *list, const char *text);
void ccurl_list_close(ccurl_list *list);

/// A set of transfers on one thread; null without memory.
ccurl_multi *ccurl_multi_open(void);
/// Gives the set back; every transfer must have been removed.
int ccurl_multi_close(ccurl_multi *multi);
int ccurl_multi_set_number(ccurl_multi *multi, ccurl_multi_option option, int64_t number);
int ccurl_multi_add(ccurl_multi *multi, ccurl_easy *easy);
int ccurl_multi_remove(ccurl_multi *multi, ccurl_easy *easy);
/// Does what can be done without waiting; `running` receives how many transfers are left.
int ccurl_multi_perform(ccurl_multi *multi, int *running);
/// Waits for something to do, for ccurl_multi_wake(), or for the timeout.
int ccurl_multi_wait(ccurl_multi *multi, int timeout_milliseconds);
/// Ends a wait, from any thread.
int ccurl_multi_wake(ccurl_multi *multi);
/// A transfer that ended and its result; null when there is none.
ccurl_easy *ccurl_multi_ended(ccurl_multi *multi, int *result);
