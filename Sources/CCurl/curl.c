// The bodies of the doors in CCurl.h. A handle of ours is curl's under another name: the casts
// below never change an address.
#include "CCurl.h"
#include <curl/curl.h>

#define CHECK_OPTION(name, number) \
  _Static_assert(CURLOPT_##name == number, "the option " #name " has another number");
CCURL_TEXT_OPTIONS(CHECK_OPTION)
CCURL_NUMBER_OPTIONS(CHECK_OPTION)
CCURL_LIST_OPTIONS(CHECK_OPTION)
#define CHECK_INFO(name, number) \
  _Static_assert((int)CURLINFO_##name == number, "the info " #name " has another number");
CCURL_TEXT_INFOS(CHECK_INFO)
CCURL_NUMBER_INFOS(CHECK_INFO)
#define CHECK_RESULT(name, number) \
  _Static_assert((int)CURLE_##name == number, "the result " #name " has another number");
CCURL_RESULTS(CHECK_RESULT)
#define CHECK_MULTI(name, number) \
  _Static_assert(CURLMOPT_##name == number, "the multi option " #name " has another number");
CCURL_MULTI_OPTIONS(CHECK_MULTI)
_Static_assert(CCURL_HTTP_VERSION_1_1 == (int)CURL_HTTP_VERSION_1_1, "HTTP/1.1");
_Static_assert(CCURL_HTTP_VERSION_2TLS == (int)CURL_HTTP_VERSION_2TLS, "HTTP/2 over TLS");
_Static_assert(CCURL_SSLVERSION_TLSV1_2 == (int)CURL_SSLVERSION_TLSv1_2, "TLS 1.2");
_Static_assert(CCURL_SEEK_OK == CURL_SEEKFUNC_OK, "seek done");
_Static_assert(CCURL_SEEK_FAIL == CURL_SEEKFUNC_FAIL, "seek failed");
_Static_assert(CCURL_READ_ABORT == CURL_READFUNC_ABORT, "abort of a reader");
_Static_assert(CCURL_READ_PAUSE == CURL_READFUNC_PAUSE, "pause of a reader");
_Static_assert(CCURL_WRITE_PAUSE == CURL_WRITEFUNC_PAUSE, "pause of a writer");
_Static_assert(CCURL_PAUSE_RECEIVING == CURLPAUSE_RECV, "pause of receiving");
_Static_assert(CCURL_PAUSE_SENDING == CURLPAUSE_SEND, "pause of sending");
_Static_assert(CCURL_ERROR_SIZE == CURL_ERROR_SIZE, "size of the error buffer");
_Static_assert(sizeof(curl_off_t) == sizeof(int64_t), "offsets have 64 bits");

static CURL *curl_of(ccurl_easy *easy) { return (CURL *)easy; }
static CURLM *multi_of(ccurl_multi *multi) { return (CURLM *)multi; }

int ccurl_prepare(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
const char *ccurl_version(void) { return curl_version(); }
uint32_t ccurl_version_number(void) { return curl_version_info(CURLVERSION_NOW)->version_num; }
const char *ccurl_result_text(int result) { return curl_easy_strerror((CURLcode)result); }
const char *ccurl_multi_result_text(int result) { return curl_multi_strerror((CURLMcode)result); }

ccurl_easy *ccurl_easy_open(void) { return (ccurl_easy *)curl_easy_init(); }
void ccurl_easy_close(ccurl_easy *easy) { curl_easy_cleanup(curl_of(easy)); }
void ccurl_easy_reset(ccurl_easy *easy) { curl_easy_reset(curl_of(easy)); }

int ccurl_set_text(ccurl_easy *easy, ccurl_text option, const char *text) {
  return curl_easy_setopt(curl_of(easy), (CURLoption)option, text);
}

int ccurl_set_number(ccurl_easy *easy, ccurl_number option, int64_t number) {
  if ((int)option >= CURLOPTTYPE_OFF_T)
    return curl_easy_setopt(curl_of(easy), (CURLoption)option, (curl_off_t)number);
  return curl_easy_setopt(curl_of(easy), (CURLoption)option, (long)number);
}

int ccurl_set_list(ccurl_easy *easy, ccurl_list_option option, const ccurl_list *list) {
  return curl_easy_setopt(
    curl_of(easy), (CURLoption)option, (struct curl_slist *)(uintptr_t)list);
}

int ccurl_set_trusted_certificates(ccurl_easy *easy, const uint8_t *bytes, size_t count) {
  struct curl_blob blob = {(void *)(uintptr_t)bytes, count, CURL_BLOB_COPY};
  return curl_easy_setopt(curl_of(easy), CURLOPT_CAINFO_BLOB, &blob);
}

int ccurl_set_post_body(ccurl_easy *easy, const uint8_t *bytes, size_t count) {
  // The size comes first: the copy is made when the bytes are set.
  CURLcode failed =
    curl_easy_setopt(curl_of(easy), CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
  if (failed) return failed;
  return curl_easy_setopt(
    curl_of(easy), CURLOPT_COPYPOSTFIELDS, count ? (const char *)bytes : "");
}

int ccurl_set_writer(ccurl_easy *easy, ccurl_writer writer, void *context) {
  CURLcode failed = curl_easy_setopt(curl_of(easy), CURLOPT_WRITEFUNCTION, writer);
  return failed ? failed : curl_easy_setopt(curl_of(easy), CURLOPT_WRITEDATA, context);
}

int ccurl_set_header_writer(ccurl_easy *easy, ccurl_writer writer, void *context) {
  CURLcode failed = curl_easy_setopt(curl_of(easy), CURLOPT_HEADERFUNCTION, writer);
  return failed ? failed : curl_easy_setopt(curl_of(easy), CURLOPT_HEADERDATA, context);
}

int ccurl_set_reader(ccurl_easy *easy, ccurl_reader reader, void *context) {
  CURLcode failed = curl_easy_setopt(curl_of(easy), CURLOPT_READFUNCTION, reader);
  return failed ? failed : curl_easy_setopt(curl_of(easy), CURLOPT_READDATA, context);
}

int ccurl_set_seeker(ccurl_easy *easy, ccurl_seeker seeker, void *context) {
  CURLcode failed = curl_easy_setopt(curl_of(easy), CURLOPT_SEEKFUNCTION, seeker);
  return failed ? failed : curl_easy_setopt(curl_of(easy), CURLOPT_SEEKDATA, context);
}

int ccurl_set_progress(ccurl_easy *easy, ccurl_progress progress, void *context) {
  CURLcode failed = curl_easy_setopt(curl_of(easy), CURLOPT_XFERINFOFUNCTION, progress);
  return failed ? failed : curl_easy_setopt(curl_of(easy), CURLOPT_XFERINFODATA, context);
}

int ccurl_set_error_buffer(ccurl_easy *easy, char *buffer) {
  return curl_easy_setopt(curl_of(easy), CURLOPT_ERRORBUFFER, buffer);
}

int ccurl_set_private(ccurl_easy *easy, void *pointer) {
  return curl_easy_setopt(curl_of(easy), CURLOPT_PRIVATE, pointer);
}

void *ccurl_private(ccurl_easy *easy) {
  char *pointer = NULL;
  return curl_easy_getinfo(curl_of(easy), CURLINFO_PRIVATE, &pointer) ? NULL : pointer;
}

const char *ccurl_text_about(ccurl_easy *easy, ccurl_text_info info) {
  char *text = NULL;
  return curl_easy_getinfo(curl_of(easy), (CURLINFO)info, &text) ? NULL : text;
}

int64_t ccurl_number_about(ccurl_easy *easy, ccurl_number_info info) {
  if (((int)info & CURLINFO_TYPEMASK) == CURLINFO_OFF_T) {
    curl_off_t offset = -1;
    return curl_easy_getinfo(curl_of(easy), (CURLINFO)info, &offset) ? -1 : offset;
  }
  long number = -1;
  return curl_easy_getinfo(curl_of(easy), (CURLINFO)info, &number) ? -1 : number;
}

int ccurl_perform(ccurl_easy *easy) { return curl_easy_perform(curl_of(easy)); }
int ccurl_pause(ccurl_easy *easy, int mask) { return curl_easy_pause(curl_of(easy), mask); }

ccurl_list *ccurl_list_append(ccurl_list *list, const char *text) {
  return (ccurl_list *)curl_slist_append((struct curl_slist *)list, text);
}

void ccurl_list_close(ccurl_list *list) { curl_slist_free_all((struct curl_slist *)list); }

ccurl_multi *ccurl_multi_open(void) { return (ccurl_multi *)curl_multi_init(); }
int ccurl_multi_close(ccurl_multi *multi) { return curl_multi_cleanup(multi_of(multi)); }

int ccurl_multi_set_number(ccurl_multi *multi, ccurl_multi_option option, int64_t number) {
  return curl_multi_setopt(multi_of(multi), (CURLMoption)option, (long)number);
}

int ccurl_multi_add(ccurl_multi *multi, ccurl_easy *easy) {
  return curl_multi_add_handle(multi_of(multi), curl_of(easy));
}

int ccurl_multi_remove(ccurl_multi *multi, ccurl_easy *easy) {
  return curl_multi_remove_handle(multi_of(multi), curl_of(easy));
}

int ccurl_multi_perform(ccurl_multi *multi, int *running) {
  return curl_multi_perform(multi_of(multi), running);
}

int ccurl_multi_wait(ccurl_multi *multi, int timeout_milliseconds) {
  return curl_multi_poll(multi_of(multi), NULL, 0, timeout_milliseconds, NULL);
}

int ccurl_multi_wake(ccurl_multi *multi) { return curl_multi_wakeup(multi_of(multi)); }

ccurl_easy *ccurl_multi_ended(ccurl_multi *multi, int *result) {
  int left;
  CURLMsg *message;
  while ((message = curl_multi_info_read(multi_of(multi), &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    *result = message->data.result;
    return (ccurl_easy *)message->easy_handle;
  }
  return NULL;
}
