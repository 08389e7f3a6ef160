#include "report.h"

__cheriot_interrupts(disabled) void report_alloc(const struct Quota *quota, uint32_t size, uint32_t charge,
                                                  const void *result)
{
	observe_alloc(quota, size, charge, result);
}

__cheriot_interrupts(disabled) void report_free(const struct Quota *quota, const void *object,
                                                 enum ObserveAction action)
{
	observe_free(quota, object, action);
}

__cheriot_interrupts(disabled) void report_claim(const struct Quota *quota, const void *object, uint32_t count)
{
	observe_claim(quota, object, count);
}
