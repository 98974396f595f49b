// SPDX-License-Identifier: GPL-2.0-only
/* "PID SIG [VALUE]": decimal, separated by spaces or tabs; VALUE also in hexadecimal, and negative.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "internal.h"

/* The next word of @rest, or NULL. */
static char *next_word(char **rest)
{
	char *word;

	do {
		word = strsep(rest, " \t");
	} while (word && !*word);
	return word;
}

/* kstrtoint() alone would take a sign, too. */
static int parse_natural(const char *word, int *number)
{
	if (!word || !isdigit(*word))
		return -EINVAL;
	return kstrtoint(word, 10, number);
}

/* All that fits 64 bits, signed or not. */
static int parse_value(const char *word, s64 *value)
{
	unsigned long long natural = 0;
	int err;

	if (*word == '-')
		return kstrtoll(word, 0, value);
	if (!isdigit(*word))
		return -EINVAL;
	err = kstrtoull(word, 0, &natural);
	*value = (s64)natural;
	return err;
}

/**
 * sig2pid_parse - take a line apart
 * @line: the text, changed on the way; terminated by a NUL after @length bytes
 * @length: of the text
 * @request: what it says; undefined after an error
 *
 * Return: 0; -EINVAL not of the form, or PID 0, which would mean a group; -ERANGE a number that
 * is none of the kernel's.
 */
int sig2pid_parse(char *line, size_t length, struct sig2pid_request *request)
{
	char *rest = line, *word;
	int err;

	if (strlen(line) != length)
		return -EINVAL;
	err = parse_natural(next_word(&rest), &request->pid);
	if (err)
		return err;
	err = parse_natural(next_word(&rest), &request->sig);
	if (err)
		return err;
	if (request->pid == 0)
		return -EINVAL;
	word = next_word(&rest);
	request->has_value = word;
	if (!word)
		return 0;
	return next_word(&rest) ? -EINVAL : parse_value(word, &request->value);
}
