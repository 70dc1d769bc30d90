// Which network addresses an app may reach (specification section 19).
#pragma once

#include <sys/socket.h>

namespace plenum::http {

// Whether the address is global unicast: a public host, as far as the address can tell.  Private,
// loopback, link-local, shared, documentation, benchmark, multicast and tunnel ranges are not, nor
// is any family but IPv4 and IPv6; an IPv4 address inside IPv6 (::ffff:a.b.c.d) is judged as the
// IPv4 address.  Pure.
bool is_global_unicast(const sockaddr* address);
// The same for a numeric address as text ("10.0.0.1", "fe80::1%2"); false for anything that is no
// address.
bool is_global_unicast(const char* address);

}  // namespace plenum::http
