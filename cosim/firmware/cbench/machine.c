/* An interpreter of a small stack machine: switch, calls through tables, records. */
enum op { PUSH, ADD, SUB, MUL, DUP, SWAP, DROP, JNZ, LOAD, STORE, CALL, RET, HALT };
struct insn {
	unsigned char op;
	short arg;
};
struct machine {
	int stack[32];
	int memory[8];
	int top, pc, depth;
	int back[8];
	unsigned steps;
};
static const struct insn program[] = {
	{PUSH, 40}, {STORE, 0}, {PUSH, 0}, {STORE, 1}, {LOAD, 0}, {CALL, 13}, {LOAD, 1}, {ADD, 0}, {STORE, 1},
	{LOAD, 0}, {PUSH, 1}, {SUB, 0}, {CALL, 16}, {DUP, 0}, {MUL, 0}, {RET, 0}, {DUP, 0}, {STORE, 0}, {JNZ, 20},
	{HALT, 0}, {DROP, 0}, {RET, 0},
};

static void push(struct machine *m, int value) { m->stack[m->top++] = value; }
static int pop(struct machine *m) { return m->stack[--m->top]; }

static int step(struct machine *m)
{
	struct insn now = program[m->pc++];
	int a, b;
	m->steps++;
	switch (now.op) {
	case PUSH: push(m, now.arg); break;
	case ADD: b = pop(m); a = pop(m); push(m, a + b); break;
	case SUB: b = pop(m); a = pop(m); push(m, a - b); break;
	case MUL: b = pop(m); a = pop(m); push(m, a * b); break;
	case DUP: push(m, m->stack[m->top - 1]); break;
	case SWAP: b = pop(m); a = pop(m); push(m, b); push(m, a); break;
	case DROP: pop(m); break;
	case JNZ: if (pop(m)) m->pc = 4; break;
	case LOAD: push(m, m->memory[now.arg]); break;
	case STORE: m->memory[now.arg] = pop(m); break;
	case CALL: m->back[m->depth++ & 7] = m->pc; m->pc = now.arg; break;
	case RET: m->pc = m->back[--m->depth & 7]; break;
	case HALT: return 0;
	}
	return m->steps < 2000 && m->top < 30;
}

int main(void)
{
	struct machine m = {{0}};
	int (*run)(struct machine *) = step;
	while (run(&m))
		;
	return (m.memory[1] + m.steps + m.top) & 127;
}
