/* Threads that allocate, free, claim and read each other's objects, each on a quota of its own, while a short tick takes
   turns between them at any instruction. What is published is filled before, so whoever has claimed an object must see
   it filled and alive, whatever its owner does. */
#include <allocator.h>
#include <cheri.h>
#include <compartment.h>
#include <stdlib.h>
#include <thread.h>
#include <token.h>

#define THREADS 3
#define PLACES 3
#define CHECK(condition)                            \
	do {                                            \
		if (!(condition) && !failed_line) {         \
			failed_line = __LINE__;                 \
			failed_thread = (uint32_t)me->number;   \
		}                                           \
	} while (0)

uint32_t failed_line, failed_thread, finished, claims_seen, hazards_seen;
static void *volatile places[PLACES];

struct Worker {
	uint32_t number, random;
	AllocatorCapability quota;
};

static uint32_t draw(struct Worker *me, uint32_t limit)
{
	me->random = me->random * 1664525 + 1013904223;
	return (me->random >> 16) % limit;
}

static void fill(uint32_t *object)
{
	for (size_t i = 0; i < cheri_length_get(object) / 4; i++)
		object[i] = cheri_base_get(object) + i;
}

static bool is_zero(const uint32_t *object)
{
	for (size_t i = 0; i < cheri_length_get(object) / 4; i++)
		if (object[i])
			return false;
	return true;
}

static bool is_filled(const uint32_t *object)
{
	for (size_t i = 0; i < cheri_length_get(object) / 4; i++)
		if (object[i] != cheri_base_get(object) + i)
			return false;
	return true;
}

static void make(struct Worker *me)
{
	Timeout limit = {0, 3};
	uint32_t *object = heap_allocate(&limit, me->quota, 1 + draw(me, 200), draw(me, 8));
	if (!cheri_tag_get(object))
		return;
	CHECK(is_zero(object));
	fill(object);
	places[draw(me, PLACES)] = object;
}

static void claim(struct Worker *me, void *object)
{
	if (heap_claim(me->quota, object) < 0)
		return;
	claims_seen++;
	void *volatile mine = object;
	CHECK(cheri_tag_get(mine) && is_filled(mine));
	yield();
	CHECK(cheri_tag_get(mine) && is_filled(mine));
	CHECK(heap_free(me->quota, mine) == 0);
}

static void claim_for_now(struct Worker *me, void *object)
{
	Timeout limit = {0, 2};
	if (heap_claim_ephemeral(&limit, object, NULL) || !object)
		return;
	hazards_seen++;
	void *volatile mine = object;
	for (int turn = 0; turn < 3; turn++) {
		CHECK(cheri_tag_get(mine) && is_filled(mine));
		yield();
	}
}

static void seal(struct Worker *me, TokenKey key, TokenKey other)
{
	void *inside = NULL;
	void *sealed = token_sealed_unsealed_alloc(TimeoutNoWait, me->quota, key, 24, &inside);
	CHECK(cheri_tag_get(sealed) == cheri_tag_get(inside));
	if (!cheri_tag_get(sealed))
		return;
	CHECK(token_obj_unseal(key, sealed) == inside && !token_obj_unseal(other, sealed));
	CHECK(heap_free(me->quota, sealed) == -22 && token_obj_destroy(me->quota, other, sealed) == -22);
	CHECK(token_obj_destroy(me->quota, key, sealed) == 0);
	CHECK(token_obj_destroy(me->quota, key, sealed) == -22);
}

static void settle(struct Worker *me)
{
	finished++;
	while (finished < THREADS) {
		Timeout nap = {0, 1};
		thread_sleep(&nap, 0);
	}
	CHECK(heap_free_all(me->quota) >= 0);
	CHECK(heap_quota_remaining(me->quota) == QUOTA);
	finished++;
	while (finished < 2 * THREADS) {
		Timeout nap = {0, 1};
		thread_sleep(&nap, 0);
	}
	CHECK(heap_quarantine_empty() == 0);
	CHECK(heap_available() == HEAP_SIZE - 8);
	for (int i = 0; i < PLACES; i++)
		CHECK(!cheri_tag_get(places[i]));
}

static void work(AllocatorCapability quota)
{
	struct Worker self = {thread_id_get(), SEED + 77 * thread_id_get(), quota}, *me = &self;
	TokenKey key = token_key_new(), other = token_key_new();
	for (int round = 0; round < ROUNDS; round++) {
		void *object = places[draw(me, PLACES)];
		switch (draw(me, 10)) {
		case 0:
		case 1:
			make(me);
			break;
		case 2:
		case 3:
			heap_free(me->quota, object);
			break;
		case 4:
			claim(me, object);
			break;
		case 5:
		case 6:
		case 7:
		case 8:
			claim_for_now(me, object);
			break;
		default:
			seal(me, key, other);
		}
		if (draw(me, 40) == 0)
			heap_free_all(me->quota);
	}
	settle(me);
}

void __cheri_compartment("main") first(void)
{
	work(STATIC_SEALED_VALUE(q1));
}

void __cheri_compartment("main") second(void)
{
	work(STATIC_SEALED_VALUE(q2));
}

void __cheri_compartment("main") third(void)
{
	work(STATIC_SEALED_VALUE(q3));
}
