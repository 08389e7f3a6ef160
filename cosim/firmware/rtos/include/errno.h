/* Error numbers of the RTOS. Services return them negated. 1 is a failed compartment, so the first fourteen are one
   higher than elsewhere. */
#pragma once

#define ECOMPARTMENTFAIL 1
#define EPERM 2
#define ENOENT 3
#define EAGAIN 12
#define EWOULDBLOCK EAGAIN
#define ENOMEM 13
#define EBUSY 16
#define EINVAL 22
#define ERANGE 34
#define EDEADLK 45
#define EPROTO 71
#define EOPNOTSUPP 95
#define ENOTSUP EOPNOTSUPP
#define ETIMEDOUT 110
#define EOVERFLOW 139
#define ENOTENOUGHSTACK 140
#define ENOTENOUGHTRUSTEDSTACK 141
