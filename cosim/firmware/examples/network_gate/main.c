/* A program that may reach one host, and all the ways in which it does not get more than that. */
#include "net_gate.h"
#include <unwind.h>

#define QUOTA STATIC_SEALED_VALUE(ours)
#define POOR STATIC_SEALED_VALUE(poor)
#define HOST STATIC_SEALED_VALUE(example_org)

static void put(const char *text)
{
	volatile uint32_t *uart = MMIO_CAPABILITY(uint32_t, uart);
	while (*text)
		*uart = *text++;
}

static void say(const char *text, int number)
{
	char digits[12], *at = digits + sizeof digits - 1;
	unsigned rest = number < 0 ? -number : number;
	*at = 0;
	do
		*--at = '0' + rest % 10;
	while (rest /= 10);
	put(text);
	put(number < 0 ? ": -" : ": ");
	put(at);
	put("\n");
}

static int code_of(const void *result)
{
	return cheri_tag_get(result) ? 0 : (int)result;
}

static void read_inside(void *handle)
{
	*(volatile uint32_t *)handle;
}

void __cheri_compartment("main") run(void)
{
	put("1. Memory is the caller's.\n");
	say("lookup on a quota of 40 bytes", code_of(net_lookup(TimeoutNoWait, POOR, HOST)));
	say("left of it", heap_quota_remaining(POOR));
	ConnectionHandle connection = net_lookup(TimeoutNoWait, QUOTA, HOST);
	say("lookup on a quota of 4,096 bytes", code_of(connection));
	say("left of it", heap_quota_remaining(QUOTA));
	put("2. State is protected from the caller.\n");
	say("reading inside the connection faults", unwind_protect(read_inside, connection));
	say("opening it with a key of one's own", code_of(token_obj_unseal(token_key_new(), connection)));
	say("freeing it as heap memory", heap_free(QUOTA, connection));
	put("3. Access needs a right, first a static, then a dynamic one.\n");
	say("lookup with a quota for a host", code_of(net_lookup(TimeoutNoWait, QUOTA, (HostCapability)QUOTA)));
	say("lookup with a host that may not be used",
	    code_of(net_lookup(TimeoutNoWait, QUOTA, token_permissions_and(HOST, ~HostPermitUse))));
	say("connect with a host for a connection", net_connect(TimeoutNoWait, (ConnectionHandle)HOST));
	say("connect", net_connect(TimeoutNoWait, connection));
	say("connect with a right that was reduced",
	    net_connect(TimeoutNoWait, token_permissions_and(connection, ~HostPermitUse)));
	say("close", net_close(QUOTA, connection));
	say("connect with a right that is gone", net_connect(TimeoutNoWait, connection));
	say("left of the quota", heap_quota_remaining(QUOTA));
}
