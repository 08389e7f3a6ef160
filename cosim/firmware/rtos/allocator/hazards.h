/* How objects end, and the hazard slots that put it off. Every thread has two, which the switcher and
   heap_claim_ephemeral write; an object that a slot points to lives on without owner ("deferred"). */
#pragma once

#include "chunks.h"

/* End deferred objects that no slot protects any more; not `keep`, which is being claimed or ended. */
void hazards_recheck(Place keep);

/* End an object that nobody owns or claims. Is it gone? If a slot protects it, it is deferred. */
bool hazards_end(Place object);

/* End a claim's record, to which no slot can point. */
void hazards_end_record(Place record);

/* A deferred object has been claimed: it is an object as others again. */
void hazards_revive(Place object);
