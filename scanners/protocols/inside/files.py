"""Rights of files: what runs with others' rights, what everybody may write, what nobody owns, and what guards the host."""

import re

from scanners.clean_text import clean_text
from scanners.protocols.inside.facts import FileFacts, GuardedFile
from scanners.protocols.inside.sections import Sections

_LIMIT = 1000  # of one kind, that are worth keeping
_STAT = re.compile(r"([0-7]{1,4}) (\S{1,64}) (\S{1,64}) (/.{1,300})")
_SECRET = re.compile(r"/etc/g?shadow|/etc/ssh/ssh_host_.*_key|/etc/sudoers|/root")
_KEEPERS = frozenset({"root", "shadow", "ssh_keys"})
# Sockets of programs and queues that are made to be written by everybody, inside directories that are not.
_MEANT = re.compile(r"/var/spool/postfix/.*|/var/(tmp|lock)|/tmp|/run/.*|/dev/.*|/proc/.*|/sys/.*")


def read_files(sections: Sections) -> FileFacts:
    found = sections.get("files")
    suid = world = unowned = None
    if found is not None:
        names = [name for name in found.text.split("\0")[:-1] if name[1:2] == "/"]
        suid, world, unowned = (_of(names, letter) for letter in "swu")
        if found.status is None and not names:
            suid = world = unowned = None
    return FileFacts(
        complete=None if found is None else found.status == 0,
        suid=suid,
        world_writable=None if world is None else tuple(path for path in world if not _MEANT.fullmatch(path)),
        unowned=unowned,
        guarded=_guarded(sections),
    )


def _of(names: list[str], letter: str) -> tuple[str, ...]:
    return tuple(sorted({clean_text(name[1:], 300) for name in names if name.startswith(letter)})[:_LIMIT])


def _guarded(sections: Sections) -> tuple[GuardedFile, ...] | None:
    lines = sections.lines("guarded")
    if not lines:
        return None
    return tuple(_file(match) for line in lines if (match := _STAT.fullmatch(line)))


def _file(match: re.Match[str]) -> GuardedFile:
    mode, owner, group, path = int(match[1], 8), match[2], match[3], match[4]
    return GuardedFile(
        path=clean_text(path, 300),
        owner=clean_text(owner, 64),
        mode=match[1],
        writable=bool(mode & 0o002) or (bool(mode & 0o020) and group != "root"),
        readable=bool(mode & 0o004) or (bool(mode & 0o040) and group not in _KEEPERS),
        secret=bool(_SECRET.fullmatch(path)),
    )
