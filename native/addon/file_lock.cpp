#include "addon/file_lock.h"

#include <cerrno>
#include <cstring>
#include <string>
#ifndef _WIN32
#include <sys/file.h>
#endif

#include "backend/error.h"

namespace glpose {

#ifdef _WIN32
int lock_file(int, bool) { return -1; }
#else
int lock_file(int fd, bool shared) {
  int status;
  do status = flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB);
  while (status != 0 && errno == EINTR);
  if (status == 0) return 1;
  if (errno == EWOULDBLOCK) return 0;
  if (errno == EBADF) throw Error("INTERNAL", "expected an open file for fd");
  return -1;  // ENOLCK, ENOSYS, ENOTSUP, and what network file systems answer besides
}
#endif

}  // namespace glpose
