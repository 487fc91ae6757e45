#pragma once

/// Marks a function for the host and, under a CUDA compiler, for the device too.
#ifdef __CUDACC__
#define GLPOSE_EVERYWHERE __host__ __device__
#else
#define GLPOSE_EVERYWHERE
#endif
