#include <curl/curl.h>

/* libcurl's setters and getters are variadic, which Swift does not import: one
 * function for each type of argument they take. */

static inline CURLcode mx_curl_set_long(CURL *curl, CURLoption option, long value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode mx_curl_set_offset(CURL *curl, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(curl, option, value);
}

/* libcurl copies strings, but not the bytes of CURLOPT_POSTFIELDS. */
static inline CURLcode mx_curl_set_string(CURL *curl, CURLoption option, const char *value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode mx_curl_set_bytes(CURL *curl, CURLoption option, const void *value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode mx_curl_set_list(CURL *curl, CURLoption option,
                                        struct curl_slist *value) {
  return curl_easy_setopt(curl, option, value);
}

static inline CURLcode mx_curl_set_body_callback(CURL *curl, curl_write_callback callback,
                                                 void *context) {
  CURLcode code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, callback);
  return code ? code : curl_easy_setopt(curl, CURLOPT_WRITEDATA, context);
}

static inline CURLcode mx_curl_set_header_callback(CURL *curl, curl_write_callback callback,
                                                   void *context) {
  CURLcode code = curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, callback);
  return code ? code : curl_easy_setopt(curl, CURLOPT_HEADERDATA, context);
}

static inline CURLcode mx_curl_set_read_callback(CURL *curl, curl_read_callback callback,
                                                 void *context) {
  CURLcode code = curl_easy_setopt(curl, CURLOPT_READFUNCTION, callback);
  return code ? code : curl_easy_setopt(curl, CURLOPT_READDATA, context);
}

static inline CURLcode mx_curl_get_long(CURL *curl, CURLINFO info, long *value) {
  return curl_easy_getinfo(curl, info, value);
}

static inline CURLcode mx_curl_get_offset(CURL *curl, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(curl, info, value);
}

static inline CURLcode mx_curl_get_string(CURL *curl, CURLINFO info, char **value) {
  return curl_easy_getinfo(curl, info, value);
}
