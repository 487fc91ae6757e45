#pragma once

namespace glpose {

/// Prints, as Markdown: what device cuda:0 can do at most, what each kernel takes beside that, and people a second.
void bench_gpu();

}  // namespace glpose
