/* Circular doubly linked lists through members of the things they hold. A list is a link that belongs to none. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct Link {
	struct Link *next, *previous;
};

/* What holds this member: links are never narrowed, so they reach it. */
#define holder_of(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))

static inline void link_init(struct Link *link)
{
	link->next = link->previous = link;
}

static inline bool link_alone(const struct Link *link)
{
	return link->next == link;
}

static inline void link_insert_before(struct Link *place, struct Link *link)
{
	link->next = place;
	link->previous = place->previous;
	place->previous->next = link;
	place->previous = link;
}

/* Out of its list; nothing happens to one that is in none. */
static inline void link_remove(struct Link *link)
{
	link->previous->next = link->next;
	link->next->previous = link->previous;
	link_init(link);
}
