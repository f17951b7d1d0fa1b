/* What is said of wrong sets, releases and lists, and of words that could be two things. */
#include <stdlib.h>

#include "lib/check.h"
#include "lib/policy-mistake.h"
#include "lib/policy-text.h"

#define GUID "9d132b61-59d5-4388-ab1c-185cfcb2eb92"

static void
sets_and_releases_are_checked(void)
{
    static const struct mistake mistakes[] = {
        {"set digests a { }\n", 1, 13, "empty"},
        {"set digests a { sha256:12 }\n", 1, 17, "64 hex digits, here are 2 characters"},
        {"set digests a { sha256:"
         "zz"
         " }\n",
         1, 17, "64 hex digits"},
        {"set digests a { 12 }\n", 1, 17, "a digest such as sha256"},
        {"set certs cert:a { " POLICY_DIGEST " }\n", 1, 11, "written `cert NAME"},
        {"set dbx cert:v { svn " GUID " 9.0 }\n", 1, 9, "written `cert NAME"},
        {"set dbx v { svn bootmgr 9.0 }\n", 1, 17, "by its GUID, in lower case"},
        {"set dbx v { svn 9D132B61-59D5-4388-AB1C-185CFCB2EB92 9.0 }\n", 1, 17, "in lower case"},
        {"set dbx v { svn \"" GUID "\" 9.0 }\n", 1, 17, "by its GUID"},
        {"set dbx v { svn }\n", 1, 17, "by its GUID"},
        {"set dbx v { svn " GUID " }\n", 1, 54, "MAJOR.MINOR"},
        {"set dbx v { svn " GUID " 9 }\n", 1, 54, "MAJOR.MINOR"},
        {"set dbx v { svn " GUID " 589824 }\n", 1, 54, "MAJOR.MINOR"},
        {"set dbx v { svn " GUID " 9. }\n", 1, 54, "MAJOR.MINOR"},
        {"set dbx v { svn " GUID " .9 }\n", 1, 54, "MAJOR.MINOR"},
        {"set dbx v { svn " GUID " 9.0.1 }\n", 1, 54, "MAJOR.MINOR"},
        {"set dbx v { svn " GUID " 65536.0 }\n", 1, 54, "MAJOR.MINOR"},
        {"set dbx v { svn " GUID " 0.65536 }\n", 1, 54, "MAJOR.MINOR"},
        {"set dbx v { svn " GUID " 0.0 }\n", 1, 54, "MAJOR.MINOR"},
        {"set dbx v { svn " GUID " \"9.0\" }\n", 1, 54, "MAJOR.MINOR"},
        {"set certs a { image ca }\ncert ca " POLICY_DIGEST "\n", 1, 21, "a digest such as"},
        {"set certs a { x509 tbs " POLICY_DIGEST " }\n", 1, 20, "a digest such as"},
        {"set digests os.k { " POLICY_DIGEST " }\nrelease os c 1 { }\n", 1, 13, "releases of os"},
        {"set certs os/c { " POLICY_DIGEST " }\nrelease os c 1 { }\n", 1, 11, "releases of os"},
        {"release os c 1 { k " POLICY_DIGEST " }\nset digests os.n { " POLICY_DIGEST " }\n", 2, 13,
         "releases of os"},
        {"set sbat a { shim 0 }\n", 1, 21, "1 at least"},
        {"set sbat a { shim 1 shim 2 }\n", 1, 10, "shim stands twice"},
        {"set dbx a next b { " POLICY_DIGEST " }\n", 1, 9, "no set of this name"},
        {"set dbx a next b { " POLICY_DIGEST " }\nset dbx b next a { " POLICY_DIGEST " }\n", 1, 9,
         "in a circle"},
        {"set certs a next b { " POLICY_DIGEST " }\nset dbx b { " POLICY_DIGEST " }\n", 1, 11,
         "only a dbx set"},
        {"set digests a { " POLICY_DIGEST " " POLICY_DIGEST " revoked }\n", 1, 13, "stands twice"},
        {"set digests a published 2026-02-30 { " POLICY_DIGEST " }\n", 1, 25, "a date such as"},
        {"set digests a version 0 { " POLICY_DIGEST " }\n", 1, 23, "from 1 on"},
        {"set digests a { " POLICY_DIGEST " }\nset digests a { " POLICY_DIGEST " }\n", 2, 13,
         "stands in line 1"},
        {"release os c 1 { kernel }\n", 1, 25, "a digest such as"},
        {"release o.s c 1 { }\n", 1, 9, "holds none of"},
        {"cert a234567890123456789012345678901234567890123456 " POLICY_DIGEST "\n", 1, 6, "longer"},
        {"release os c 1 { slots A A A A A A A A A A A A A A A A A A A A A A A A A A A }\n", 1, 74,
         "that many"},
        {"release os c 1 { variant { } }\n", 1, 26, "without events"},
        {"release os c 1 { overlap 3d }\n", 1, 9, "overlap needs"},
        {"release os c 1 { active 2026-02-01 retire 2026-01-01 }\n", 1, 9, "retires before"},
        {"release os c 1 { state good }\n", 1, 24, "a state is staged"},
        {"release os c 1 { initrd announced-by-device }\n", 1, 45, "signed-kernel"},
        {"release os c 1 { }\nrelease os c 1 { }\n", 2, 9, "above already"},
        {"set digests os.k { " POLICY_DIGEST " }\nrelease os c 1 { k " POLICY_DIGEST " }\n", 2, 18,
         "a set of this name stands in line 1"},
        {"cert a sha1:3a9c0000000000000000000000000000000000ff\n", 1, 6, "the sha256"},
        {"set certs a { image sha1:3a9c0000000000000000000000000000000000ff }\n", 1, 67, "sha256"},
    };

    EACH(mistakes)
}

static void
lists_are_checked(void)
{
    static const struct mistake mistakes[] = {
        {"cmdline a { requires ro }\n", 1, 13, "require, bind, allow, deny and other"},
        {"cmdline a { other warn }\n", 1, 9, "names nothing"},
        {"cmdline a { require \"a b\" }\n", 1, 27, "no blank"},
        {"cmdline a { allow ro quiet deny init=* }\n", 1, 28, "deny begins a line"},
        {"cmdline a { deny deny }\n", 1, 18, "deny begins a line"},
        {"cmdline a { require ro other warn }\n", 1, 24, "other begins a line"},
        {"cmdline a { require ro bind x={y} }\n", 1, 24, "bind begins a line"},
        {"grubcmd a { words set expect linux * }\n", 1, 23, "expect begins a line"},
        {"grubcmd a { expect linux * words set }\n", 1, 28, "words begins a line"},
        {"grubcmd a { expect other }\n", 1, 20, "other begins a line"},
        {"ima a { skip path /var/log/** deny path /usr/local }\n", 1, 31,
         "begins with / or memfd:"},
        {"ima a { skip path /var allow @s }\n", 1, 24, "begins with / or memfd:"},
        {"ima a { deny path usr/bin }\n", 1, 19, "begins with / or memfd:"},
        {"ima a { skip path memfd: }\n", 1, 19, "begins with / or memfd:"},
        {"ima a { skip path \"/a b\" }\n", 1, 19, "holds no blank"},
        {"cmdline a { require ro }\ncmdline a { require ro }\n", 2, 9, "already"},
        {"grubcmd a { word set }\n", 1, 13, "words, expect"},
        {"ima a { }\n", 1, 5, "names nothing"},
        {"ima a { skip path /a/**x*y }\n", 1, 19, "a / is wanted"},
        {"ima a { skip path /** /a**b/c*/*d** /a/***b }\n", 1, 37, "a / is wanted"},
        {"ima a { deny /x }\n", 1, 14, "digest @set or path"},
        {"ima a { skip path /a\n violations warn }\n", 2, 18, "max and a number"},
        {"ima a { skip path /a\n unknown warn for 1h then warn }\n", 2, 32, "something worse"},
        {"ima a { pcr 24 }\n", 1, 13, "a PCR from 1 to 23"},
        {"ima a { min-keys rsa-2048 }\n", 1, 9, "an ima block has"},
        {"ima a { signed @s }\nset digests s { " POLICY_DIGEST " }\n", 1, 16,
         "a set of the kind keys"},
        {"ima a { allow @s }\nset certs s { " POLICY_DIGEST " }\n", 1, 15,
         "of the kind digests or file"},
        {"ima a { signed @s }\nset certs s { " POLICY_DIGEST " }\n", 1, 16,
         "a set of the kind keys"},
    };

    EACH(mistakes)
}

/* A word of the block is a value where quotes say so. */
static void
words_of_a_block_are_values_in_quotes(void)
{
    CHECK_EQ(policy_text("policy p { }\ncmdline a { allow ro \"deny\" \"other\"\n deny init=* }\n"
                         "grubcmd g { expect \"words\" \"expect me\" }\n"
                         "ima i { skip path /a memfd:x memfd:* /usr/**.pyc }\n"),
             0);
    CHECK_EQ(policy_bundle.cmdlines[0].n_items, 4);
    CHECK_EQ(policy_bundle.items[1].kind, ITEM_ALLOW);
    CHECK_BYTES(policy_bundle.items[1].text, bytes_str("deny"));
    CHECK_EQ(policy_bundle.items[3].kind, ITEM_DENY);
    CHECK_BYTES(policy_bundle.items[4].text, bytes_str("words expect me"));
    CHECK_EQ(policy_bundle.imas[0].list.n_items, 4);
}

/* Each word was joined to a copy of all before it: 300 kB of them took gigabytes. */
static void
a_form_ends_at_its_bound(void)
{
    enum { WORDS = 150000 };
    static const char head[] = "grubcmd a { expect";
    size_t len = sizeof(head) - 1;
    char *text = check_keep(malloc(2 * WORDS + 64));

    memcpy(text, head, len);
    for (size_t i = 0; i < WORDS; i++) {
        memcpy(text + len, " x", 2);
        len += 2;
    }
    memcpy(text + len, "\n}\n", 4);
    CHECK_EQ(policy_text(text), 1);
    CHECK(policy_said.n_errors < 3);
    CHECK(strstr(policy_said.items[0].text, "longer than 128 characters") != NULL);
    CHECK_EQ(policy_said.items[0].column, 20 + 2 * 65);
}

CHECK_MAIN(CASE(sets_and_releases_are_checked), CASE(lists_are_checked),
           CASE(words_of_a_block_are_values_in_quotes), CASE(a_form_ends_at_its_bound))
