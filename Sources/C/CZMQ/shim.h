// libzmq with errno carried out of the call, so that no other call can overwrite it in between.
#pragma once
#include <zmq.h>

/// Number of bytes or 0 on success, -errno on failure.
static inline int czmq_status(int result) { return result < 0 ? -zmq_errno() : result; }

static inline int czmq_set_int(void *socket, int option, int value) {
  return czmq_status(zmq_setsockopt(socket, option, &value, sizeof value));
}
static inline int czmq_set_int64(void *socket, int option, int64_t value) {
  return czmq_status(zmq_setsockopt(socket, option, &value, sizeof value));
}
static inline int czmq_set_bytes(void *socket, int option, const void *value, size_t length) {
  return czmq_status(zmq_setsockopt(socket, option, value, length));
}
static inline int czmq_get_text(void *socket, int option, char *value, size_t capacity) {
  return czmq_status(zmq_getsockopt(socket, option, value, &capacity));
}
static inline int czmq_bind(void *socket, const char *endpoint) { return czmq_status(zmq_bind(socket, endpoint)); }
static inline int czmq_connect(void *socket, const char *endpoint) {
  return czmq_status(zmq_connect(socket, endpoint));
}
static inline int czmq_send(void *socket, const void *bytes, size_t length, int more) {
  return czmq_status(zmq_send(socket, bytes, length, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)));
}
static inline int czmq_receive(void *socket, zmq_msg_t *message) {
  return czmq_status(zmq_msg_recv(message, socket, ZMQ_DONTWAIT));
}
static inline int czmq_close(void *socket) { return czmq_status(zmq_close(socket)); }
static inline int czmq_terminate(void *context) { return czmq_status(zmq_ctx_term(context)); }
static inline int czmq_poll(zmq_pollitem_t *items, int count, long milliseconds) {
  return czmq_status(zmq_poll(items, count, milliseconds));
}

typedef struct {
  void *handle;
  /// errno when the handle is null.
  int error;
} czmq_made;

static inline czmq_made czmq_make_context(int io_threads) {
  czmq_made made = {zmq_ctx_new(), 0};
  if (made.handle == NULL) {
    made.error = zmq_errno();
  } else {
    zmq_ctx_set(made.handle, ZMQ_IO_THREADS, io_threads);
    zmq_ctx_set(made.handle, ZMQ_BLOCKY, 0);
  }
  return made;
}
static inline czmq_made czmq_make_socket(void *context, int kind) {
  czmq_made made = {zmq_socket(context, kind), 0};
  if (made.handle == NULL) made.error = zmq_errno();
  return made;
}
