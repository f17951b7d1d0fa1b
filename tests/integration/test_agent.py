"""agent.py ATTESTOR STAND_IN TPM_EXTEND [CASE…]: the attestor against a software TPM and a
verifier that follows a script (lib/stand-in.c), which itself checks quote, binding and signatures.
"""

import json
import os
import pwd
import shutil
import subprocess
import sys

import diag
import swtpm
import tap
import udp_relay
from devicelab import LOG, Daemon, Lab, StandIn, openssl, read, write
from realsite import free_port

ATTESTOR, STAND_IN, TPM_EXTEND = sys.argv[1:4]
NONCE_SIZE, CREDENTIAL_PARTS = 32, 7  # WIRE_NONCE_SIZE; credential.cddl


def a_new_device_enrols_attests_and_gets_its_tokens(lab):
    lab.fresh()
    with StandIn(lab, "m", "A") as verifier:
        outcome, _ = lab.once(0)
    assert outcome["tier"] == "affirming", outcome
    assert verifier.having("credential") == ["credential certs=2 code=0"]
    assert verifier.having("join") == ["join m certs=2 code=one-time model=Test machine"]
    assert "nonce=last" in verifier.having("evidence")[0]
    assert verifier.having("log") == [f"log firmware offset=0 body={os.path.getsize(LOG)}"]
    assert verifier.having("quoted") == ["quoted banks=4 pcrs=ffff"]
    assert lab.token_files() == ["git.test.jwt", "token.cwt", "wiki.jwt"]
    for name in lab.token_files():
        path = os.path.join(lab.tokens, name)
        assert os.stat(path).st_mode & 0o777 == 0o640
        assert read(path) == ("cwt" if name == "token.cwt" else "jwt")


def a_known_device_neither_enrols_nor_joins_again(lab):
    lab.fresh()
    with StandIn(lab, "m", "A"):
        lab.once(0)
    with StandIn(lab, "m", "A") as verifier:
        lab.once(0)
    assert not verifier.having("credential") and not verifier.having("join")


def no_secret_is_on_disk(lab):
    lab.fresh()
    with StandIn(lab, "m", "A") as verifier:
        lab.once(0)
    psk = bytes.fromhex(verifier.having("psk")[0].split()[1])
    seen = 0
    for folder in (lab.state, lab.tokens):
        for name in os.listdir(folder):
            content = read(os.path.join(folder, name), "rb")
            assert psk not in content and psk.hex().encode() not in content, name
            seen += 1
    assert sorted(os.listdir(lab.state)) == ["credential", "last-answer", "nonce"] and seen == 6
    # each file is of its form to its last byte: there is no room for a session or its key
    assert os.path.getsize(os.path.join(lab.state, "nonce")) == NONCE_SIZE
    sealed = diag.decode(read(os.path.join(lab.state, "credential"), "rb"))
    assert sealed.number == 18 and len(sealed.value) == 4, sealed
    assert len(diag.decode(sealed.value[2])) == CREDENTIAL_PARTS, sealed
    last = json.loads(read(os.path.join(lab.state, "last-answer")))
    assert sorted(last) == ["code", "reasons", "tier", "time"], last


def the_process_is_no_other_users_to_read(lab):
    """Undumpable: its memory is root's, though it runs as somebody, and so there is no core."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise tap.Skip("needs root and setpriv")
    nobody = pwd.getpwnam("nobody")
    lab.fresh()
    for folder in (lab.state, lab.tokens):
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    os.chmod(lab.tpm.folder, 0o711)
    for socket in (lab.tpm.socket, lab.tpm.socket + ".ctrl"):
        os.chmod(socket, 0o777)
    as_nobody = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}",
                 "--clear-groups")
    with StandIn(lab, "m", "A"), Daemon(lab, before=as_nobody) as daemon:
        daemon.attested()
        status = read(f"/proc/{daemon.process.pid}/status")
        assert f"\nUid:\t{nobody.pw_uid}\t{nobody.pw_uid}\t" in status, status
        for name in ("mem", "maps", "environ"):
            assert os.stat(f"/proc/{daemon.process.pid}/{name}").st_uid == 0, name


def a_stale_challenge_is_answered_with_the_new_nonce(lab):
    lab.fresh()
    with StandIn(lab, "m", "11A") as verifier:
        lab.once(0)
    assert [line.split()[2] for line in verifier.having("evidence")] == ["nonce=last"] * 3


def a_verifier_that_never_has_enough_is_left(lab):
    lab.fresh()
    with StandIn(lab, "m", "1") as verifier:
        lab.once(1)
    assert len(verifier.having("attest")) == 4
    assert lab.token_files() == []


def another_selection_is_quoted_when_wanted(lab):
    lab.fresh()
    with StandIn(lab, "m", "9A") as verifier:
        lab.once(0)
    assert verifier.having("quoted") == ["quoted banks=4 pcrs=ffff", "quoted banks=4 pcrs=2ff"]


def refused_evidence_takes_the_tokens_away(lab):
    lab.fresh()
    with StandIn(lab, "m", "A"):
        lab.once(0)
    with StandIn(lab, "m", "C"):
        outcome, _ = lab.once(1)
    assert outcome["tier"] == "contraindicated" and outcome["reasons"] == [301], outcome
    assert lab.token_files() == []


def a_pending_device_waits_and_comes_back(lab):
    lab.fresh()
    with StandIn(lab, "p", "A") as verifier:
        lab.once(14)
    assert not verifier.having("attest")
    with StandIn(lab, "ppm", "A") as verifier:
        lab.once(0, "--wait", "10")
    assert len(verifier.having("join")) == 3


def a_removed_device_is_refused(lab):
    lab.fresh()
    with StandIn(lab, "r", "A"):
        lab.once(1)


def a_forgotten_device_joins_again(lab):
    lab.fresh()
    with StandIn(lab, "m", "A"):
        lab.once(0)
    with StandIn(lab, "m", "3A") as verifier:
        lab.once(0)
    assert len(verifier.having("join")) == 1 and len(verifier.having("attest")) == 2


def a_psk_that_has_ended_is_replaced_in_the_same_run(lab):
    lab.fresh()
    with StandIn(lab, "m", "A"):
        lab.once(0)
        kept = read(os.path.join(lab.state, "credential"), "rb")
    with StandIn(lab, "m", "eA") as verifier:
        lab.once(0)
    assert len(verifier.having("credential")) == len(verifier.having("join")) == 1, verifier.lines
    assert read(os.path.join(lab.state, "credential"), "rb") != kept
    os.unlink(os.path.join(lab.state, "nonce"))  # without one it is told when it joins
    with StandIn(lab, "em", "A") as verifier:
        lab.once(0)
    assert len(verifier.having("credential")) == 1 and len(verifier.having("join")) == 2


def a_verifier_that_ends_what_it_just_gave_is_waited_for(lab):
    lab.fresh()
    with StandIn(lab, "e", "A") as verifier:
        lab.once(1)
    assert len(verifier.having("credential")) == len(verifier.having("join")) == 1, verifier.lines
    lab.fresh()
    with StandIn(lab, "m", "e") as verifier:
        _, log = lab.once(1)
    assert "reason 710 ENROL_EXPIRED" in log, log
    assert len(verifier.having("credential")) == 1, verifier.lines


def repeats_leave_out_what_is_known(lab):
    """The daemon: a second evidence on the same connection, without log, values and machine."""
    lab.fresh()
    with StandIn(lab, "m", "AAvA") as verifier:
        with Daemon(lab) as daemon:
            daemon.attested(3)  # the third was asked for its values, and sent again
    evidence, logs = verifier.having("evidence"), verifier.having("log")
    size = os.path.getsize(LOG)
    assert "values=0" not in evidence[0] and "model=12" in evidence[0]
    assert "values=0 model=0" in evidence[1] and int(evidence[1].split()[1][6:]) < 500, evidence[1]
    assert logs[1] == f"log firmware offset={size} body=0"
    assert "values=0" not in evidence[3] and logs[3] == f"log firmware offset=0 body={size}"


def a_tpm_that_was_reset_meanwhile_is_asked_from_the_start(lab):
    """Without a resource manager a power cycle takes the daemon's TPM away; it comes back."""
    lab.fresh()
    with StandIn(lab, "m", "A") as verifier:
        with Daemon(lab) as daemon:
            daemon.attested()
            lab.tpm.reset()
            daemon.until(lambda log: '"id":"attested"' in log.partition("tpm-fault")[2])


def a_server_of_another_name_or_ca_is_not_spoken_to(lab):
    lab.ca("other")
    for settings in ({"name": "else.test"}, {"ca": lab.pki("other.pem")}):
        lab.fresh(**settings)
        with StandIn(lab, "m", "A") as verifier:
            _, log = lab.once(13)
        assert "untrusted" in log, log
        assert not verifier.having("credential")


def a_server_certificate_without_server_auth_is_not_spoken_to(lab):
    lab.fresh()
    with lab.another("server"):
        lab.cert("server", "/CN=verifier", "subjectAltName=DNS:verifier.test")
        with StandIn(lab, "m", "A") as verifier:
            _, log = lab.once(13)
    assert "not for servers" in log and not verifier.having("credential"), log


def a_credential_by_another_key_is_refused(lab):
    lab.ca("other")
    for ca, subject, extensions, why in (
            ("other", "/CN=assay site lab", "", "chain"),
            ("ca", "/CN=assay site elsewhere", "", "subject"),
            ("ca", "/CN=assay site lab", "extendedKeyUsage=serverAuth", "server")):
        lab.fresh()
        with lab.another("site"):
            lab.cert("site", subject, extensions, ca)
            with StandIn(lab, "m", "A"):
                _, log = lab.once(15)
        assert f"does not hold: {why}" in log, log
        assert os.listdir(lab.state) == []


def a_copied_state_folder_is_worth_nothing_beside_another_tpm(lab):
    lab.fresh()
    with StandIn(lab, "m", "A"):
        lab.once(0)
    state = lab.state
    with swtpm.Swtpm() as other:
        lab.fresh(tcti=other.tcti)
        for name in os.listdir(state):
            with open(os.path.join(lab.state, name), "wb") as file:
                file.write(read(os.path.join(state, name), "rb"))
        with StandIn(lab, "m", "A") as verifier:
            _, log = lab.once(0)
    assert '"refused":"ek"' in log, log
    assert len(verifier.having("credential")) == 1


def nobody_there_and_no_network_are_told_apart(lab):
    lab.fresh(servers="nowhere.invalid:5684")
    lab.once(12)
    lab.fresh(servers=f"127.0.0.1:{free_port()}")
    lab.once(13)


def the_next_server_is_tried(lab):
    lab.fresh(servers=f"nowhere.invalid, 127.0.0.1:{lab.port}")
    with StandIn(lab, "m", "A"):
        lab.once(0)


def no_tpm_and_no_log_have_codes_of_their_own(lab):
    lab.fresh(tcti="device:/nonexistent")
    lab.once(10)
    lab.fresh(firmware=lab.path("none"))
    with StandIn(lab, "m", "C") as verifier:
        lab.once(11)
    assert verifier.having("evidence") and not verifier.having("log")


def growing_logs_go_only_where_their_pcrs_are_wanted(lab):
    for name in ("ima", "userspace"):
        write(lab.path(name), "x" * 100)
    lab.fresh(ima=lab.path("ima"), userspace=lab.path("userspace"))
    with StandIn(lab, "m", "9A") as verifier:
        lab.once(0)
    size = os.path.getsize(LOG)
    assert verifier.having("log") == [
        f"log firmware offset=0 body={size}", "log ima offset=0 body=100",
        "log userspace offset=0 body=100", f"log firmware offset=0 body={size}"], verifier.lines


def a_hundred_kilobytes_arrive_where_a_tenth_is_lost(lab):
    """Each way; a minute or two, and where that is not enough another try."""
    size = os.path.getsize(LOG)
    write(lab.path("ima"), "x" * (102400 - size))
    with udp_relay.Relay(lab.port, udp_relay.loss(5, 0.1)) as relay:
        lab.fresh(ima=lab.path("ima"), servers=f"127.0.0.1:{relay.port}")
        with StandIn(lab, "m", "A") as verifier:
            lab.once(0, "--wait", "300", timeout=500)
        lost = sum(relay.dropped.values())
    assert verifier.having("log")[-1] == f"log ima offset=0 body={102400 - size}", verifier.lines
    assert len(verifier.having("attest")) == 1 and lost >= 10, (lost, verifier.lines)


def the_device_key_is_certified_once_a_connection(lab):
    lab.fresh(bind="key")
    with StandIn(lab, "m", "9AA") as verifier:
        with Daemon(lab) as daemon:
            daemon.attested(3)
    told = [line.split()[0] for line in verifier.lines if line.split()[0] in ("evidence", "key")]
    # asked for another selection and once more: certified for each nonce; then it is known
    assert told[:6] == ["evidence", "key", "evidence", "key", "evidence", "evidence"], told
    assert told.count("key") == 2, told
    assert all(line.endswith("certificate=0") for line in verifier.having("key")), verifier.lines
    assert "device-key.der" in lab.token_files() and "device-cert.der" not in lab.token_files()


def a_verifier_that_forgot_the_device_key_is_told_again(lab):
    lab.fresh(bind="key", audiences="nothing")
    with StandIn(lab, "m", "A") as verifier:
        with Daemon(lab) as daemon:
            daemon.attested(3)  # so the second has asked for its token
    told = [line.split()[0] for line in verifier.lines
            if line.split()[0] in ("evidence", "key", "token")]
    assert told[:6] == ["evidence", "key", "token"] * 2, told


def no_device_key_is_made_unless_asked_for(lab):
    lab.fresh()
    with StandIn(lab, "m", "A") as verifier:
        lab.once(0)
    assert verifier.having("key") == [] and "device-key.der" not in lab.token_files()


def the_devices_certificate_is_its_keys_own_and_kept(lab):
    lab.fresh(bind="certificate")
    with StandIn(lab, "m", "A") as verifier:
        lab.once(0)
    first = read(os.path.join(lab.state, "device-cert.der"), "rb")
    assert verifier.having("key")[0].endswith(f"certificate={len(first)}"), verifier.lines
    assert read(os.path.join(lab.tokens, "device-cert.der"), "rb") == first
    pem, spki = lab.path("device.pem"), lab.path("device.spki")
    openssl("x509", "-inform", "DER", "-in", os.path.join(lab.tokens, "device-cert.der"), "-out",
            pem)
    openssl("verify", "-check_ss_sig", "-CAfile", pem, pem)
    openssl("x509", "-in", pem, "-pubkey", "-noout", "-out", spki + ".pem")
    openssl("pkey", "-pubin", "-in", spki + ".pem", "-outform", "DER", "-out", spki)
    assert read(spki, "rb") == read(os.path.join(lab.tokens, "device-key.der"), "rb")
    lab.tpm.reset()
    with StandIn(lab, "m", "A"):
        lab.once(0)
    assert read(os.path.join(lab.state, "device-cert.der"), "rb") == first
    write(os.path.join(lab.state, "device-cert.der"), "of another key")
    with StandIn(lab, "m", "A"):
        lab.once(0)
    again = read(os.path.join(lab.state, "device-cert.der"), "rb")
    assert again != first and again[4:273] == first[4:273], (len(first), len(again))


def the_fingerprint_is_that_of_the_endorsement_key(lab):
    code, out, log = lab.attestor("--fingerprint")
    assert code == 0 and len(out.strip()) == 64, (code, out, log)
    pem = lab.tpm.path("ek.pem")
    lab.tpm.tool("tpm2_nvread", "0x01c00016", "-o", lab.tpm.path("ek.der"))
    openssl("x509", "-inform", "DER", "-in", lab.tpm.path("ek.der"), "-pubkey", "-noout", "-out",
            pem)
    spki = subprocess.run(["openssl", "pkey", "-pubin", "-in", pem, "-outform", "DER"],
                          stdout=subprocess.PIPE, check=True).stdout
    digest = subprocess.run(["sha256sum"], input=spki, stdout=subprocess.PIPE, check=True).stdout
    assert digest.decode().split()[0] == out.strip()


def what_is_wrong_in_the_settings_is_said(lab):
    lab.fresh(servers="host:port")
    code, out, log = lab.attestor("--check")
    assert code == 2 and "host:port" in log and not out, log
    lab.fresh()
    code, out, log = lab.attestor("--check")
    assert (code, log) == (0, ""), log
    assert out.startswith(f"{lab.config}: well; site ") and f":{lab.port}\n" in out, out
    assert lab.attestor("--bogus")[0] == 2


CASES = [
    a_new_device_enrols_attests_and_gets_its_tokens,
    a_known_device_neither_enrols_nor_joins_again,
    no_secret_is_on_disk,
    the_process_is_no_other_users_to_read,
    a_stale_challenge_is_answered_with_the_new_nonce,
    a_verifier_that_never_has_enough_is_left,
    another_selection_is_quoted_when_wanted,
    refused_evidence_takes_the_tokens_away,
    a_pending_device_waits_and_comes_back,
    a_removed_device_is_refused,
    a_forgotten_device_joins_again,
    a_psk_that_has_ended_is_replaced_in_the_same_run,
    a_verifier_that_ends_what_it_just_gave_is_waited_for,
    repeats_leave_out_what_is_known,
    a_tpm_that_was_reset_meanwhile_is_asked_from_the_start,
    a_server_of_another_name_or_ca_is_not_spoken_to,
    a_server_certificate_without_server_auth_is_not_spoken_to,
    a_credential_by_another_key_is_refused,
    a_copied_state_folder_is_worth_nothing_beside_another_tpm,
    nobody_there_and_no_network_are_told_apart,
    the_next_server_is_tried,
    no_tpm_and_no_log_have_codes_of_their_own,
    growing_logs_go_only_where_their_pcrs_are_wanted,
    a_hundred_kilobytes_arrive_where_a_tenth_is_lost,
    the_device_key_is_certified_once_a_connection,
    a_verifier_that_forgot_the_device_key_is_told_again,
    no_device_key_is_made_unless_asked_for,
    the_devices_certificate_is_its_keys_own_and_kept,
    the_fingerprint_is_that_of_the_endorsement_key,
    what_is_wrong_in_the_settings_is_said,
]


def main():
    if swtpm.missing():
        tap.skip_all("needs " + ", ".join(swtpm.missing()))
    with swtpm.Swtpm() as tpm:
        lab = Lab(tpm, ATTESTOR, STAND_IN)
        tap.run([(case, lab) for case in tap.chosen(CASES, sys.argv[4:])])


if __name__ == "__main__":
    main()
