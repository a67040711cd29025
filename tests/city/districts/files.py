"""File servers, clocks and reflectors: Samba, and what answers more over UDP than it was asked."""

from tests.city.host import Host
from tests.city.servers import Command, Yard
from tests.scanners import smb_servers, udp_servers


def careless_samba(yard: Yard) -> list[Command]:
    return [smb_servers.smbd_command(yard.folder, yard.address, smb_servers.FAULTY, name="FITXERS")]


def hardened_samba(yard: Yard) -> list[Command]:
    shares = "[padro]\n path = FOLDER/share\n read only = no\n"
    return [smb_servers.smbd_command(yard.folder, yard.address, smb_servers.HARDENED, name="SEGUR", shares=shares)]


def talkative_clock(yard: Yard) -> list[Command]:
    return [udp_servers.ntpsec_command(yard.folder)]


def quiet_clock(yard: Yard) -> list[Command]:
    return [udp_servers.chrony_command(yard.folder)]


def router(yard: Yard) -> list[Command]:
    return [udp_servers.miniupnpd_command(yard.folder, f"{yard.address}/16")]


def sensor(yard: Yard) -> list[Command]:
    return [udp_servers.coap_command(yard.address)]


HOSTS: tuple[Host, ...] = (
    Host("10.77.4.30", "fitxers", careless_samba, (445, 139), {445: "SMB-001 SMB-002 SMB-003", 139: "SMB-001 SMB-002 SMB-003"}),
    Host("10.77.4.31", "segur", hardened_samba, (445, 139), {}),
    Host("10.77.3.30", "compartit", hardened_samba, (445, 139), {445: "SMB-004", 139: "SMB-004"}),
    Host("10.77.3.31", "rellotge", talkative_clock, (), {123: "AMP-001"}),
    Host("10.77.3.32", "hora", quiet_clock, (), {}),
    Host("10.77.3.33", "porta", router, (), {1900: "IOT-006 AMP-002"}),
    Host("10.77.3.34", "aforament", sensor, (), {5683: "AMP-002"}),
    Host("10.77.4.32", "pluja", sensor, (), {}),
)
