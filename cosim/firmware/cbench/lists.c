/* Linked lists: build, reverse, merge sort, remove. */
struct node {
	struct node *next;
	short key, extra;
};
static struct node nodes[128];

static struct node *reverse(struct node *list)
{
	struct node *done = 0;
	while (list) {
		struct node *next = list->next;
		list->next = done;
		done = list;
		list = next;
	}
	return done;
}

static struct node *merge(struct node *a, struct node *b)
{
	struct node head, *tail = &head;
	while (a && b) {
		if (a->key <= b->key) {
			tail->next = a;
			a = a->next;
		} else {
			tail->next = b;
			b = b->next;
		}
		tail = tail->next;
	}
	tail->next = a ? a : b;
	return head.next;
}

static struct node *sort(struct node *list)
{
	if (!list || !list->next)
		return list;
	struct node *slow = list, *fast = list->next;
	while (fast && fast->next) {
		slow = slow->next;
		fast = fast->next->next;
	}
	struct node *half = slow->next;
	slow->next = 0;
	return merge(sort(list), sort(half));
}

int main(void)
{
	struct node *list = 0;
	unsigned seed = 7;
	for (int i = 0; i < 128; i++) {
		seed = seed * 1664525 + 1013904223;
		nodes[i].key = seed >> 20;
		nodes[i].extra = i;
		nodes[i].next = list;
		list = &nodes[i];
	}
	list = sort(reverse(list));
	int sum = 0, place = 0;
	for (struct node *at = list; at; at = at->next)
		sum += at->key * ++place ^ at->extra;
	return sum & 127;
}
