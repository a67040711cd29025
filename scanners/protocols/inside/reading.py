"""From what the script printed to facts. Pure; whatever text comes, nothing is raised."""

from scanners.protocols.inside.accounts import read_accounts
from scanners.protocols.inside.facts import InsideFacts
from scanners.protocols.inside.files import read_files
from scanners.protocols.inside.firewall import read_firewall
from scanners.protocols.inside.kernel import read_boot, read_disks, read_kernel
from scanners.protocols.inside.logs import read_audit, read_logs
from scanners.protocols.inside.passwords import read_passwords
from scanners.protocols.inside.running import read_running, read_session, read_time
from scanners.protocols.inside.sections import Sections
from scanners.protocols.inside.software import read_os, read_packages, read_updates
from scanners.protocols.inside.sshd import read_sshd
from scanners.protocols.inside.sudo import read_sudo


def read(sections: Sections) -> InsideFacts:
    """Each topic by its own reader; what a section does not say stays None."""
    return InsideFacts(
        root=None if "rights" not in sections else sections["rights"].status == 0,
        packages=read_packages(sections),
        os=read_os(sections),
        updates=read_updates(sections),
        sshd=read_sshd(sections),
        accounts=read_accounts(sections),
        passwords=read_passwords(sections),
        sudo=read_sudo(sections),
        audit=read_audit(sections),
        logs=read_logs(sections),
        time=read_time(sections),
        firewall=read_firewall(sections),
        kernel=read_kernel(sections),
        files=read_files(sections),
        disks=read_disks(sections),
        boot=read_boot(sections),
        running=read_running(sections),
        session=read_session(sections),
    )
