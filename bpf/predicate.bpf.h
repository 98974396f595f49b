/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where an event is matched: the rule's decision graph. Jumps go forwards only, and every term is read-only data, so
 * the verifier follows the graph of this very rule and removes the rest of the text.
 */
#ifndef SIG2PID_PREDICATE_BPF_H
#define SIG2PID_PREDICATE_BPF_H

#include "fields.bpf.h"

enum { WORDS = S2P_MAX_STRING / 8, GLOB_STEPS = 2 * 64 * S2P_MAX_STRING };

/* Compares whole words up to and with the literal's NUL; what lies behind it in the last word is masked. */
static __noinline bool equals_literal(const char* text, __u32 start, __u32 length) {
    for (__u32 i = 0; i < WORDS; i++) {
        if (i * 8 > length) {
            return true;
        }
        __u32 left = length + 1 - i * 8;
        __u64 mask = left >= 8 ? ~0ULL : (1ULL << (8 * left)) - 1;
        __u64 literal = literals.text[(start / 8 + i) & (S2P_TEXT_POOL / 8 - 1)];
        if ((((const __u64*)text)[i] ^ literal) & mask) {
            return false;
        }
    }
    return true;
}

static long compare_step(__u32 i, void* context) {
    struct scratch* scratch = *(struct scratch**)context;
    __u32 at = i & (S2P_MAX_STRING - 1);
    if (scratch->text[0][at] != scratch->text[1][at]) {
        scratch->differs = 1;
        return 1;
    }
    return scratch->text[0][at] == 0;
}

static __always_inline bool token_matches(const volatile struct s2p_glob* token, __u8 byte) {
    switch (token->kind) {
    case S2P_GLOB_LITERAL:
        return token->arg == byte;
    case S2P_GLOB_ANY:
        return true;
    case S2P_GLOB_SET:
        return literals.sets[token->arg & (S2P_MAX_SETS - 1)][byte >> 6] >> (byte & 63) & 1;
    }
    return false;
}

/* One step of the two-pointer match: on a mismatch the last star takes one byte more. Returns 1 when decided. */
static long glob_step(__u32 i, void* context) {
    struct scratch* scratch = *(struct scratch**)context;
    struct globbing* glob = &scratch->glob;
    __u8 byte = scratch->text[0][glob->at & (S2P_MAX_STRING - 1)];
    const volatile struct s2p_glob* token = &literals.globs[glob->token & (S2P_MAX_GLOBS - 1)];
    bool more = glob->token < glob->end;
    (void)i;
    if (more && token->kind == S2P_GLOB_STAR) {
        glob->token++;
        glob->star = glob->token;
        glob->mark = glob->at;
        return 0;
    }
    if (!byte) {
        glob->matched = !more;
        return 1;
    }
    if (more && token_matches(token, byte)) {
        glob->token++;
        glob->at++;
        return 0;
    }
    if (!glob->star) {
        return 1;
    }
    glob->token = glob->star;
    glob->at = ++glob->mark;
    return 0;
}

static __noinline bool matches_glob(struct scratch* scratch, __u32 first, __u32 tokens) {
    scratch->glob = (struct globbing){.token = first, .end = first + tokens};
    bpf_loop(GLOB_STEPS, glob_step, &scratch, 0);
    return scratch->glob.matched;
}

/* Of a string that goes on beyond its room only what does not depend on the rest is an answer. */
static __always_inline long judge_cut(const volatile struct s2p_term* term, bool matched) {
    if (term->op != S2P_GLOB) {
        return matched ? -1 : 0;
    }
    __u32 last = (term->text + term->length - 1) & (S2P_MAX_GLOBS - 1);
    return matched && literals.globs[last].kind == S2P_GLOB_STAR ? 1 : -1;
}

/* The text that was read, ended where its room ends. Returns whether it goes on beyond that. */
static __always_inline bool is_cut(char* text, long length) {
    if (length <= S2P_MAX_STRING) {
        return false;
    }
    text[S2P_MAX_STRING - 1] = 0;
    return true;
}

/* Two fields, of which the first is in its place. Of two that both go on and are the same so far nobody can tell. */
static __always_inline long equals_other(struct occurrence* event, __u32 other, struct scratch* scratch, bool cut) {
    long length = load_string(event, other, scratch->text[1]);
    if (length < 1) {
        return -1;
    }
    bool both = is_cut(scratch->text[1], length) && cut;
    scratch->differs = 0;
    bpf_loop(S2P_MAX_STRING, compare_step, &scratch, 0);
    if (scratch->differs || cut != (length > S2P_MAX_STRING)) {
        return 0;
    }
    return both ? -1 : 1;
}

/* 1 true, 0 false, negative when the string cannot be read, or its part that was read does not tell. */
static __noinline long test_string(struct occurrence* event, __u32 index) {
    const volatile struct s2p_term* term = &rule.term[index & (S2P_MAX_TERMS - 1)];
    __u32 zero = 0;
    struct scratch* scratch = bpf_map_lookup_elem(&scratches, &zero);
    long length = scratch ? load_string(event, term->field, scratch->text[0]) : -1;
    if (!scratch || length < 1) {
        return -1;
    }
    bool cut = is_cut(scratch->text[0], length);
    if (term->has_other) {
        return equals_other(event, term->other, scratch, cut);
    }
    bool matched = term->op == S2P_GLOB ? matches_glob(scratch, term->text, term->length)
                                        : equals_literal(scratch->text[0], term->text, term->length);
    return cut ? judge_cut(term, matched) : matched;
}

/* Not inlined: one text for all terms, or the verifier has thousands of dead instructions to remove. */
static __noinline long test_int(struct occurrence* event, __u32 index) {
    const volatile struct s2p_term* term = &rule.term[index & (S2P_MAX_TERMS - 1)];
    __u64 left = load_int(event, &rule.field[term->field & (S2P_MAX_FIELDS - 1)], term->from) & term->mask;
    __u64 right = term->has_other ? load_int(event, &rule.field[term->other & (S2P_MAX_FIELDS - 1)], term->other_from)
                                  : term->value;
    if (term->op == S2P_EQUAL) {
        return left == right;
    }
    if (term->is_signed) {
        return term->op == S2P_LESS ? (__s64)left < (__s64)right : (__s64)left <= (__s64)right;
    }
    return term->op == S2P_LESS ? left < right : left <= right;
}

/* 1 the event matches, 0 it does not, negative: it cannot be judged. */
static __always_inline long matches(struct occurrence* event) {
    __u32 next = rule.terms ? 0 : S2P_ACCEPT;
#pragma clang loop unroll(full)
    for (__u32 i = 0; i < S2P_MAX_TERMS; i++) {
        const volatile struct s2p_term* term = &rule.term[i];
        if (i >= rule.terms || next != i) {
            continue;
        }
        long result = term->is_string ? test_string(event, i) : test_int(event, i);
        if (result < 0) {
            return result;
        }
        next = result ? term->on_true : term->on_false;
    }
    return next == S2P_ACCEPT;
}

#endif
