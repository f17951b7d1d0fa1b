#!/usr/bin/env python3
"""assay quote check, from outside: forms of files, refusals by name, exit codes. Prints TAP."""
import base64
import json
import os
import subprocess
import sys
import tempfile

ASSAY = sys.argv[1]
VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors")
NONCE = "00112233445566778899aabbccddeeff00112233"
BOOTS = sorted(
    name for name in os.listdir(os.path.join(VECTORS, "boot"))
    if os.path.exists(os.path.join(VECTORS, "boot", name, "quote.msg")))
CASES = []


def case(function):
    CASES.append(function)
    return function


def vector(*parts):
    with open(os.path.join(VECTORS, *parts), "rb") as file:
        return file.read()


def boot(name="grub-sb-on", stem="", ak="pub"):
    """The arguments of a recorded quote: file contents by option, texts by option."""
    return {
        "ak": vector("boot", name, "ak%s.%s" % (stem, ak)),
        "quote": vector("boot", name, "quote%s.msg" % stem),
        "signature": vector("boot", name, "quote%s.sig" % stem),
        "pcr-values": vector("boot", name, "pcrs.json"),
        "nonce": NONCE,
        "pcrs": "sha1:0-14+sha256:0-14" if stem else "sha256:0-14",
    }


def run(arguments, json_out=True):
    with tempfile.TemporaryDirectory() as folder:
        line = [ASSAY, "quote", "check"] + (["--json"] if json_out else [])
        for option, value in arguments.items():
            if isinstance(value, bytes):
                path = os.path.join(folder, option)
                with open(path, "wb") as file:
                    file.write(value)
                value = path
            line += ["--" + option, value]
        done = subprocess.run(line, capture_output=True, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def judged(arguments):
    code, out, err = run(arguments)
    assert code in (0, 1), (code, out, err)
    answer = json.loads(out)
    assert answer["accepted"] == (code == 0), (code, out)
    assert (answer["fault"] is None) == answer["accepted"], out
    return answer


def refused(arguments, rule):
    answer = judged(arguments)
    assert not answer["accepted"] and answer["fault"]["rule"] == rule, answer
    return answer


def changed(data, at, value):
    return data[:at] + bytes([value]) + data[at + 1:]


@case
def recorded_quotes_are_accepted_in_every_form_of_key():
    assert len(BOOTS) == 7
    for name in BOOTS:
        for stem in ("", "-rsa"):
            public = judged(boot(name, stem))
            assert public["accepted"] and public["pcr_values"] == "values"
            assert public["ak"]["form"] == "TPM2B_PUBLIC" and public["ak"]["attributes_known"]
            assert public["weak"] == (["sha1-bank"] if stem else [])
            pem = judged(boot(name, stem, "pem"))
            assert pem["accepted"] and not pem["ak"]["attributes_known"]
            bare = boot(name, stem)
            bare["ak"] = bare["ak"][2:]
            assert judged(bare)["ak"]["form"] == "TPMT_PUBLIC"


@case
def a_wrapped_quote_is_the_same_quote():
    arguments = boot()
    arguments["quote"] = len(arguments["quote"]).to_bytes(2, "big") + arguments["quote"]
    assert judged(arguments)["accepted"]


@case
def without_values_it_says_that_nothing_was_compared():
    arguments = boot()
    del arguments["pcr-values"]
    answer = judged(arguments)
    assert answer["accepted"] and answer["checks"]["pcr-digest"] == "not-run"
    code, out, _ = run(arguments, json_out=False)
    assert code == 0 and "not compared" in out, out


@case
def a_pem_key_is_said_to_have_no_attributes():
    code, out, _ = run(boot(ak="pem"), json_out=False)
    assert code == 0 and "no attributes" in out, out


@case
def every_flipped_byte_is_refused_and_named():
    for option in ("quote", "signature"):
        arguments = boot()
        del arguments["pcr-values"]
        good = arguments[option]
        for at in range(len(good)):
            arguments[option] = changed(good, at, good[at] ^ 1)
            assert not judged(arguments)["accepted"], (option, at)


@case
def truncated_and_longer_files_are_refused():
    for option in ("quote", "signature", "ak"):
        good = boot()[option]
        for data in (b"", good[:1], good[:4], good[:-1], good + b"\0", good * 40, b"\xff" * 70):
            arguments = boot()
            arguments[option] = data
            code, _, _ = run(arguments)
            assert code == 1, (option, len(data), code)


@case
def other_nonces_are_refused():
    for nonce in ("", NONCE[:-2], NONCE + "00", NONCE[2:], "ff" * 32, "ff" * 100):
        arguments = boot()
        arguments["nonce"] = nonce
        answer = refused(arguments, "quote-nonce-differs")
        assert answer["fault"]["code"] == "QUOTE_NONCE"
        assert answer["checks"]["signature"] == "passed"


@case
def other_selections_are_refused():
    for stem, pcrs in (("", "sha256:0-15"), ("", "sha1:0-14"), ("", "sha256:0-14+sha1:none"),
                       ("-rsa", "sha256:0-14+sha1:0-14"), ("-rsa", "sha256:0-14")):
        arguments = boot(stem=stem)
        arguments["pcrs"] = pcrs
        assert refused(arguments, "quote-selection-differs")["checks"]["selection"] == "failed"


@case
def commas_and_ranges_mean_the_same():
    arguments = boot()
    arguments["pcrs"] = "sha256:14,0,1-12,13"
    assert judged(arguments)["accepted"]


@case
def other_types_and_magic_are_named():
    for low, rule in ((0x14, "attest-is-nv"), (0x17, "attest-is-certify"),
                      (0x19, "attest-is-time"), (0x1a, "attest-is-creation")):
        arguments = boot()
        arguments["quote"] = changed(arguments["quote"], 5, low)
        assert refused(arguments, rule)["checks"]["type"] == "failed"
    arguments["quote"] = changed(arguments["quote"], 0, 0)
    refused(arguments, "attest-magic")


@case
def pss_under_a_key_for_pkcs1_is_refused():
    arguments = boot(stem="-rsa")
    arguments["signature"] = changed(arguments["signature"], 1, 0x16)
    refused(arguments, "signature-scheme")
    arguments["ak"] = vector("boot", "grub-sb-on", "ak-rsa.pem")
    refused(arguments, "signature-wrong")


@case
def r_of_zero_is_refused():
    arguments = boot()
    good = arguments["signature"]
    arguments["signature"] = good[:6] + bytes(32) + good[38:]
    refused(arguments, "signature-wrong")


@case
def other_values_are_refused():
    values = json.loads(boot()["pcr-values"])
    arguments = boot()
    values["sha256"]["7"] = "00" * 32
    arguments["pcr-values"] = json.dumps(values).encode()
    refused(arguments, "quote-digest-differs")
    del values["sha256"]["7"]
    arguments["pcr-values"] = json.dumps(values).encode()
    assert refused(arguments, "quote-value-missing")["fault"]["event"] == 7


@case
def malformed_values_are_refused():
    for text in (b"", b"[]", b"{", b"7", b'{"sha256":[]}', b'{"md5":{}}', b'{"sha256":{"0":"00"}}',
                 b'{"sha256":{"24":"' + b"00" * 32 + b'"}}',
                 b'{"sha256":{"00":"' + b"00" * 32 + b'"}}',
                 b'{"sha256":{"0":7}}', b'{"sha256":{},"sha256":{}}', b"\xff\xfe", b"[" * 5000):
        arguments = boot()
        arguments["pcr-values"] = text
        refused(arguments, "quote-values-form")


@case
def quotes_of_other_projects_are_accepted():
    keylime = {
        "ak": vector("quote", "keylime", "ak.pub"),
        "quote": vector("quote", "keylime", "quote.out"),
        "signature": vector("quote", "keylime", "quotesig.out"),
        "nonce": vector("quote", "keylime", "rand.out").hex(),
        "pcrs": "sha256:15,16,22",
    }
    assert judged(keylime)["accepted"]
    keylime["ak"] = vector("quote", "keylime", "akpub.pem")
    assert judged(keylime)["accepted"]
    evidence = json.loads(vector("quote", "trustee", "tpm_evidence.json"))
    quote = base64.b64decode(evidence["tpm_quote"]["message"])
    size = int.from_bytes(quote[42:44], "big")
    pem = b"-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n" % b"\n".join(
        evidence["ak_public"].encode()[i:i + 64] for i in range(0, len(evidence["ak_public"]), 64))
    trustee = {
        "ak": pem,
        "quote": quote,
        "signature": base64.b64decode(evidence["tpm_quote"]["signature"]),
        "nonce": quote[44:44 + size].hex(),
        "pcrs": "sha256:0-23",
        "pcr-values": json.dumps(
            {"sha256": {str(i): v for i, v in enumerate(evidence["tpm_quote"]["pcrs"])}}).encode(),
    }
    assert size == 64 and judged(trustee)["accepted"]


@case
def a_log_must_replay_to_the_quote():
    log = vector("boot", "grub-sb-on", "binary_bios_measurements")
    arguments = dict(boot(), log=log)
    answer = judged(arguments)
    assert answer["accepted"] and answer["pcr_values"] == "log and values"
    del arguments["pcr-values"]
    refused(arguments, "quote-digest-differs")  # PCR 10 is IMA's
    arguments = dict(boot(), log=vector("boot", "tampered-cmdline", "binary_bios_measurements"))
    refused(arguments, "quote-digest-differs")
    for data in (b"", log[:-1], log[:100], b"\xff" * 64):
        answer = judged(dict(boot(), log=data))
        assert not answer["accepted"] and answer["fault"]["code"] == "LOG_PARSE", answer


@case
def only_the_command_line_gives_two():
    arguments = boot()
    for option, value in (("nonce", "0"), ("nonce", "xy"), ("pcrs", ""), ("pcrs", "sha256:24"),
                          ("pcrs", "sha256:0+sha256:1"), ("nonsense", "1")):
        code, _, err = run(dict(arguments, **{option: value}))
        assert code == 2 and "usage:" in err, (option, value, code)
    for option in ("ak", "quote", "signature", "nonce", "pcrs"):
        fewer = {name: value for name, value in arguments.items() if name != option}
        assert run(fewer)[0] == 2, option


def main():
    failed = False
    print("1..%d" % len(CASES))
    for number, function in enumerate(CASES, 1):
        try:
            function()
            print("ok %d %s" % (number, function.__name__))
        except Exception as error:  # a broken case must not hide the others
            failed = True
            print("# %s: %s" % (type(error).__name__, str(error)[:400]))
            print("not ok %d %s" % (number, function.__name__))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
