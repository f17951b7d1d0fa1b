"""tpm.py TEST_TPM TPM_EXTEND: the claims of attestor/tpm/ against software TPMs."""

import hashlib
import os
import subprocess
import sys

import swtpm
import tap

TEST_TPM, TPM_EXTEND = sys.argv[1:3]
QUALIFYING = bytes(range(32)).hex()
SECRET = bytes(range(100, 132))
EK_KINDS = ("L-2 P-256", "H-2 P-256", "H-3 P-384", "L-1 RSA-2048", "H-1 RSA-2048")
EK_ATTRIBUTES = "fixedtpm|fixedparent|sensitivedataorigin|adminwithpolicy|restricted|decrypt"
POLICY_A = bytes.fromhex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa")


def run_tcti(tcti, *arguments):
    """Lines of test-tpm as a dictionary; "refused" is among them."""
    done = subprocess.run([TEST_TPM, tcti, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, check=False)
    assert done.returncode in (0, 1), (done.returncode, done.stderr)
    assert done.stderr == b"", done.stderr  # libraries do not print
    pairs = (line.split(" ", 1) for line in done.stdout.decode().splitlines())
    return {pair[0]: pair[1] if len(pair) > 1 else "" for pair in pairs}


def run(tpm, *arguments):
    out = run_tcti(tpm.tcti, *arguments)
    assert "refused" not in out, out
    return out


def refusal(tpm, *arguments):
    return run_tcti(tpm.tcti, *arguments).get("refused", "none").split()[:2]


def write(tpm, name, data):
    path = tpm.path(name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def openssl(*arguments, data=b"", check=True):
    done = subprocess.run(["openssl", *arguments], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done


def tpm2b(data):
    return len(data).to_bytes(2, "big") + data


def unframe(data):
    """The body of a 16-bit length and body, with nothing behind it."""
    length = int.from_bytes(data[:2], "big")
    assert len(data) == 2 + length
    return data[2:]


# Information, certificates, endorsement keys


def information_is_what_tpm2_tools_read(tpm):
    info = run(tpm, "info")
    assert info["manufacturer"] == "IBM" and info["revision"] == "164", info
    properties = tpm.tool("tpm2_getcap", "properties-fixed").decode()
    assert f"raw: 0x{int(info['firmware'], 16) >> 32:X}\n" in properties
    assert info["bank-sha256"] == "ffffff" and info["bank-sha512"] == "0", info


def counters_tell_reset_from_restart(tpm):
    before = run(tpm, "info")
    tpm.reset()
    reset = run(tpm, "info")
    assert int(reset["reset"]) == int(before["reset"]) + 1 and reset["restart"] == "0"
    tpm.restart()
    restart = run(tpm, "info")
    assert restart["reset"] == reset["reset"] and restart["restart"] == "1"


def certificates_are_nv_memory_byte_by_byte(tpm):
    certs = run(tpm, "certs")
    for index in ("01c00002", "01c00016"):
        assert bytes.fromhex(certs[index]) == tpm.tool("tpm2_nvread", "0x" + index)
    assert certs["chain"] == "" and certs["skipped"] == "0"


def ek_is_the_key_of_the_chosen_certificate(tpm):
    ek = run(tpm, "ek")
    assert ek["key"] == "H-3 P-384"
    cert = bytes.fromhex(run(tpm, "certs")["01c00016"])
    pem = openssl("x509", "-inform", "DER", "-pubkey", "-noout", data=cert).stdout
    spki = openssl("pkey", "-pubin", "-outform", "DER", data=pem).stdout
    assert spki.hex() == ek["spki"]
    assert hashlib.sha256(spki).hexdigest() == ek["fingerprint"]


def rsa_ek_is_the_key_of_its_certificate(tpm):
    cert = bytes.fromhex(run(tpm, "certs")["01c00002"])
    pem = openssl("x509", "-inform", "DER", "-pubkey", "-noout", data=cert).stdout
    spki = openssl("pkey", "-pubin", "-outform", "DER", data=pem).stdout
    assert spki.hex() == run(tpm, "ek", "L-1 RSA-2048")["spki"]


def name_is_the_digest_of_the_public_area(tpm):
    for kind, name_alg in (("L-1 RSA-2048", "sha256"), ("H-3 P-384", "sha384")):
        ek = run(tpm, "ek", kind)
        digest = hashlib.new(name_alg, bytes.fromhex(ek["public"])).hexdigest()
        assert ek["name"][4:] == digest


def without_certificates_the_ek_is_l1(bare):
    assert run(bare, "certs")["chosen"] == "L-1 RSA-2048"
    assert run(bare, "ek")["key"] == "L-1 RSA-2048"


def make_ek_like(bare, hierarchy):
    """A key with L-1's fields but another unique, at the EK's handle. Gives its name."""
    bare.tool("tpm2_createprimary", "-C", hierarchy, "-G", "rsa2048:aes128cfb", "-g", "sha256",
              "-a", EK_ATTRIBUTES, "-L", write(bare, "policy", POLICY_A), "-c", bare.path("ctx"))
    bare.tool("tpm2_evictcontrol", "-C", "o", "-c", bare.path("ctx"), "0x81010001")
    name = bare.tool("tpm2_readpublic", "-c", "0x81010001", "-n", bare.path("name"))
    assert name
    bare.tool("tpm2_flushcontext", "-t")
    return read(bare.path("name")).hex()


def persistent_ek_is_a_short_cut(bare):
    name = make_ek_like(bare, "e")
    assert run(bare, "ek")["name"] == name
    bare.tool("tpm2_evictcontrol", "-C", "o", "-c", "0x81010001")
    assert run(bare, "ek")["name"] != name


def key_of_another_hierarchy_at_the_ek_handle_is_not_used(bare):
    want = run(bare, "ek")["name"]
    assert make_ek_like(bare, "o") != want
    assert run(bare, "ek")["name"] == want
    bare.tool("tpm2_evictcontrol", "-C", "o", "-c", "0x81010001")


def nv_write(tpm, index, data):
    tpm.tool("tpm2_nvdefine", index, "-C", "p", "-s", str(len(data)), "-a",
             "ppwrite|ppread|ownerread|authread|no_da|platformcreate")
    tpm.tool("tpm2_nvwrite", index, "-C", "p", "-i", write(tpm, "nv", data))


def padding_order_and_chain_of_nv_are_kept(bare):
    padded = b"\x30\x02\x05\x00" + b"\xff" * 1500  # more than one TPM2_NV_Read
    nv_write(bare, "0x01c0001c", padded)
    nv_write(bare, "0x01c00101", b"second")
    nv_write(bare, "0x01c00100", b"first")
    bare.tool("tpm2_nvdefine", "0x01c00014", "-C", "p", "-s", "8", "-a",
              "ppwrite|ppread|ownerread|authread|no_da|platformcreate")
    certs = run(bare, "certs")
    assert bytes.fromhex(certs["01c0001c"]) == padded
    assert bytes.fromhex(certs["chain"]) == b"firstsecond"
    assert certs["skipped"] == "1" and "01c00014" not in certs  # never written
    assert certs["chosen"] == "H-6 RSA-3072"
    nv_write(bare, "0x01c0000a", b"\x30\x00")
    assert run(bare, "certs")["chosen"] == "L-2 P-256"
    assert run(bare, "ek")["key"] == "L-2 P-256"


# Attestation keys


def ak_is_one_per_site_and_kind(tpm):
    names = {run(tpm, "ak", site, kind)["name"]
             for site in ("site-a", "site-b") for kind in ("p256", "rsa")}
    assert len(names) == 4
    assert run(tpm, "ak", "site-a")["name"] == run(tpm, "ak", "site-a", "p256")["name"]


def ak_has_the_attributes_of_the_protocol(tpm):
    for kind in ("p256", "rsa"):
        public = run(tpm, "ak", "site-a", kind)["public"]
        assert public[4:16] == "000b00050472", public


def keys_survive_reset_restart_and_clear(tpm):
    wanted = [["ak", "site-a"], ["ak", "site-a", "rsa"], ["ek"], ["ek", "L-1 RSA-2048"]]
    before = [run(tpm, *verb) for verb in wanted]
    for change in (tpm.reset, tpm.restart, lambda: tpm.tool("tpm2_clear", "-c", "p")):
        change()
        assert [run(tpm, *verb) for verb in wanted] == before
    assert b"0x81010016" not in tpm.tool("tpm2_getcap", "handles-persistent")


# Credential activation


def make_credential(tpm, kind, secret=SECRET, site="site-a"):
    """TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET by tpm2-tools without a TPM, in hex."""
    public = write(tpm, "ek.pub", tpm2b(bytes.fromhex(run(tpm, "ek", kind)["public"])))
    out = tpm.path("credential")
    tpm.tool("tpm2_makecredential", "-T", "none", "-u", public, "-s",
             write(tpm, "secret", secret), "-n", run(tpm, "ak", site)["name"], "-o", out)
    blob = read(out)[8:]  # behind the tool's own magic and version
    cut = 2 + int.from_bytes(blob[:2], "big")
    return blob[:cut].hex(), blob[cut:].hex()


def every_kind_of_ek_opens_its_credential(tpm):
    for kind in EK_KINDS:
        blobs = make_credential(tpm, kind)
        assert run(tpm, "activate", "site-a", kind, *blobs)["secret"] == SECRET.hex(), kind


def credential_for_another_ak_is_foreign(tpm):
    for kind in ("L-1 RSA-2048", "H-3 P-384"):
        blobs = make_credential(tpm, kind, site="site-b")
        assert refusal(tpm, "activate", "site-a", kind, *blobs) == ["foreign", "1df"]


def changed_credential_is_foreign(tpm):
    blob, secret = make_credential(tpm, "L-2 P-256")
    last = f"{int(blob[-2:], 16) ^ 1:02x}"
    assert refusal(tpm, "activate", "site-a", "L-2 P-256", blob[:-2] + last, secret) == \
        ["foreign", "1df"]


def credential_of_another_length_is_refused(tpm):
    for length in (31, 33):
        blobs = make_credential(tpm, "L-2 P-256", secret=b"\x01" * length)
        assert refusal(tpm, "activate", "site-a", "L-2 P-256", *blobs)[0] == "blob", length


def blobs_end_where_they_say(tpm):
    blob, secret = make_credential(tpm, "L-2 P-256")
    for bad in ((blob + "00", secret), (blob, secret + "00"), (blob[:-2], secret),
                (blob, secret[:-2]), ("00", secret), ("ffff", secret)):
        assert refusal(tpm, "activate", "site-a", "L-2 P-256", *bad)[0] == "blob", bad


# Quotes


def der_signature(signature):
    """TPMT_SIGNATURE of ECDSA or RSASSA as OpenSSL wants it."""
    if signature[:2] == b"\x00\x14":
        return unframe(signature[4:])
    length = int.from_bytes(signature[4:6], "big")
    numbers = (signature[6:6 + length], unframe(signature[6 + length:]))
    body = b""
    for number in numbers:
        number = number.lstrip(b"\x00")
        number = (b"\x00" if number[0] >= 0x80 else b"") + number
        body += b"\x02" + bytes([len(number)]) + number
    return b"\x30" + bytes([len(body)]) + body


def signature_holds(tpm, spki, info, signature):
    done = openssl("dgst", "-sha256", "-verify", write(tpm, "spki", bytes.fromhex(spki)),
                   "-keyform", "DER", "-signature", write(tpm, "sig", der_signature(signature)),
                   data=info, check=False)
    return done.returncode == 0


def digest_of_values(quote):
    values = [bytes.fromhex(value) for name, value in quote.items()
              if name.rsplit("-", 1)[0] in ("sha1", "sha256", "sha384", "sha512")]
    return hashlib.sha256(b"".join(values)).hexdigest()


def quote_is_signed_by_the_ak(tpm):
    for kind in ("p256", "rsa"):
        quote = run(tpm, "quote", "site-a", kind, "sha256", "00ffff", QUALIFYING)
        info = unframe(bytes.fromhex(quote["info"]))
        signature = unframe(bytes.fromhex(quote["signature"]))
        assert signature_holds(tpm, quote["spki"], info, signature)
        assert not signature_holds(tpm, quote["spki"], info[:-1] + b"\x00", signature)
        assert bytes.fromhex(QUALIFYING) in info


def tpm2_tools_take_the_quote(tpm):
    quote = run(tpm, "quote", "site-a", "p256", "sha256", "00ffff", QUALIFYING)
    check = ["tpm2_checkquote", "-u", write(tpm, "ak", tpm2b(bytes.fromhex(quote["public"]))),
             "-m", write(tpm, "info", unframe(bytes.fromhex(quote["info"]))),
             "-s", write(tpm, "sig", unframe(bytes.fromhex(quote["signature"]))), "-q"]
    tpm.tool(*check, QUALIFYING)
    done = subprocess.run(check + ["00" * 32], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False)
    assert done.returncode != 0


def every_active_bank_is_in_the_quote(tpm):
    quote = run(tpm, "quote", "site-a", "p256", "sha384", "00ff00", QUALIFYING)
    assert [quote["bank-" + bank] for bank in ("sha1", "sha256", "sha384", "sha512")] == \
        ["ff", "ff", "ffff", "0"]
    assert digest_of_values(quote) == quote["digest"]


def unallocated_banks_are_named_and_cleared(bare):
    quote = run(bare, "quote", "site-a", "p256", "sha256", "00ffff", QUALIFYING)
    assert [quote["bank-" + bank] for bank in ("sha1", "sha256", "sha384", "sha512")] == \
        ["0", "ffff", "0", "0"]
    # signed: count 4, then 0004 03 000000, 000b 03 ffff00, 000c 03 000000, 000d 03 000000
    assert "00000004" "000403000000" "000b03ffff00" "000c03000000" "000d03000000" in quote["info"]
    assert digest_of_values(quote) == quote["digest"]


def bank_that_is_not_implemented_is_lacking(tpm):
    assert refusal(tpm, "quote", "site-a", "p256", "sm3_256", "ff", QUALIFYING)[0] == "lacks"


def values_that_differ_do_not_hold(tpm):
    assert run(tpm, "changed", "site-a") == {"before": "1", "after": "0"}


def own_quote_is_told_from_one_of_another_key(tpm):
    for kind in ("p256", "rsa"):
        assert run(tpm, "verify", "site-a", kind) == {"own": "ok", "others": "self"}


def extended_values_are_those_quoted(tpm):
    tpm.reset()
    digests = {alg: hashlib.new(alg, b"event").hexdigest() for alg in ("sha1", "sha256", "sha384")}
    words = " ".join(f"{alg}:{digest}" for alg, digest in digests.items())
    lines = f"# a log\n4 {words}\n\n" + f"14 sha256:{digests['sha256']}\n" * 200
    subprocess.run([TPM_EXTEND, tpm.tcti], input=lines.encode(), check=True, timeout=60)
    quote = run(tpm, "quote", "site-a", "p256", "sha256", "00ffff", QUALIFYING)
    for alg, digest in digests.items():
        zero = bytes(len(digest) // 2)
        want = hashlib.new(alg, zero + bytes.fromhex(digest)).hexdigest()
        assert quote[alg + "-4"] == want, alg
    value = bytes(32)
    for _ in range(200):
        value = hashlib.sha256(value + bytes.fromhex(digests["sha256"])).digest()
    assert quote["sha256-14"] == value.hex()
    assert digest_of_values(quote) == quote["digest"]


def extend_refuses_lines_that_are_none(tpm):
    for line in ("24 sha256:" + "00" * 32, "4", "4 sha256:00", "x sha256:" + "00" * 32,
                 "4 md5:" + "00" * 16, "4 sha256"):
        done = subprocess.run([TPM_EXTEND, tpm.tcti], input=line.encode(), check=False,
                              stderr=subprocess.DEVNULL, timeout=60)
        assert done.returncode == 1, line


def device_key_is_certified_by_the_ak(tpm):
    out = run(tpm, "certify", "site-a", QUALIFYING)
    info = unframe(bytes.fromhex(out["info"]))
    ak = run(tpm, "ak", "site-a")
    assert ak["public"] == out["ak"] and out["public"][4:16] == "000b00040472"
    assert signature_holds(tpm, ak["spki"], info, unframe(bytes.fromhex(out["signature"])))
    assert info[4:6] == b"\x80\x17" and bytes.fromhex(out["name"]) in info
    assert out["name"] != ak["name"]


# Slots, refusals


def twenty_rounds_leave_no_slot_taken(tpm):
    for site in ("site-a", "site-b"):  # the second is refused each time
        for kind in ("L-1 RSA-2048", "H-3 P-384"):
            blobs = make_credential(tpm, kind, site=site)
            assert run(tpm, "rounds", "site-a", kind, *blobs, "20")["round"] == "19"
    assert tpm.tool("tpm2_getcap", "handles-transient") == b""
    assert tpm.tool("tpm2_getcap", "handles-loaded-session") == b""


def full_tpm_is_told_and_left_empty(tpm):
    assert refusal(tpm, "hold", "4") == ["full", "902"]
    assert tpm.tool("tpm2_getcap", "handles-transient") == b""


def objects_of_others_are_left_alone(tpm):
    tpm.tool("tpm2_createprimary", "-C", "o", "-G", "ecc", "-c", tpm.path("other"))
    before = tpm.tool("tpm2_getcap", "handles-transient")
    assert before.startswith(b"- 0x80")
    run(tpm, "quote", "site-a", "p256", "sha256", "00ffff", QUALIFYING)
    assert refusal(tpm, "hold", "4")[0] == "full"
    assert tpm.tool("tpm2_getcap", "handles-transient") == before
    tpm.tool("tpm2_flushcontext", "-t")


def absent_unmanaged_and_mute_devices_differ(tpm):
    def outcome(tcti):
        return run_tcti(tcti, "info")["refused"].split()[0]

    os.mkdir(tpm.path("dev"))
    device = "device:" + tpm.path("dev/tpmrm0")
    assert outcome(device) == "absent"
    write(tpm, "dev/tpm0", b"")
    assert outcome(device) == "no-manager"
    write(tpm, "dev/tpmrm0", b"")
    assert outcome(device) == "talk"
    assert outcome("no-such-tcti:") == "talk"
    assert outcome("swtpm:path=" + tpm.path("nobody")) == "talk"


def relay(tpm, answer, count):
    script = os.path.join(os.path.dirname(swtpm.__file__), "tpm_relay.py")
    return f"cmd:exec {sys.executable} {script} {tpm.socket} {answer} {count}"


def busy_tpm_is_waited_for(tpm):
    for code in ("921", "920", "923"):
        out = run_tcti(relay(tpm, code, 2), "info")
        assert "refused" not in out and out["waited"] == "30", (code, out)  # 10 + 20 ms


def tpm_that_stays_busy_is_given_up(tpm):
    for code in ("922", "908", "90a", "921"):
        out = run_tcti(relay(tpm, code, 1000), "info")
        assert out["refused"].split()[:2] == ["busy", code] and out["waited"] == "70", (code, out)


def failure_mode_and_nonsense_are_told(tpm):
    assert run_tcti(relay(tpm, "101", 1000), "info")["refused"].split()[:2] == ["failure", "101"]
    assert run_tcti(relay(tpm, "garbage", 1000), "info")["refused"].split()[0] == "talk"


def endorsement_password_is_for_the_operator(bare):
    bare.tool("tpm2_changeauth", "-c", "e", "password")
    assert refusal(bare, "ak", "site-a") == ["auth", "9a2"]
    bare.tool("tpm2_changeauth", "-c", "e", "-p", "password")
    run(bare, "ak", "site-a")


def endorsement_hierarchy_may_be_off(bare):
    bare.tool("tpm2_hierarchycontrol", "-C", "p", "ehEnable", "clear")
    assert refusal(bare, "ak", "site-a") == ["disabled", "185"]


def main():
    if swtpm.missing():
        tap.skip_all("not installed: " + ", ".join(swtpm.missing()))
    with swtpm.Swtpm() as tpm, swtpm.Swtpm(banks="sha256", certs=False) as bare:
        rooms = {"tpm": tpm, "bare": bare}
        tap.run([(claim, rooms[claim.__code__.co_varnames[0]]) for claim in CLAIMS])


CLAIMS = (
    information_is_what_tpm2_tools_read, counters_tell_reset_from_restart,
    certificates_are_nv_memory_byte_by_byte, ek_is_the_key_of_the_chosen_certificate,
    rsa_ek_is_the_key_of_its_certificate, name_is_the_digest_of_the_public_area,
    without_certificates_the_ek_is_l1, persistent_ek_is_a_short_cut,
    key_of_another_hierarchy_at_the_ek_handle_is_not_used, padding_order_and_chain_of_nv_are_kept,
    ak_is_one_per_site_and_kind, ak_has_the_attributes_of_the_protocol,
    every_kind_of_ek_opens_its_credential, credential_for_another_ak_is_foreign,
    changed_credential_is_foreign, credential_of_another_length_is_refused,
    blobs_end_where_they_say, quote_is_signed_by_the_ak, tpm2_tools_take_the_quote,
    every_active_bank_is_in_the_quote, unallocated_banks_are_named_and_cleared,
    bank_that_is_not_implemented_is_lacking, values_that_differ_do_not_hold,
    own_quote_is_told_from_one_of_another_key, extended_values_are_those_quoted,
    extend_refuses_lines_that_are_none, device_key_is_certified_by_the_ak,
    twenty_rounds_leave_no_slot_taken, full_tpm_is_told_and_left_empty,
    objects_of_others_are_left_alone, absent_unmanaged_and_mute_devices_differ,
    busy_tpm_is_waited_for, tpm_that_stays_busy_is_given_up, failure_mode_and_nonsense_are_told,
    keys_survive_reset_restart_and_clear, endorsement_password_is_for_the_operator,
    endorsement_hierarchy_may_be_off,
)

if __name__ == "__main__":
    main()
