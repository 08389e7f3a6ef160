/* Formatted output. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct sink {
	char *target; /* NULL: the console */
	size_t size;
	size_t count;
};

struct format {
	bool left, zero, plus, space, alternate, upper;
	int width, precision;
};

static void put(struct sink *sink, char character)
{
	if (!sink->target && !sink->size)
		putchar(character);
	else if (sink->count + 1 < sink->size)
		sink->target[sink->count] = character;
	sink->count++;
}

static void pad(struct sink *sink, int count, char with)
{
	while (count-- > 0)
		put(sink, with);
}

static void put_text(struct sink *sink, const struct format *format, const char *text, int length)
{
	int room = format->width - length;
	if (!format->left)
		pad(sink, room, ' ');
	for (int i = 0; i < length; i++)
		put(sink, text[i]);
	if (format->left)
		pad(sink, room, ' ');
}

static void put_number(struct sink *sink, const struct format *format, uint64_t value, unsigned base, const char *sign)
{
	const char *digits = format->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24];
	int at = sizeof text, signs = strlen(sign);
	while (value >> 32) {
		text[--at] = digits[value % base];
		value /= base;
	}
	for (uint32_t low = value; low; low /= base)
		text[--at] = digits[low % base];
	int length = sizeof text - at;
	int zeros = format->precision - length;
	if (format->precision < 0) {
		zeros = length ? 0 : 1;
		if (format->zero && !format->left && format->width > length + zeros + signs)
			zeros = format->width - length - signs;
	}
	if (base == 8 && format->alternate && zeros <= 0)
		zeros = 1;
	if (zeros < 0)
		zeros = 0;
	int room = format->width - length - zeros - signs;
	if (!format->left)
		pad(sink, room, ' ');
	while (*sign)
		put(sink, *sign++);
	pad(sink, zeros, '0');
	while (at < (int)sizeof text)
		put(sink, text[at++]);
	if (format->left)
		pad(sink, room, ' ');
}

static void print(struct sink *sink, const char *text, va_list list)
{
	for (; *text; text++) {
		if (*text != '%') {
			put(sink, *text);
			continue;
		}
		struct format format = {.precision = -1};
		for (text++;; text++) {
			if (*text == '-')
				format.left = true;
			else if (*text == '0')
				format.zero = true;
			else if (*text == '+')
				format.plus = true;
			else if (*text == ' ')
				format.space = true;
			else if (*text == '#')
				format.alternate = true;
			else
				break;
		}
		if (*text == '*') {
			format.width = va_arg(list, int);
			if (format.width < 0) {
				format.left = true;
				format.width = -format.width;
			}
			text++;
		} else
			for (; *text >= '0' && *text <= '9'; text++)
				format.width = format.width * 10 + *text - '0';
		if (*text == '.') {
			format.precision = 0;
			if (*++text == '*') {
				format.precision = va_arg(list, int);
				text++;
			} else
				for (; *text >= '0' && *text <= '9'; text++)
					format.precision = format.precision * 10 + *text - '0';
		}
		int longs = 0, shorts = 0;
		for (;; text++) {
			if (*text == 'l' || *text == 'j')
				longs += *text == 'j' ? 2 : 1;
			else if (*text == 'h')
				shorts++;
			else if (*text != 'z' && *text != 't')
				break;
		}
		switch (*text) {
		case 'd':
		case 'i': {
			int64_t value = longs > 1 ? va_arg(list, int64_t) : va_arg(list, int);
			if (shorts)
				value = shorts > 1 ? (signed char)value : (short)value;
			const char *sign = value < 0 ? "-" : format.plus ? "+" : format.space ? " " : "";
			put_number(sink, &format, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, sign);
			break;
		}
		case 'u':
		case 'x':
		case 'X':
		case 'o': {
			uint64_t value = longs > 1 ? va_arg(list, uint64_t) : va_arg(list, unsigned);
			if (shorts)
				value = shorts > 1 ? (unsigned char)value : (unsigned short)value;
			format.upper = *text == 'X';
			unsigned base = *text == 'u' ? 10 : *text == 'o' ? 8 : 16;
			const char *sign = base == 16 && format.alternate && value ? *text == 'X' ? "0X" : "0x" : "";
			put_number(sink, &format, value, base, sign);
			break;
		}
		case 'p':
			put_number(sink, &format, (size_t)va_arg(list, void *), 16, "0x");
			break;
		case 'c': {
			char character = va_arg(list, int);
			put_text(sink, &format, &character, 1);
			break;
		}
		case 's': {
			const char *string = va_arg(list, const char *);
			if (!string)
				string = "(null)";
			size_t length = format.precision < 0 ? strlen(string) : strnlen(string, format.precision);
			put_text(sink, &format, string, length);
			break;
		}
		case '%':
			put(sink, '%');
			break;
		default: /* shown as it stands */
			put(sink, '%');
			if (!*text)
				return;
			put(sink, *text);
		}
	}
}

int vprintf(const char *format, va_list list)
{
	struct sink sink = {NULL, 0, 0};
	print(&sink, format, list);
	return sink.count;
}

int printf(const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int count = vprintf(format, list);
	va_end(list);
	return count;
}

int vsnprintf(char *target, size_t size, const char *format, va_list list)
{
	char nowhere;
	struct sink sink = {size ? target : &nowhere, size ? size : 1, 0};
	print(&sink, format, list);
	if (size)
		target[sink.count < size ? sink.count : size - 1] = 0;
	return sink.count;
}

int snprintf(char *target, size_t size, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int count = vsnprintf(target, size, format, list);
	va_end(list);
	return count;
}

int sprintf(char *target, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int count = vsnprintf(target, __builtin_cheri_length_get(target) - __builtin_cheri_offset_get(target), format, list);
	va_end(list);
	return count;
}

int puts(const char *text)
{
	while (*text)
		putchar(*text++);
	return putchar('\n');
}
