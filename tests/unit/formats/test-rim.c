/* formats/rim: base RIMs of tools in use, and what is none. */
#include "formats/rim.h"

#include <stdio.h>

#include "lib/check.h"

#define HASH "44aa336af4cb14a879432e53dd6571c7fa9bccafb75f488259262d6ea3a4d91b"
#define S256 "xmlns:h='http://www.w3.org/2001/04/xmlenc#sha256' h:hash"
#define ROOT "<SoftwareIdentity xmlns='http://standards.iso.org/iso/19770/-2/2015/schema.xsd' "
#define NAMED ROOT "name='n' version='1'>"
#define ENTITY "<Entity name='e'/>"
#define FILE1 "<File name='a' size='3' " S256 "='" HASH "'/>"
#define END "</SoftwareIdentity>"

static struct rim rim; /* large */

static enum rule
rule_of(const char *text)
{
    struct fault fault = {0};
    int r = rim_read(check_guarded(bytes_str(text)), &rim, &fault);

    CHECK(r >= 0 && (r == 0) == (fault.rule == RULE_NONE));
    return fault.rule;
}

static void
manifests_of_tools_in_use_are_read(void)
{
    CHECK_EQ(rim_read(check_vector("rim/hirs-laptop.swidtag"), &rim, NULL), 0);
    CHECK_BYTES(rim.name, bytes_str("Dell5580"));
    CHECK_BYTES(rim.version, bytes_str("0.1"));
    CHECK_BYTES(rim.tag_id, bytes_str("94f6b457-9ac9-4d35-9b3f-78804173b65a"));
    CHECK_BYTES(rim.entity, bytes_str("HIRS"));
    CHECK_BYTES(rim.binding, bytes_str("PC Client RIM"));
    CHECK_BYTES(rim.platform_maker, bytes_str("Example.com"));
    CHECK_BYTES(rim.platform_model, bytes_str("ProductA"));
    CHECK_BYTES(rim.platform_version, bytes_str("01"));
    CHECK_BYTES(rim.firmware_maker, bytes_str("Dell Inc."));
    CHECK_BYTES(rim.firmware_model, bytes_str("Latitude 5580"));
    CHECK_BYTES(rim.firmware_version, bytes_str("12"));
    CHECK(!rim.patch && !rim.corpus && !rim.supplemental && rim.n_other == 0);
    CHECK_EQ(rim.n_files, 1);
    CHECK_BYTES(rim.files[0].name, bytes_str("dell.5580.1.rimel"));
    CHECK_EQ(rim.files[0].size, 20113);
    CHECK(rim.files[0].has[HASH_SHA256] && !rim.files[0].has[HASH_SHA384]);
    CHECK_EQ(rim.files[0].hash[HASH_SHA256][0], 0xbc);
    CHECK_EQ(rim_read(check_vector("rim/rim-tool-sha384.swidtag"), &rim, NULL), 0);
    CHECK(rim.files[0].has[HASH_SHA384] && rim.files[0].hash[HASH_SHA384][47] == 0x62);
    CHECK_EQ(rim_read(check_vector("rim/hirs-timestamp.swidtag"), &rim, NULL), 0);
    CHECK_BYTES(rim.firmware_maker, bytes_str("BIOSVendorA"));
}

static void
only_the_root_s_own_children_count(void)
{
    CHECK_EQ(rule_of(NAMED ENTITY "<x><Entity name='f'/><Payload>" FILE1 "</Payload></x>"
                                  "<Payload><Directory name='d'><Directory name='e'>" FILE1
                                  "</Directory></Directory><y/></Payload><File name='b'/>" END),
             RULE_NONE);
    CHECK_EQ(rim.n_files, 1);
    CHECK_EQ(rim.n_other, 3);
    CHECK_BYTES(rim.entity, bytes_str("e"));
    CHECK_EQ(rule_of(NAMED
                     "<Signature xmlns='http://www.w3.org/2000/09/xmldsig#'>"
                     "<Payload xmlns='http://standards.iso.org/iso/19770/-2/2015/schema.xsd'>" FILE1
                     "</Payload></Signature>" ENTITY END),
             RULE_RIM_FILES);
    CHECK_EQ(rim.n_other, 0);
}

static void
what_lacks_a_part_is_no_base_rim(void)
{
    CHECK_EQ(rule_of(NAMED ENTITY "<Payload>" FILE1 "</Payload>" END), RULE_NONE);
    CHECK_EQ(rule_of("<SoftwareIdentity name='n' version='1'/>"), RULE_RIM_FORM);
    CHECK_EQ(rule_of(ROOT "version='1'>" ENTITY "<Payload>" FILE1 "</Payload>" END), RULE_RIM_FORM);
    CHECK_EQ(rule_of(ROOT "name='n'>" ENTITY "<Payload>" FILE1 "</Payload>" END), RULE_RIM_FORM);
    CHECK_EQ(rule_of(NAMED "<Payload>" FILE1 "</Payload>" END), RULE_RIM_FORM);
    CHECK_EQ(rule_of(NAMED ENTITY END), RULE_RIM_FILES);
    CHECK_EQ(rule_of(NAMED), RULE_XML_FORM);
    CHECK_EQ(rule_of("\x01"), RULE_XML_BYTES);
}

static void
kinds_of_tags_are_told(void)
{
    CHECK_EQ(rule_of(ROOT "name='n' version='1' patch='true' corpus='1' supplemental='0'>" ENTITY
                          "<Payload>" FILE1 "</Payload>" END),
             RULE_NONE);
    CHECK(rim.patch && rim.corpus && !rim.supplemental);
    CHECK_EQ(rule_of(ROOT "name='n' version='1' patch='yes'/>"), RULE_RIM_FORM);
    CHECK_EQ(rule_of(ROOT "name='n' version='1' corpus='2'/>"), RULE_RIM_FORM);
    CHECK_EQ(rule_of(ROOT "name='n' version='1' supplemental='TRUE'/>"), RULE_RIM_FORM);
}

static enum rule
file_rule(const char *file)
{
    char text[2048];

    snprintf(text, sizeof(text), NAMED ENTITY "<Payload>%s</Payload>" END, file);
    return rule_of(text);
}

static void
a_file_has_a_name_a_size_and_a_hash(void)
{
    CHECK_EQ(file_rule("<File size='3' " S256 "='" HASH "'/>"), RULE_RIM_FORM);
    CHECK_EQ(file_rule("<File name='a' " S256 "='" HASH "'/>"), RULE_RIM_FORM);
    CHECK_EQ(file_rule("<File name='a' size='-1' " S256 "='" HASH "'/>"), RULE_RIM_FORM);
    CHECK_EQ(file_rule("<File name='a' size='1234567890123' " S256 "='" HASH "'/>"), RULE_RIM_FORM);
    CHECK_EQ(file_rule("<File name='a' size='3'/>"), RULE_RIM_HASH);
    CHECK_EQ(file_rule("<File name='a' size='3' hash='" HASH "'/>"), RULE_RIM_HASH);
    CHECK_EQ(file_rule("<File name='a' size='3' " S256 "='" HASH "00'/>"), RULE_RIM_HASH);
    CHECK_EQ(file_rule("<File name='a' size='3' " S256 "='x'/>"), RULE_RIM_HASH);
    /* both names of SHA-384 at once */
    CHECK_EQ(file_rule("<File name='a' size='3' xmlns:p='http://www.w3.org/2001/04/xmlenc#sha384' "
                       "xmlns:q='http://www.w3.org/2001/04/xmldsig-more#sha384' "
                       "p:hash='" HASH HASH "' q:hash='" HASH HASH "'/>"),
             RULE_RIM_HASH);
    CHECK_EQ(file_rule(FILE1 FILE1), RULE_RIM_FILES);
}

static void
limits_are_met_and_not_passed(void)
{
    static char text[16384];

    for (unsigned extra = 0; extra < 2; extra++) {
        size_t n = (size_t)snprintf(text, sizeof(text), NAMED ENTITY "<Payload>");

        for (unsigned i = 0; i < RIM_FILES_MAX + extra; i++) {
            n += (size_t)snprintf(text + n, sizeof(text) - n,
                                  "<File name='%u' size='3' " S256 "='" HASH "'/>", i);
        }
        snprintf(text + n, sizeof(text) - n, "</Payload>" END);
        CHECK_EQ(rule_of(text), extra ? RULE_RIM_FILES : RULE_NONE);
        snprintf(text, sizeof(text), NAMED "<Entity name='%0*d'/><Payload>" FILE1 "</Payload>" END,
                 (int)(RIM_TEXT_MAX + extra), 7);
        CHECK_EQ(rule_of(text), extra ? RULE_RIM_FORM : RULE_NONE);
    }
}

static void
a_file_is_one_by_size_and_every_hash(void)
{
    struct hasher *hasher = hasher_new();
    struct rim_file file = {.size = 3};

    CHECK(hasher);
    file.has[HASH_SHA256] = file.has[HASH_SHA512] = true;
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA256, bytes_str("abc"), file.hash[HASH_SHA256]), 0);
    CHECK_EQ(hasher_bytes(hasher, HASH_SHA512, bytes_str("abc"), file.hash[HASH_SHA512]), 0);
    CHECK_EQ(rim_file_check(&file, hasher, bytes_str("abc")), 0);
    CHECK_EQ(rim_file_check(&file, hasher, bytes_str("abd")), 1);
    CHECK_EQ(rim_file_check(&file, hasher, bytes_str("abcd")), 1);
    file.hash[HASH_SHA512][63] ^= 1;
    CHECK_EQ(rim_file_check(&file, hasher, bytes_str("abc")), 1);
    hasher_freep(&hasher);
}

CHECK_MAIN(CASE(manifests_of_tools_in_use_are_read), CASE(only_the_root_s_own_children_count),
           CASE(what_lacks_a_part_is_no_base_rim), CASE(kinds_of_tags_are_told),
           CASE(a_file_has_a_name_a_size_and_a_hash), CASE(limits_are_met_and_not_passed),
           CASE(a_file_is_one_by_size_and_every_hash))
