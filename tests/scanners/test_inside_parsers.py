"""What the script prints, read: two real answers (Debian 12, kept in ``data/inside``), and answers composed from the manuals of
RHEL 9, Ubuntu, firewalld, ufw, chrony and others, of which no host was there."""

from pathlib import Path
from typing import Any

import pytest

from rules.context import AssetFacts, EndpointFacts
from scanners.protocols.inside.accounts import read_accounts, read_secret_line
from scanners.protocols.inside.facts import InsideFacts
from scanners.protocols.inside.files import read_files
from scanners.protocols.inside.firewall import read_firewall
from scanners.protocols.inside.kernel import read_boot, read_disks, read_kernel
from scanners.protocols.inside.logs import read_audit, read_logs
from scanners.protocols.inside.passwords import read_passwords
from scanners.protocols.inside.reading import read
from scanners.protocols.inside.running import read_running, read_session, read_time
from scanners.protocols.inside.sections import Section, Sections, cut
from scanners.protocols.inside.software import read_os, read_packages, read_updates
from scanners.protocols.inside.sshd import read_sshd
from scanners.protocols.inside.sudo import read_sudo
from scanners.wire import ProtocolError
from tests.rules.library import rulebook

DATA = Path(__file__).parent / "data/inside"
ANSWERS = {name: (DATA / f"debian12-{name}.txt").read_bytes() for name in ("faulty", "hardened")}
EMPTY = Sections({})


def said(**texts: str) -> Sections:
    """Sections of commands that ended well."""
    return Sections({name: Section(text, 0) for name, text in texts.items()})


def verdicts(facts: InsideFacts, result: str, **asset: Any) -> set[str]:
    found = rulebook().judge(facts, EndpointFacts(), AssetFacts(**asset))
    return {verdict.rule for verdict in found if verdict.result == result}


def test_the_faulty_answer_fails_every_rule_that_it_can_judge() -> None:
    failed = verdicts(read(cut(ANSWERS["faulty"], "MARK")), "fail", ens_category="MEDIA")
    numbers = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20, 21, 23, 25, 26)
    assert failed == {f"HOST-{number:03d}" for number in numbers} | {"INV-005", "SSH-007"}


def test_the_hardened_answer_fails_only_what_its_kernel_does() -> None:
    facts = read(cut(ANSWERS["hardened"], "MARK"))
    assert verdicts(facts, "fail", ens_category="ALTA") == {"HOST-013", "HOST-014"}  # of the machine under it: not a twin's fault
    assert verdicts(facts, "unknown", ens_category="ALTA") == {"HOST-018", "HOST-019", "HOST-022", "VULN-004"}


def test_what_could_not_be_asked_is_not_determined() -> None:
    facts = read(EMPTY)
    assert not verdicts(facts, "fail")
    assert not verdicts(facts, "pass")


def test_a_cut_section_is_not_taken_for_a_whole_one() -> None:
    whole = ANSWERS["faulty"]
    place = whole.index(b"toor:x:0")
    facts = read(cut(whole[: place + 3], "MARK"))
    assert facts.accounts is None
    assert facts.os is not None
    assert cut(whole[: place + 3], "MARK")["passwd"].status is None


def test_marks_that_the_host_could_not_know_are_no_marks() -> None:
    sections = cut(b"\nabc begin os\nID=x\nabd end 0\n\nabd begin passwd\n\nabc end 0\n", "abc")
    assert list(sections) == ["os"]
    assert sections["os"].text == "ID=x\nabd end 0\n\nabd begin passwd"
    with pytest.raises(ProtocolError, match="no POSIX shell"):
        cut(b"This account is currently not available.\n", "abc")


def test_rhel() -> None:
    sections = said(
        os='NAME="Red Hat Enterprise Linux"\nVERSION_ID="9.4"\nID="rhel"\nPRETTY_NAME="Red Hat Enterprise Linux 9.4 (Plow)"',
        packages="installed bash\ninstalled kernel\ninstalled kernel\ngpg-pubkey\n",
        updates="dnf\nRHSA-2024:1234 Important/Sec. kernel-5.14.0-427.el9.x86_64\n"
        "RHSA-2024:5678 Moderate/Sec.  openssl-libs-1:3.0.7-27.el9.x86_64\nUpdating Subscription Management repositories.\n",
        lists="1800000000\n1799740800 /var/cache/dnf/baseos-1.solv\n1799000000 /var/cache/dnf/x",
        automatic="[commands]\napply_updates = yes\nunit dnf-automatic.timer enabled\n"
        "unit dnf-automatic-install.timer \nreboot-status 1",
        machine="virt none\nchassis 10\nfirmware uefi\nSecureBoot enabled\nsecureboot 1",
        mac="selinux Enforcing",
        disks="lvm\ncrypt\npart\ndisk",
        grub="/boot/grub2/grub.cfg:3\n/boot/grub2/user.cfg:1",
    )
    os = read_os(sections)
    assert os is not None
    assert (os.release, os.virtual, os.portable) == ("rhel 9", False, True)
    assert read_packages(sections) == ("bash", "kernel")
    updates = read_updates(sections)
    assert (updates.security, updates.lists_days, updates.automatic, updates.reboot) == (
        ("kernel", "openssl-libs"),
        3.0,
        True,
        True,
    )
    assert read_disks(sections).encrypted is True
    boot = read_boot(sections)
    assert (boot.password, boot.uefi, boot.secure_boot) == (True, True, True)
    kernel = read_kernel(sections)
    assert (kernel.mac, kernel.mac_enforcing) == ("selinux", True)


def test_dnf5_and_ubuntu_updates() -> None:
    dnf5 = (
        "dnf\nName Type Severity Package Issued\n"
        "FEDORA-2026-1 security Important vim-data-2:9.1-1.fc42.noarch 2026-01-02 03:04:05\n"
    )
    assert read_updates(said(updates=dnf5)).security == ("vim-data",)
    ubuntu = (
        "apt\n"
        "Inst libssl3 [3.0.2-0ubuntu1.10] (3.0.2-0ubuntu1.15 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64])\n"
        "Inst base-files [12ubuntu4] (12ubuntu4.6 Ubuntu:22.04/jammy-updates [amd64])\n"
        "Inst linux-image-6 (6.1 Ubuntu:22.04/jammy-security)\n"
    )
    assert read_updates(said(updates=ubuntu)).security == ("libssl3", "linux-image-6")
    assert read_updates(said(updates="apt\nReading package lists...\n")).security == ()
    assert read_updates(Sections({"updates": Section("dnf\n", 1)})).security is None


@pytest.mark.parametrize(
    ("automatic", "expected"),
    [
        ('APT::Periodic "";\nAPT::Periodic::Unattended-Upgrade "1";\nhave unattended-upgrade', True),
        ('APT::Periodic::Unattended-Upgrade "1";', False),
        ('APT::Periodic::Unattended-Upgrade "0";\nhave unattended-upgrade', False),
        ('APT::Periodic::Enable "0";\nAPT::Periodic::Unattended-Upgrade "1";\nhave unattended-upgrade', False),
        ("have unattended-upgrade", False),
        ("unit dnf-automatic.timer enabled", False),
        ("unit dnf-automatic-install.timer enabled", True),
        ("unit dnf-automatic.timer disabled\nunit x ", False),
    ],
)
def test_who_installs_updates(automatic: str, expected: bool) -> None:
    assert read_updates(said(updates="apt", automatic=automatic)).automatic is expected


def test_sshd_by_its_files() -> None:
    files = (
        "files\nPermitRootLogin without-password\nX11Forwarding yes\nLoginGraceTime 2m\n"
        "Ciphers +aes128-cbc\nMaxAuthTries=4\nMatch User x\n"
    )
    sshd = read_sshd(said(sshd=files + "PermitEmptyPasswords yes\nPermitRootLogin no", banner="banner none"))
    assert sshd is not None
    assert (sshd.permit_root_login, sshd.x11_forwarding, sshd.grace_seconds) == ("prohibit-password", True, 120)
    assert (sshd.empty_passwords, sshd.ciphers, sshd.max_auth_tries) == (None, None, 4)
    assert read_sshd(EMPTY) is None
    for text, expected in (
        ("banner /etc/x\nsize 40", True),
        ("banner /etc/x\nsize 0", False),
        ("banner /etc/x", False),
        ("banner none", False),
    ):
        assert read_session(said(sshd="effective", banner=text, profile="")).banner is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("shadow:marta:set:y:19000:365:", ("marta", "set", "y", 19000, 365, None)),
        ("shadow:x:empty:-:::", ("x", "empty", "-", None, None, None)),
        ("root PS 2024-01-10 0 99999 7 -1 (Password set, SHA512 crypt.)", ("root", "set", "?", 19732, 99999, None)),
        ("root P 01/10/2024 0 99999 7 -1", ("root", "set", "?", 19732, 99999, None)),
        ("bin LK 1969-12-31 0 99999 7 -1 (Alternate authentication scheme in use.)", ("bin", "locked", "?", -1, 99999, None)),
        ("guest NP 2024-01-10 0 99999 7 -1", ("guest", "empty", "?", 19732, 99999, None)),
        ("shadow:x:set", None),
        ("anything", None),
    ],
)
def test_lines_about_passwords(line: str, expected: tuple[Any, ...] | None) -> None:
    found = read_secret_line(line)
    assert (
        None if found is None else (found.name, found.state, found.hash, found.changed, found.longest, found.expires)
    ) == expected


def test_when_somebody_was_last_there() -> None:
    sections = said(
        who="talaia",
        today="1800000000",
        passwd="root:x:0:0::/root:/bin/bash\nmarta:x:1000:1000::/home/m:/bin/bash\npau:x:1001:1001::/home/p:/bin/sh\n"
        "talaia:x:999:999::/:/bin/sh\nweb:x:33:33::/:/usr/sbin/nologin\nold:x:1002:1002::/:/bin/sh\n"
        "gone:x:1003:1003::/:/bin/sh\nfresh::1004:1004::/:/bin/sh",
        shadow="shadow:root:set:y:1:2:\nshadow:marta:set:6:19000:365:\nshadow:pau:set:1:20823::\n"
        "shadow:talaia:locked:-:::\nshadow:web:locked:-:::"
        "\nshadow:old:set:6:::\nshadow:gone:set:6:19000::19001\nshadow:fresh:set:6:20833::",
        lastlog="Username         Port     From             Latest\n"
        "marta            pts/0    10.0.0.1  Fri Jan  1 10:00:00 +0100 2027\n"
        "pau   **Never logged in**",
    )
    accounts = read_accounts(sections)
    assert accounts is not None
    assert {person.name: person.idle_days for person in accounts.people or ()} == {"marta": 14, "pau": 10, "old": -1, "fresh": 0}
    assert accounts.weak_hashes == ("pau",)
    assert accounts.empty_passwords == ("fresh",)
    assert accounts.longest_days == 99_999


SYSTEM_AUTH = """/etc/pam.d/system-auth:auth        required      pam_faillock.so preauth silent
/etc/pam.d/system-auth:auth        sufficient    pam_unix.so nullok
/etc/pam.d/system-auth:auth        required      pam_faillock.so authfail
/etc/pam.d/system-auth:password    requisite     pam_pwquality.so local_users_only
/etc/pam.d/system-auth:password    requisite     pam_pwhistory.so use_authtok
/etc/pam.d/system-auth:password    sufficient    pam_unix.so yescrypt shadow use_authtok"""


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        (
            said(pam=SYSTEM_AUTH, pwquality="minlen = 14\nminclass = 4", faillock="deny = 4", pwhistory="remember = 24"),
            (14, 4, 24, 4),
        ),
        (said(pam=SYSTEM_AUTH, pwquality="", faillock="", pwhistory=""), (8, 0, 10, 3)),
        (said(pam=SYSTEM_AUTH, pwquality="minlen=14 # long\ndcredit = -1\nucredit=-1\nlcredit = 2"), (12, 2, 10, None)),
        (said(pam=SYSTEM_AUTH.replace("local_users_only", "minlen=16 minclass=3"), pwquality="minlen = 9"), (16, 3, 10, None)),
        (
            said(pam="/etc/pam.d/common-password:password [success=1 default=ignore] pam_unix.so obscure remember=5 minlen=9"),
            (9, 0, 5, 0),
        ),
        (said(pam="/etc/pam.d/common-auth:auth required pam_tally2.so deny=6 unlock_time=900"), (6, 0, 0, 6)),
        (said(pam="/etc/pam.d/common-password:password requisite pam_passwdqc.so min=disabled,24,11,8,7"), (None, None, 0, 0)),
    ],
)
def test_what_is_asked_of_passwords(sections: Sections, expected: tuple[int | None, ...]) -> None:
    found = read_passwords(sections)
    assert found is not None
    assert (found.min_length, found.classes, found.remembered, found.attempts) == expected


@pytest.mark.parametrize(
    ("sudoers", "free", "everyone"),
    [
        ("root ALL=(ALL:ALL) ALL\n%sudo\tALL=(ALL:ALL) ALL", (), 0),
        ("marta ALL=(ALL) NOPASSWD: ALL", ("marta",), 0),
        ("%wheel ALL=(ALL)\tNOPASSWD: ALL", ("%wheel",), 0),
        ("talaia ALL=(root) NOPASSWD: /usr/sbin/sshd -T, /usr/bin/true", (), 0),
        ("x ALL=(www-data) NOPASSWD: ALL", (), 0),
        ("x ALL=(ALL) PASSWD: ALL, NOPASSWD: /bin/ls", (), 0),
        ("x ALL=(ALL) NOPASSWD: /bin/ls, PASSWD: ALL", (), 0),
        ("x ALL=NOPASSWD: ALL", ("x",), 0),
        ("Cmnd_Alias EVERY = /bin/ls, ALL\nx ALL=(ALL) NOPASSWD: EVERY", ("x",), 0),
        ("Cmnd_Alias SOME = /bin/ls, \\\n  /bin/cat\nx ALL=(ALL) NOPASSWD: SOME", (), 0),
        ("Defaults !authenticate\nx ALL=(ALL) ALL", ("x",), 0),
        ("ALL ALL=(ALL) ALL", (), 1),
        ("Defaults targetpw\nALL ALL=(ALL) ALL", (), 0),
        ("# x ALL=(ALL) NOPASSWD: ALL\n#includedir /etc/sudoers.d\n@includedir /etc/sudoers.d", (), 0),
    ],
)
def test_sudo(sudoers: str, free: tuple[str, ...], everyone: int) -> None:
    found = read_sudo(said(sudoers=sudoers))
    assert found is not None
    assert (found.without_password, len(found.everyone or ())) == (free, everyone)


FIREWALLD = """table inet firewalld {
\tchain filter_INPUT {
\t\ttype filter hook input priority filter + 10; policy accept;
\t\tct state { established, related } accept
\t\tjump filter_INPUT_ZONES
\t\treject with icmpx admin-prohibited
\t}
}"""


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        (said(nft=""), (False, "accept")),
        (said(nft=FIREWALLD), (True, "drop")),
        (said(nft=FIREWALLD.replace("\t\treject with icmpx admin-prohibited\n", "")), (True, "accept")),
        (
            said(nft="table ip filter {\n\tchain INPUT {\n\t\ttype filter hook input priority filter; policy drop;\n\t}\n}"),
            (True, "drop"),
        ),
        (
            said(nft="table ip filter {\n\tchain OUT {\n\t\ttype filter hook output priority filter; policy drop;\n\t}\n}"),
            (False, "accept"),
        ),
        (
            said(
                nft="table inet f {\n\tchain input {\n\t\ttype filter hook input priority 0; policy accept;\n\t\tiif lo accept\n"
                '\t\tjump rest\n\t}\n\tchain rest {\n\t\tlog prefix "x " drop\n\t}\n}'
            ),
            (True, "drop"),
        ),
        (said(iptables="-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-A INPUT -j ufw-before-input"), (True, "drop")),
        (
            said(iptables="-P INPUT ACCEPT\n-A INPUT -i lo -j ACCEPT\n-A INPUT -j REJECT --reject-with icmp-host-prohibited"),
            (True, "drop"),
        ),
        (said(iptables="-P INPUT ACCEPT\n-P OUTPUT ACCEPT"), (False, "accept")),
        (said(iptables="-P INPUT ACCEPT\n-A INPUT -s 10.0.0.1/32 -j DROP"), (True, "accept")),
    ],
)
def test_firewalls(sections: Sections, expected: tuple[bool, str]) -> None:
    found = read_firewall(sections)
    assert found is not None
    assert (found.active, found.default) == expected
    assert read_firewall(EMPTY) is None


@pytest.mark.parametrize(
    ("rsyslog", "processes", "expected"),
    [
        ('*.* action(type="omfwd" target="10.0.0.9")', "rsyslogd", True),
        ("*.* @@logs.example:6514", "rsyslogd", True),
        ("*.*   @10.0.0.9", "rsyslogd", True),
        ("auth,authpriv.* -/var/log/auth.log", "rsyslogd", False),
        ("*.* @10.0.0.9", "sshd", False),
        ("", "filebeat", True),
        ('destination d { network("10.0.0.9" port(514)); };', "syslog-ng", True),
        ('module(load="imuxsock")', "rsyslogd", False),
    ],
)
def test_where_logs_go(rsyslog: str, processes: str, expected: bool) -> None:
    assert read_logs(said(rsyslog=rsyslog, processes=processes, journald="")).forwarded is expected


def test_how_long_logs_stay() -> None:
    rhel = (
        "/etc/logrotate.conf:weekly\n/etc/logrotate.conf:rotate 4\n/etc/logrotate.conf:include /etc/logrotate.d\n"
        "/etc/logrotate.d/syslog:/var/log/cron\n/etc/logrotate.d/syslog:/var/log/messages\n"
        "/etc/logrotate.d/syslog:/var/log/secure\n"
        "/etc/logrotate.d/syslog:{\n/etc/logrotate.d/syslog:    missingok\n/etc/logrotate.d/syslog:}\n"
    )
    assert read_logs(said(logrotate=rhel)).retention_days == 28
    assert read_logs(said(logrotate=rhel.replace("missingok", "rotate 13"))).retention_days == 91
    assert (
        read_logs(said(logrotate="/etc/logrotate.conf:weekly", journald="[Journal]\nMaxRetentionSec=90day")).retention_days == 90
    )
    assert read_logs(said(logrotate="/etc/logrotate.conf:weekly", journald="[Journal]")).retention_days is None
    assert read_logs(EMPTY).retention_days is None


@pytest.mark.parametrize(
    ("clocks", "processes", "expected"),
    [
        ("Reference ID    : C0248F97 (x)\nLeap status     : Normal", "chronyd", ("chronyd", True)),
        ("Reference ID    : 7F7F0101 ()\nLeap status     : Normal", "chronyd", ("chronyd", False)),
        ("Reference ID    : 00000000 ()\nLeap status     : Not synchronised", "chronyd", ("chronyd", False)),
        ("NTP=yes\nNTPSynchronized=yes", "systemd-timesyn", ("systemd-timesyn", True)),
        ("NTP=yes\nNTPSynchronized=no", "systemd-timesyn", ("systemd-timesyn", False)),
        ("     remote   refid\n*ntp.roa.es  .GPS. 1 u 33", "ntpd", ("ntpd", True)),
        ("", "sshd", ("", False)),
        ("", "chronyd", ("chronyd", None)),
    ],
)
def test_clocks(clocks: str, processes: str, expected: tuple[str, bool | None]) -> None:
    found = read_time(said(clocks=clocks, processes=processes))
    assert found is not None
    assert (found.service, found.synchronised) == expected


def test_other_topics_in_short() -> None:
    audit = read_audit(said(audit="enabled 1\nfailure 1\npid 812", audit_rules="No rules", processes="auditd"))
    assert (audit.running, audit.rules) == (True, 0)
    assert read_audit(said(processes="sshd")).running is False
    assert (
        read_kernel(
            said(
                sysctls="ipv4.all.rp_filter 0\nipv4.default.rp_filter 2\nipv6.all.accept_redirects 1\nipv4.all.accept_redirects 0"
            )
        ).rp_filter
        == 2
    )
    assert read_kernel(said(sysctls="ipv6.all.accept_redirects 1\nipv4.all.accept_redirects 0")).accept_redirects is True
    assert read_kernel(said(mac="lsm capability,yama")).mac_enforcing is False
    assert read_kernel(said(mac="apparmor Y\nprofiles 31")).mac_enforcing is True
    assert read_disks(said(usb="modprobe install /bin/false ", processes="sshd")).usb_blocked is True
    assert read_disks(said(usb="modprobe insmod /lib/modules/usb-storage.ko", processes="udisksd")).automount is True
    assert read_boot(said(grub="/boot/grub2/grub.cfg:3", machine="firmware bios")).password is False
    assert read_boot(said(grub="/boot/grub/grub.cfg:0")).password is False
    assert read_boot(EMPTY).password is None
    assert read_session(said(profile="/etc/profile: typeset -r TMOUT=900\n#TMOUT=60")).timeout_seconds == 900
    running = read_running(
        said(
            processes="ps\nsshd\nclamd",
            units="bareos-fd.service loaded active running x",
            backups="NEXT borgmatic.timer",
            today="1",
        )
    )
    assert (running.antimalware, running.backup) == (("clamd",), ("bareos-fd", "borgmatic"))
    assert running.services == ("bareos-fd", "clamd", "sshd")
    partial = read_files(Sections({"files": Section("s/tmp/sh\0w/srv\0w/var/sp", 1)}))
    assert (partial.complete, partial.suid, partial.world_writable) == (False, ("/tmp/sh",), ("/srv",))
    assert read_files(EMPTY).suid is None
