"""NFS without the kernel's server: rpcbind and NFS-Ganesha, in a network namespace whose fixed ports are theirs alone."""

from pathlib import Path


def ganesha_command(folder: Path, exports: str) -> list[str]:
    """The command that runs both; ``exports`` are EXPORT blocks of ganesha.conf, ``FOLDER`` in them is ``folder``.

    It makes its own mounts and PIDs: rpcbind is registered with through a socket under /run, and one machine has one /run.
    """
    config = folder / "ganesha.conf"
    config.write_text(
        "NFS_CORE_PARAM { Protocols = 3,4; NFS_Port = 2049; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; }\n"
        "NFSV4 { Graceless = true; RecoveryBackend = fs; }\nLOG { Default_Log_Level = EVENT; }\n"
        + exports.replace("FOLDER", str(folder))
    )
    script = folder / "nfs.sh"
    script.write_text(
        "mount -t tmpfs none /run && mount -t tmpfs none /var/lib/nfs\nrpcbind -f -w &\n"
        "until [ -S /run/rpcbind.sock ]; do sleep 0.05; done\n"
        f"exec ganesha.nfsd -F -f {config} -L {folder}/ganesha.log -p {folder}/ganesha.pid\n"
    )
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", str(script)]


def export(number: int, path: str, settings: str) -> str:
    return (
        f"EXPORT {{ Export_Id = {number}; Path = FOLDER/{path}; Pseudo = /{path}; Squash = root_squash; SecType = sys;\n"
        f"FSAL {{ Name = VFS; }}\n{settings}\n}}\n"
    )


TO_ALL = "Access_Type = RO;"
TO_ONE = "Access_Type = NONE; CLIENT { Clients = 127.0.0.0/8; Access_Type = RO; }"  # those it is not for do not see it listed
