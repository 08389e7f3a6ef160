/* The loader: it reads the image's header and makes, out of the three roots, exactly the capabilities that the header
   lists (CP-40, CP-41). start.S calls it and erases it. */

#include "loader.h"

extern const char __image_header_end[], __thread_count[];

void loader_main(struct Handover *handover, const struct ImageHeader *header, void *memory, void *code, void *sealing)
{
	struct Loader loader;
	loader.memory = memory;
	loader.code = code;
	loader.sealing = sealing;
	loader.header = header;
	loader.headerEnd = cheri_address_get(__image_header_end);
	loader.nextKey = KEY_STATIC_FIRST;
	if (header->magic != HEADER_MAGIC)
		refuse(&loader, "this is no image for this loader; the magic number is", header->magic);
	loader.units = (const struct UnitHeader *)(header + 1);
	uint32_t count = header->libraries + header->compartments;
	if (count > (loader.headerEnd - cheri_address_get(loader.units)) / sizeof(struct UnitHeader))
		refuse(&loader, "more units than fit the header; their number is", count);
	const uint16_t *threadCount = (const uint16_t *)(loader.units + count);
	loader.threads = (const struct ThreadHeader *)(threadCount + 1);
	loader.threadCount = cheri_address_get(__thread_count);
	if (cheri_address_get(loader.threads + loader.threadCount) > loader.headerEnd)
		refuse(&loader, "more threads than fit the header; their number is", loader.threadCount);
	if (*threadCount != loader.threadCount)
		refuse(&loader, "another number of threads than the image was built for;", *threadCount);

	check_layout(&loader);
	load_switcher(&loader, handover);
	load_exports(&loader);
	load_keys(&loader);
	load_imports(&loader);
	load_relocations(&loader);
	load_threads(&loader, handover->threads);
	load_initialisers(&loader, handover);
}
