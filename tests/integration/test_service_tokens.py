#!/usr/bin/env python3
"""service_tokens.py ASSAY VERIFIER ATTESTOR TPM_EXTEND NPM_SOURCE NPM_BUILD [CASE…]: tokens of the
running service in the hands of stock libraries, by the keys that it publishes."""

import base64
import hashlib
import json
import os
import sys
import time

import readers
import realsite
import tap
from realsite import read, run, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
NPM_SOURCE, NPM_BUILD = sys.argv[5:7]
ISS = "https://127.0.0.1"
OK = 0


def on_a_site(*audiences, bind="no"):
    """Gives the case a site whose one device has been affirmed for these audiences."""
    def before(site, device):
        names = [word.split(":")[1].split(",")[0] for word in audiences]
        device.configure(audiences=", ".join(names), bind=bind)
        device.boot()
        site.affirmed(device)
        set_audiences(site, *audiences)
        assert device.attest(OK)["tier"] == "affirming"
    return realsite.on_a_site(PROGRAMS, before)


def set_audiences(site, *audiences):
    words = [word for audience in audiences for word in ("--audience", audience)]
    site.assay("class", "add", "laptops", *words)


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parts(token):
    header, payload, _ = token.decode().split(".")
    return json.loads(unb64(header)), json.loads(unb64(payload))


def public(site, name):
    return os.path.join(site.state, "public", name)


def job(site, token, **changes):
    """What a relying party does with a token: all that it holds it against."""
    jwt = token[:1] == b"e"
    return {"kind": "jwt" if jwt else "cwt", "token": base64.b64encode(token).decode(),
            "keys": public(site, "jwks.json" if jwt else "keys.cbor"), "iss": ISS, "aud": "wiki",
            "now": int(time.time()), **changes}


def asked(*jobs):
    return readers.ask(NPM_BUILD, jobs)


def flipped(token, jwt):
    """A token with one place changed, for places all over it."""
    for at in [*range(0, len(token), max(1, len(token) // 48)), len(token) - 1]:
        byte = token[at] ^ 1
        if jwt and at == len(token) - 1:
            byte = ord("A") if token[at] != ord("A") else ord("Q")  # the last two bits are unused
        yield token[:at] + bytes([byte]) + token[at + 1:]


def refuses_what_it_must(site, token, alg="ES256"):
    jwt = token[:1] == b"e"
    good, aud, iss, late, early = asked(
        job(site, token, alg=alg), job(site, token, alg=alg, aud="elsewhere"),
        job(site, token, alg=alg, iss="https://elsewhere"),
        job(site, token, alg=alg, now=int(time.time()) + 301),
        job(site, token, alg=alg, now=int(time.time()) - 3600))
    assert good["ok"], good
    assert not any(answer["ok"] for answer in (aud, iss, late, early)), (aud, iss, late, early)
    answers = asked(*[job(site, one, alg=alg) for one in flipped(token, jwt)])
    assert not any(answer["ok"] for answer in answers), answers
    return good["claims"]


@on_a_site("bearer:wiki")
def jose_takes_the_es256_jwt_by_the_published_keys(site, device):
    token = read(device.path("tokens", "wiki.jwt"))
    header, _ = parts(token)
    assert header["alg"] == "ES256" and header["typ"] == "JWT", header
    claims = refuses_what_it_must(site, token)
    assert claims["device_compliant"] is True and claims["device_trust"] == "affirming", claims
    assert claims["ear.status"] == "affirming" and "cnf" not in claims, claims


@on_a_site("bearer:wiki,rs256")
def jose_takes_the_rs256_jwt_by_the_published_keys(site, device):
    token = read(device.path("tokens", "wiki.jwt"))
    header, _ = parts(token)
    assert header["alg"] == "RS256" and len(token) <= 2048, (header, len(token))
    refuses_what_it_must(site, token, alg="RS256")
    assert not asked(job(site, token, alg="ES256"))[0]["ok"]
    done = run(PROGRAMS.assay, "token", "verify", "--keys", public(site, "jwks.json"), "--aud",
               "wiki", device.path("tokens", "wiki.jwt"))
    assert done.code == 0, done


@on_a_site("bearer:wiki")
def an_independent_reader_takes_the_cwt(site, device):
    claims = refuses_what_it_must(site, read(device.path("tokens", "token.cwt")))
    assert claims["1000"] == 2 and claims["2"].startswith("urn:dev:ueid:"), claims


@on_a_site("bearer:wiki")
def the_key_set_has_token_keys_only_and_each_is_named(site, device):
    keys = json.loads(read(public(site, "jwks.json")))["keys"]
    assert [key["alg"] for key in keys] == ["ES256", "RS256"], keys
    assert len({key["kid"] for key in keys}) == 2
    assert all(key["use"] == "sig" and not set(key) & {"d", "p", "q"} for key in keys), keys
    header, _ = parts(read(device.path("tokens", "wiki.jwt")))
    assert header["kid"] == keys[0]["kid"]


@on_a_site("bearer:wiki,pairwise", "bearer:mail,pairwise", "bearer:door")
def pairwise_names_tell_two_audiences_nothing(_, device):
    claims = [parts(read(device.path("tokens", f"{name}.jwt")))[1]
              for name in ("wiki", "mail", "door")]
    assert len({one["sub"] for one in claims}) == 3, claims
    assert len({one["device_boot_id"] for one in claims}) == 3, claims
    assert all(one["sub"].startswith("urn:dev:ueid:") for one in claims), claims
    before = claims[0]["sub"]
    device.attest(OK)
    assert parts(read(device.path("tokens", "wiki.jwt")))[1]["sub"] == before


@on_a_site("bearer:wiki,ear-2026", "bearer:mail")
def each_audience_reads_ear_in_its_own_spelling(_, device):
    new, old = [parts(read(device.path("tokens", f"{name}.jwt")))[1] for name in ("wiki", "mail")]
    assert new["ear_status"] == "affirming" and "ear.status" not in new, new
    assert old["ear.status"] == "affirming" and "ear_status" not in old, old
    assert new["eat_profile"] != old["eat_profile"]


def thumbprint(spki):
    """RFC 7638, of a P-256 key."""
    x, y = spki[-64:-32], spki[-32:]
    jwk = {"crv": "P-256", "kty": "EC", "x": b64(x), "y": b64(y)}
    return b64(hashlib.sha256(json.dumps(jwk, separators=(",", ":")).encode()).digest())


@on_a_site("bound:wiki", "bound:mail,rs256", "bound:door,x5t", bind="key")
def a_bound_token_names_the_key_of_the_tpm(site, device):
    assert device.tokens() == ["device-key.der", "mail.jwt", "token.cwt", "wiki.jwt"]
    jkt = thumbprint(read(device.path("tokens", "device-key.der")))
    token = read(device.path("tokens", "wiki.jwt"))
    assert refuses_what_it_must(site, token)["cnf"] == {"jkt": jkt}
    mail = asked(job(site, read(device.path("tokens", "mail.jwt")), aud="mail", alg="RS256"))[0]
    assert mail["ok"] and mail["claims"]["cnf"] == {"jkt": jkt}, mail
    cwt = refuses_what_it_must(site, read(device.path("tokens", "token.cwt")))
    assert cwt["8"] == {"jkt": unb64(jkt).hex()}, cwt
    done = run(PROGRAMS.assay, "token", "verify", "--keys", public(site, "jwks.json"), "--json",
               device.path("tokens", "wiki.jwt"))
    assert json.loads(done.out)["claims"]["cnf"] == {"jkt": jkt}, done
    device.tpm.reset()
    device.boot()
    device.attest(OK)  # the same key after a reboot
    assert parts(read(device.path("tokens", "wiki.jwt")))[1]["cnf"] == {"jkt": jkt}


@on_a_site("bound:wiki", "bound:door,x5t", bind="certificate")
def a_bound_token_names_the_certificate_for_mutual_tls(_, device):
    digest = b64(hashlib.sha256(read(device.path("tokens", "device-cert.der"))).digest())
    door = parts(read(device.path("tokens", "door.jwt")))[1]
    assert door["cnf"] == {"x5t#S256": digest}, door
    assert "jkt" in parts(read(device.path("tokens", "wiki.jwt")))[1]["cnf"]


@on_a_site("bound:wiki", "bearer:mail")
def without_a_key_a_bound_audience_gets_nothing(_, device):
    assert device.tokens() == ["mail.jwt", "token.cwt"]
    assert "cnf" not in parts(read(device.path("tokens", "mail.jwt")))[1]


@on_a_site("bearer:wiki")
def a_site_of_before_gains_its_keys_by_another_setup(site, device):
    assert site.stop() == 0
    for name in ("token-rsa.key", "pairwise-key"):
        os.unlink(os.path.join(site.etc, "keys", name))
    site.start()
    assert len(json.loads(read(public(site, "jwks.json")))["keys"]) == 1
    assert device.attest(OK)["tier"] == "affirming"
    for word in ("bearer:wiki,rs256", "bearer:wiki,pairwise"):
        done = site.ask("class", "add", "laptops", "--audience", word)
        assert done.code == 1 and "assay setup" in done.err, done
    kept = read(os.path.join(site.etc, "keys", "token.key"))
    site.setup()
    assert read(os.path.join(site.etc, "keys", "token.key")) == kept
    assert site.stop() == 0
    site.start()
    set_audiences(site, "bearer:wiki,rs256,pairwise")
    device.attest(OK)
    assert parts(read(device.path("tokens", "wiki.jwt")))[0]["alg"] == "RS256"


@on_a_site("bearer:wiki")
def keys_that_are_damaged_or_open_stop_the_verifier(site, _):
    def problem(name, content, mode=0o600):
        path = os.path.join(site.etc, "keys", name)
        good = read(path)
        write(path, content or good)
        os.chmod(path, mode)
        done = run(PROGRAMS.verifier, "--config", site.verifier_conf, "--check")
        write(path, good)
        os.chmod(path, 0o600)
        assert done.code != 0 and name in done.err, done

    problem("token-rsa.key", read(os.path.join(site.etc, "keys", "token.key")))
    problem("token-rsa.key", b"-----BEGIN PRIVATE KEY-----\n")
    problem("token-rsa.key", None, mode=0o644)
    problem("pairwise-key", b"x" * 31)
    problem("pairwise-key", b"x" * 33)
    problem("pairwise-key", None, mode=0o640)
    assert run(PROGRAMS.verifier, "--config", site.verifier_conf, "--check").code == 0


CASES = (
    jose_takes_the_es256_jwt_by_the_published_keys,
    jose_takes_the_rs256_jwt_by_the_published_keys,
    an_independent_reader_takes_the_cwt,
    the_key_set_has_token_keys_only_and_each_is_named,
    pairwise_names_tell_two_audiences_nothing,
    each_audience_reads_ear_in_its_own_spelling,
    a_bound_token_names_the_key_of_the_tpm,
    a_bound_token_names_the_certificate_for_mutual_tls,
    without_a_key_a_bound_audience_gets_nothing,
    a_site_of_before_gains_its_keys_by_another_setup,
    keys_that_are_damaged_or_open_stop_the_verifier,
)


def main():
    try:
        readers.install(NPM_SOURCE, NPM_BUILD)
    except readers.Skip as error:
        tap.skip_all(str(error))
    realsite.run_cases(CASES, sys.argv[7:])


if __name__ == "__main__":
    main()
