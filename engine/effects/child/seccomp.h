// The system calls a child may not make.
#pragma once

#include <string>

namespace plenum::child {

// A seccomp program in the kernel's binary form, for bubblewrap to load; empty on processors it is
// not written for.
std::string seccomp_program();

}  // namespace plenum::child
