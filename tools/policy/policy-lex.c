#include "policy/policy-lex.h"

#include <errno.h>
#include <stdlib.h>

struct lexer {
    struct bytes in;
    size_t at;
    uint32_t line;
    size_t line_start;
    struct policy_say *say;
};

static uint32_t
column(const struct lexer *l)
{
    return (uint32_t)(l->at - l->line_start + 1);
}

static bool
blank_here(const struct lexer *l)
{
    uint8_t c = l->in.p[l->at];
    bool ends = c == '\r' && l->at + 1 < l->in.len && l->in.p[l->at + 1] == '\n';

    return c == ' ' || c == '\t' || ends;
}

static void
say_byte(const struct lexer *l, uint32_t line, uint32_t at, uint8_t byte)
{
    policy_say(l->say, line, at, false, "byte %02x: only printable ASCII is allowed", byte);
}

/* `@set #7` is not `@set#7`: the version would be lost in a comment. */
static void
check_comment(struct lexer *l, const struct policy_token *last)
{
    size_t next = l->at + 1;

    if (last && last->kind == LEX_WORD && last->text.len > 0 && last->text.p[0] == '@' &&
        next < l->in.len && l->in.p[next] >= '0' && l->in.p[next] <= '9') {
        policy_say(l->say, l->line, column(l), false,
                   "a comment begins here; a version stands at the name, as in @name#7, and a "
                   "comment has a blank before its number");
    }
}

/* Says the first byte that could hide from a reader what stands on the line. */
static void
skip_comment(struct lexer *l)
{
    bool said = false;

    for (; l->at < l->in.len && l->in.p[l->at] != '\n'; l->at++) {
        uint8_t c = l->in.p[l->at];

        if (!said && (c < ' ' || c > '~') && !blank_here(l)) {
            say_byte(l, l->line, column(l), c);
            said = true;
        }
    }
}

/* last: the token before, or NULL */
static void
skip_blanks(struct lexer *l, const struct policy_token *last)
{
    while (l->at < l->in.len && blank_here(l)) {
        l->at++;
    }
    if (l->at < l->in.len && l->in.p[l->at] == '#') {
        check_comment(l, last);
        skip_comment(l);
    }
}

/* A string ends on its line; there is no escape. */
static struct bytes
take_string(struct lexer *l)
{
    size_t start = ++l->at;
    struct bytes text;

    while (l->at < l->in.len && l->in.p[l->at] != '"' && l->in.p[l->at] != '\n') {
        l->at++;
    }
    text = bytes_of(l->in.p + start, l->at - start);
    if (l->at == l->in.len || l->in.p[l->at] != '"') {
        policy_say(l->say, l->line, (uint32_t)(start - l->line_start), false,
                   "the string has no end; a \" closes it on the same line");
    } else {
        l->at++;
    }
    return text;
}

static struct bytes
take_word(struct lexer *l)
{
    size_t start = l->at;

    while (l->at < l->in.len && !blank_here(l) && l->in.p[l->at] != '\n' && l->in.p[l->at] != '"') {
        l->at++;
    }
    return bytes_of(l->in.p + start, l->at - start);
}

static bool
printable(const struct lexer *l, const struct policy_token *token)
{
    for (size_t i = 0; i < token->text.len; i++) {
        if (token->text.p[i] < ' ' || token->text.p[i] > '~') {
            say_byte(l, token->line, token->column + (uint32_t)i, token->text.p[i]);
            return false;
        }
    }
    return true;
}

static struct policy_token
next(struct lexer *l)
{
    struct policy_token token = {.kind = LEX_END, .line = l->line, .column = column(l)};

    if (l->at == l->in.len) {
        return token;
    }
    if (l->in.p[l->at] == '\n') {
        token.kind = LEX_LINE;
        l->line++;
        l->line_start = ++l->at;
    } else if (l->in.p[l->at] == '"') {
        token.kind = LEX_STRING;
        token.text = take_string(l);
    } else {
        token.text = take_word(l);
        token.kind = bytes_equal(token.text, bytes_str("{"))   ? LEX_OPEN
                     : bytes_equal(token.text, bytes_str("}")) ? LEX_CLOSE
                                                               : LEX_WORD;
    }
    return token;
}

int
policy_lex(struct bytes source, struct policy_say *say, struct policy_token **ret_tokens)
{
    struct lexer l = {.in = source, .line = 1, .say = say};
    /* a token takes a byte at least, and the end is one more */
    struct policy_token *tokens = calloc(source.len + 1, sizeof(*tokens));
    size_t n = 0;

    if (!tokens) {
        return -ENOMEM;
    }
    do {
        skip_blanks(&l, n > 0 ? &tokens[n - 1] : NULL);
        tokens[n] = next(&l);
        n += printable(&l, &tokens[n]);
    } while (n == 0 || tokens[n - 1].kind != LEX_END);
    *ret_tokens = tokens;
    return 0;
}
