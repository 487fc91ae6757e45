#pragma once

namespace glpose {

/// Locks an open file until it is closed or its process ends, however it ends (BSD flock; Node has none). Does not wait.
/// @param shared whether others may hold it, too, all shared
/// @return 1 locked, 0 somebody else holds it, -1 the file system knows no locks
/// @throws Error where fd is no open file
int lock_file(int fd, bool shared);

}  // namespace glpose
