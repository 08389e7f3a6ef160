/* Atomic replacement of a word. */
#include "word.h"

bool locks_replace(volatile uint32_t *word, uint32_t expected, uint32_t desired)
{
	if (*word != expected)
		return false;
	*word = desired;
	return true;
}
