"""test_policy_test.py ASSAY VERIFIER ATTESTOR TPM_EXTEND [CASE…]: a bundle that is tried on what a
real verifier keeps of real devices says before what the service then says; publishing tries it."""

import functools
import hashlib
import json
import os
import re
import sys

import policysite
import realsite
from policysite import SITE_CLASS
from realsite import GRUB_LOG, read, run, write

PROGRAMS = realsite.Programs(*sys.argv[1:5])
on_a_site = functools.partial(policysite.on_a_site, PROGRAMS)


@on_a_site
def what_would_fail_is_said_before_and_then_fails_so(rig):
    """Release 2 is without b's kernel. Scenario 50 of the appraisal page."""
    new = rig.signed(rig.learnt("a"))
    told = rig.told("active", new, code=1)
    counts = told["counts"]
    assert (counts["members"], counts["judged"], counts["same"], counts["worse"],
            counts["fails"], counts["better"], counts["not_judged"]) == (2, 2, 1, 1, 1, 0, 0), told
    row = rig.row(told, "b")
    assert (row["change"], row["fails"], row["class"]) == ("worse", True, SITE_CLASS), row
    assert (row["old"]["tier"], row["new"]["tier"]) == ("warning", "contraindicated"), row
    assert row["old"]["token"] and not row["new"]["token"], row
    before = rig.active()
    done = rig.publish(new, code=1)
    assert rig.devices["b"].row()["id"][2:10] in done.err and "1 devices" in done.err, done
    assert done.out == "" and rig.active() == before, done
    done = rig.publish(new, "--accept-failures", "1")
    assert rig.active() > before, done
    verdict = rig.devices["b"].attest()
    assert verdict["tier"] == "contraindicated", verdict
    shown = rig.site.told("device", "show", rig.devices["b"].row()["id"])["verdict"]
    assert shown["rule"] == "policy/" + row["new"]["rule"], (shown, row)
    assert shown["reasons"][0]["code"] == row["new"]["code"], (shown, row)
    assert [shown[key] for key in ("event", "seen")] == [
        row["new"][key] for key in ("event", "seen")], (shown, row)
    assert rig.devices["a"].attest()["tier"] == "warning"
    texts = rig.audit_texts()
    assert texts[0].endswith(" untested"), texts
    assert re.search(r"tested against sha256:[0-9a-f]{64}: 2 judged, 0 not judged, 1 worse, "
                     r"1 without a token$", texts[1]), texts


@on_a_site
def a_word_that_is_demanded_is_named(rig):
    def demand(text):
        return text.replace("  require  ", "  require  lockdown=integrity ")
    policy = rig.learnt("ab", demand)
    done = rig.test("active", policy, code=1)  # text is taken as it is
    assert done.out.count("501 CMDLINE_MISSING_TOKEN  rule cmdline") == 2, done.out
    assert "lockdown=integrity" in done.out and ", no token any more" in done.out, done.out
    assert "2 worse, 0 not judged; 2 would get no token any more" in done.out, done.out
    assert not re.search(r"[^\n\x20-\x7e]", done.out), done.out


@on_a_site(names="abc")
def members_alike_share_a_judgement_and_classes_are_chosen(rig):
    counts = rig.told("active", "active")["counts"]
    assert (counts["members"], counts["same"], counts["shared"]) == (3, 3, 1), counts
    assert rig.told("active", "active", "--class", "gateways")["counts"]["members"] == 0
    assert rig.told("active", "active", "--class", SITE_CLASS)["counts"]["members"] == 3
    rig.site.assay("device", "remove", rig.devices["c"].row()["id"], "--why", "scrapped")
    counts = rig.told("active", "active")["counts"]
    assert counts["members"] == 2, counts
    counts = rig.told("active", "active", "--last", "1h")["counts"]
    assert counts["judged"] == 2, counts


@on_a_site
def the_other_way_it_is_better(rig):
    old, new = rig.learnt("a"), rig.learnt("ab")
    told = rig.told(old, new)
    assert told["counts"]["better"] == 1 and rig.row(told, "b")["change"] == "better", told
    out = rig.test(old, new).out
    assert "contraindicated -> warning" in out and "before " in out, out


@on_a_site
def the_store_is_read_where_it_lies_and_nothing_is_written(rig):
    database = os.path.join(rig.site.state, "verifier.db")
    rows = [rig.site.told("device", "show", device.row()["id"])["verdict"]
            for device in rig.devices.values()]
    rig.told("active", "active")
    assert rows == [rig.site.told("device", "show", device.row()["id"])["verdict"]
                    for device in rig.devices.values()]
    backup = rig.site.assay("store", "backup", "monday.db").strip()
    told = json.loads(run(PROGRAMS.assay, "policy", "test", "active", "active", "--store", backup,
                          "--json").out)
    assert told["counts"]["judged"] == 2, told
    rig.devices["a"].attest()
    rig.site.stop()
    rig.told("active", "active")
    stopped = hashlib.sha256(read(database)).digest()
    rig.told("active", "active")
    assert hashlib.sha256(read(database)).digest() == stopped
    rig.site.start()
    assert rig.devices["a"].attest()["tier"] == "warning"


@on_a_site
def what_was_published_meanwhile_is_not_what_was_tested(rig):
    """The keeper compares what the test was against with what counts."""
    path = rig.site.assay("store", "backup", "old.db").strip()
    rig.publish_untested(rig.signed(rig.learnt("ab")))
    newer = rig.signed(rig.learnt("ab"))
    done = rig.site.ask("policy", "publish", newer, "--store", path)
    assert done.code == 1 and "test it once more" in done.err, done
    rig.publish(newer)
    assert rig.audit_texts()[-1].endswith("0 without a token")


@on_a_site
def a_userspace_log_is_kept_and_judged(rig):
    """What the policy of now does not quote is not known; from the first evidence on it is."""
    device = rig.devices["a"]
    digests = {bank: hashlib.new(bank, b"enter-initrd").hexdigest()
               for bank in ("sha1", "sha256", "sha384")}
    record = json.dumps({"pcr": 11, "digests": [{"hashAlg": bank, "digest": digest}
                                                for bank, digest in digests.items()],
                         "content_type": "systemd",
                         "content": {"string": "enter-initrd", "eventType": "phase"}})

    def quoting(rule):
        return lambda text: text.replace("pcrs 0-9,14", "pcrs 0-9,11,14").replace(
            "  rule rtm ", f"  {rule}\n  rule rtm ")
    phases = rig.learnt("ab", quoting("rule phase : os.phase sequence enter-initrd leave-initrd "
                                      "prefix-ok"))
    told = rig.told("active", phases)
    assert told["counts"]["why"]["no-userspace-log"] == 2, told
    done = rig.publish(rig.signed(phases), code=1)
    assert "no device is there evidence" in done.err, done
    rig.publish_untested(rig.signed(phases))
    write(device.path("userspace"), "\x1e" + record + "\n")
    device.extend("11 " + " ".join(f"{bank}:{digest}" for bank, digest in sorted(digests.items()))
                  + "\n")
    assert device.attest()["tier"] == "warning", rig.site.log_text()[-2000:]
    assert rig.devices["b"].attest()["tier"] in ("warning", "contraindicated")
    other = rig.learnt("ab", quoting("rule phase : os.phase sequence sysinit prefix-ok"))
    told = rig.told("active", other, code=1)
    row = rig.row(told, "a")
    assert (row["new"]["rule"], row["new"]["pcr"], row["fails"]) == ("phase", 11, True), told


@on_a_site(names="a", good="a")
def who_cannot_be_judged_is_named_with_why(rig):
    def ima(text):
        return text.replace("pcrs 0-9,14", "pcrs 0-10,14").replace(
            "  rule rtm ", "  rule ima : ima policy ima/x\n  rule rtm ") + \
            "\nima x {\n pcr 10\n allow digest @imas\n unknown fail\n}\n" \
            "set digests imas { sha256:" + "a" * 64 + " }\n"
    told = rig.told("active", rig.learnt("a", ima))
    assert told["counts"]["why"]["no-ima-list"] == 1, told
    assert told["devices"][0]["why"] == "no-ima-list", told

    def both(text):
        return ima(text).replace("  require  ", "  require  lockdown=integrity ")
    told = rig.told("active", rig.learnt("a", both), code=1)  # that it fails is certain
    assert rig.row(told, "a")["new"]["rule"] == "cmdline", told
    with rig.site.device("late") as late:
        late.boot(GRUB_LOG)
        rig.site.approve(late)
        told = rig.told("active", "active")
        assert told["counts"]["why"]["no-evidence"] == 1, told
        out = rig.test("active", "active").out
        assert "not judged: no genuine evidence of it is kept" in out, out


@on_a_site(names="a", good="a")
def without_a_bundle_reference_events_judge(rig):
    gone = rig.learnt("a", lambda text: text.replace("class in { laptops }",
                                                     "class in { others }"))
    told = rig.told("active", gone, code=1)
    row = rig.row(told, "a")
    assert (row["new"]["policy"], row["new"]["code"]) == (None, 803), row
    rig.site.assay("golden", "learn", "--class", SITE_CLASS, "--from",
                   rig.devices["a"].row()["id"], "--yes")
    told = rig.told("active", gone)
    assert told["counts"]["fails"] == 0, told


@on_a_site
def rules_that_would_refuse_are_counted_before_they_do(rig):
    """A policy that observes gives tokens, and the report says whom it would refuse, and why."""
    def observing(text):
        return re.sub(r"mode +enforce", "mode observe", text)
    policy = rig.learnt("a", observing)
    rig.publish(rig.signed(policy))
    verdict = rig.devices["b"].attest()
    assert verdict["tier"] == "warning", verdict
    done = run(PROGRAMS.assay, "policy", "report", "--conf", rig.site.verifier_conf)
    assert done.code == 1 and "(observe): 2 devices, 1 would fail" in done.out, done
    assert re.search(r"^chain +boot.images +1 +0 +0 +1 +421 BOOT_IMAGE_UNKNOWN  as "
                     + rig.devices["b"].row()["id"][2:10] + "$", done.out, re.M), done.out
    told = json.loads(run(PROGRAMS.assay, "policy", "report", "active", "--class", SITE_CLASS,
                          "--last", "1h", "--conf", rig.site.verifier_conf, "--json").out)
    assert told["counts"]["judged"] == 2 and told["counts"]["fails"] == 1, told
    failing = [row for row in told["policies"][0]["rules"] if row["fail"]]
    assert [(row["rule"], row["device"]) for row in failing] == [
        ("chain", rig.devices["b"].row()["id"])], told
    good = rig.learnt("ab")  # text, as it is
    done = run(PROGRAMS.assay, "policy", "report", good, "--conf", rig.site.verifier_conf)
    assert done.code == 0 and "(enforce): 2 devices, 0 would fail" in done.out, done
    done = run(PROGRAMS.assay, "policy", "report", "--class", "gateways", "--conf",
               rig.site.verifier_conf)
    assert done.code == 1 and "0 members: 0 judged" in done.out, done


@on_a_site
def what_is_promoted_is_tried_on_the_store_first(rig):
    """A text in which a rule newly refuses b: promote writes nothing, unless the rule is
    acknowledged; publish says the same, and the audit row has what was acknowledged."""
    policy = rig.learnt("a")
    run(PROGRAMS.assay, "golden", "stage", policy, f"os/{SITE_CLASS}/1")
    before = read(policy)

    def promote(*words, code):
        done = run(PROGRAMS.assay, "golden", "promote", policy, f"os/{SITE_CLASS}/1", *words)
        assert done.code == code, (words, done)
        return done
    where = ("--conf", rig.site.verifier_conf)
    done = promote(*where, code=1)
    assert re.search(r"rule chain would newly refuse 1 of 2 devices: 421 BOOT_IMAGE_UNKNOWN, as "
                     + rig.devices["b"].row()["id"][2:10], done.err), done
    assert "not promoted" in done.err and done.out == "" and read(policy) == before, done
    promote(*where, "--share", "49", code=1)
    done = promote(*where, "--acknowledge", "chains", code=1)
    assert 'no rule and no code is called "chains"; rules: ' in done.err, done
    assert re.search(r"[ ,]chain[,;]", done.err), done
    assert read(policy) == before
    done = promote(*where, "--share", "50", "--dry-run", code=0)
    assert "would newly" not in done.err and read(policy) == before, done
    done = promote(*where, "--acknowledge", "fw,chain", code=0)
    assert "(acknowledged)" in done.err and b"state active" in read(policy), done
    promote(code=0)  # no store: nothing is tried
    for words in (("--share", "50"), ("--acknowledge", "chain"), (*where, "--share", "100"),
                  (*where, "--share", "x"), (*where, "--store", "y")):
        done = run(PROGRAMS.assay, "golden", "promote", policy, f"os/{SITE_CLASS}/1", *words)
        assert done.code == 2 and "usage: " in done.err, (words, done)
    new = rig.signed(policy)
    done = rig.publish(new, "--acknowledge", "chains", code=1)
    assert "is called \"chains\"" in done.err and "--untested" not in done.err, done
    done = rig.publish(new, "--acknowledge", "initrd", code=1)
    assert "these 1 devices would get no token any more; --accept-failures 1" in done.err, done
    rig.publish(new, "--acknowledge", "fw,chain", "--why", "b is sold")
    assert rig.audit_texts()[-1].endswith("1 without a token: acknowledged fw,chain: b is sold")


@on_a_site
def what_no_rule_refuses_by_is_named_by_its_code(rig):
    """A class that loses its policy, a floor that none reaches: promote and publish count both,
    and take each by its code; one rule that was acknowledged speaks for no other."""
    lost = rig.learnt("ab", lambda text: text.replace("class in { laptops }",
                                                      "class in { others }"))
    floor = rig.learnt("a", lambda text: re.sub(r"(token +floor) warning", r"\1 affirming", text))
    where = ("--conf", rig.site.verifier_conf)

    def promote(policy, *words, code):
        done = run(PROGRAMS.assay, "golden", "promote", policy, f"os/{SITE_CLASS}/1", *where,
                   "--dry-run", *words)
        assert done.code == code, (words, done)
        return done.err
    err = promote(lost, code=1)
    assert "code 801 would newly refuse 2 of 2 devices: POLICY_MISSING" in err, err
    assert "(acknowledged)" in promote(lost, "--acknowledge", "code 801", code=0)
    done = run(PROGRAMS.assay, "policy", "report", lost, *where)
    assert done.code == 1 and "0 judged by a policy, 0 would fail; 2 have none" in done.out, done
    assert re.search(r"^code 803 .* 2 +REFSET_EMPTY  as ", done.out, re.M), done.out
    row = rig.row(rig.told("active", floor, code=1), "a")
    assert row["fails"] and row["new"]["tier"] == "warning", row
    codes = row["causes"]
    assert codes and all(re.fullmatch(r"code [0-9]{3}", name) for name in codes), row
    err = promote(floor, "--acknowledge", "chain", code=1)
    assert re.search(rf"{codes[0]} would newly refuse [12] of 2 devices", err), err
    both = rig.signed(rig.learnt("a", lambda text: text.replace(
        "  require  ", "  require  lockdown=integrity ")))
    for names in ("chain", "cmdline"):  # b fails by both, a by one
        done = rig.publish(both, "--acknowledge", names, code=1)
        assert re.search(r"^          by        (\S+,)?cmdline", done.err, re.M), done
    rig.publish(both, "--acknowledge", "cmdline,chain,code 801")
    assert rig.audit_texts()[-1].endswith("acknowledged cmdline,chain,code 801")


@on_a_site
def virtual_tpms_suggest_nothing_and_hear_why(rig):
    """swtpm's devices, one with a kernel that the policy does not know: however few are asked
    for, they are no cohort. Scenario 10 of the appraisal page, with a real verifier."""
    rig.publish(rig.signed(rig.learnt("a")), "--accept-failures", "1")
    assert rig.devices["b"].attest()["tier"] == "contraindicated"
    told = json.loads(rig.suggest("--devices", "1", "--all", "--json").out)
    assert told["suggestions"] == [] and told["counts"]["complete"], told
    values = {row["slot"]: row for row in told["others"]}
    assert set(values) == {"boot.images"}, values
    assert values["boot.images"]["not"] == {"ek-chain": 1}, values
    out = rig.suggest("--devices", "1", "--all", "--class", SITE_CLASS).out
    assert "not suggested  class laptops" in out, out
    assert "1 devices: no verified chain of its EK" in out, out
    assert rig.suggest("--class", "gateways", "--all").out.startswith("0 suggestions"), out
    done = rig.suggest("--text", "00000000", code=1)
    assert "no such suggestion now" in done.err and done.out == "", done
    for words in (("x",), ("--devices", "0"), ("--devices", "x"), ("--devices", "1000000"),
                  ("--text", "a", "--json"), ("--text", "a", "--all"),
                  ("--store", "a", "--conf", "b")):
        done = run(PROGRAMS.assay, "golden", "suggest", *words)
        assert done.code == 2 and "usage: " in done.err, (words, done)


@on_a_site(names="a", good="a")
def what_is_no_bundle_or_no_store_is_said(rig):
    broken = rig.path("broken.policy")
    write(broken, "policy p version 1 {")
    for words, said in ((("active", broken), "does not compile"),
                        (("active", rig.path("none")), "none"),
                        (("active", "active", "--store", rig.path("none")), "No such file"),
                        (("active", "active", "--store", broken), "no store of the verifier")):
        done = run(PROGRAMS.assay, "policy", "test", *words,
                   *(() if "--store" in words else ("--conf", rig.site.verifier_conf)))
        assert done.code == 1 and said in done.err, (words, done)
    for words in ((), ("active",), ("active", "active", "x"), ("active", "active", "--last", "x"),
                  ("active", "active", "--last", "0d"), ("active", "active", "--last", "99999d"),
                  ("active", "active", "--store", "a", "--conf", "b")):
        done = run(PROGRAMS.assay, "policy", "test", *words)
        assert done.code == 2 and "usage: " in done.err, (words, done)
    for words in (("a", "b"), ("--last", "0h"), ("--store", "a", "--conf", "b")):
        done = run(PROGRAMS.assay, "policy", "report", *words)
        assert done.code == 2 and "usage: " in done.err, (words, done)
    for words in (("--untested", "--accept-failures", "1"), ("--untested", "--acknowledge", "fw"),
                  ("--accept-failures", "x"), ("--store", "a", "--conf", "b"),
                  ("--untested", "--conf", "a")):
        done = rig.site.ask("policy", "publish", broken, *words)
        assert done.code == 2 and "usage: " in done.err, (words, done)
    done = rig.site.ask("policy", "publish", rig.signed(rig.learnt("a")), "--store", broken)
    assert done.code == 1 and "--untested publishes it all the same" in done.err, done


CASES = (
    what_would_fail_is_said_before_and_then_fails_so,
    a_word_that_is_demanded_is_named,
    members_alike_share_a_judgement_and_classes_are_chosen,
    the_other_way_it_is_better,
    the_store_is_read_where_it_lies_and_nothing_is_written,
    what_was_published_meanwhile_is_not_what_was_tested,
    a_userspace_log_is_kept_and_judged,
    who_cannot_be_judged_is_named_with_why,
    without_a_bundle_reference_events_judge,
    rules_that_would_refuse_are_counted_before_they_do,
    what_is_promoted_is_tried_on_the_store_first,
    what_no_rule_refuses_by_is_named_by_its_code,
    virtual_tpms_suggest_nothing_and_hear_why,
    what_is_no_bundle_or_no_store_is_said,
)

realsite.run_cases(CASES, sys.argv[5:])
