# Read-only: nothing is written, started, stopped or fetched. Sent on standard input of one session as `sh -s`, after two lines
# that set MARK (a word that nobody can guess) and SUDO (1 where the lines of docs/host-access.md may be used).
exec 2>/dev/null
PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
umask 077

# root COMMAND...: with root's rights, where they were given.
root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif [ "$SUDO" = 1 ]; then sudo -n "$@"; else return 126; fi
}
# part NAME BYTES COMMAND...: a marked section of at most BYTES; cut ones have no end.
part() {
  name=$1 most=$2
  shift 2
  { printf '\n%s begin %s\n' "$MARK" "$name"; "$@"; printf '\n%s end %s\n' "$MARK" "$?"; } </dev/null | head -c "$most"
}
# The lines that say something, of the files that exist; named: each after its file. A file that may not be read is a failure.
said() {
  how=$1
  shift
  for file in "$@"; do
    [ ! -e "$file" ] || grep "$how" '^[[:space:]]*[^#;[:space:]]' "$file" || [ $? = 1 ] || return 1
  done
}
settings() { said -h "$@"; }
named() { said -H "$@"; }

# What the password field says, without the field: the hash does not leave the host.
shadow() {
  root /usr/bin/getent shadow | awk -F: '
    { p = $2; s = "set"; h = "-"
      if (p == "") s = "empty"
      else if (p ~ /^[!*]/) s = "locked"
      else if (p ~ /^\$[0-9a-z]+\$/) { split(p, a, "$"); h = a[2] }
      else h = "des"
      print "shadow:" $1 ":" s ":" h ":" $3 ":" $5 ":" $8 }
    END { exit NR == 0 }' && return
  root /usr/bin/passwd -S -a
}
updates() {
  if command -v apt-get >/dev/null; then
    echo apt
    timeout 20 apt-get -s -o Debug::NoLocking=true dist-upgrade
  elif command -v dnf >/dev/null; then
    echo dnf
    root /usr/bin/timeout 20 /usr/bin/dnf -q -C updateinfo list --security
  else
    return 127
  fi
}
lists() {
  date +%s
  stat -c '%Y %n' /var/lib/apt/lists /var/lib/apt/lists/partial /var/lib/apt/periodic/update-success-stamp /var/cache/dnf/*
  true
}
automatic() {
  apt-config dump APT::Periodic
  settings /etc/dnf/automatic.conf
  for unit in unattended-upgrades.service dnf-automatic.timer dnf-automatic-install.timer; do
    printf 'unit %s %s\n' "$unit" "$(systemctl is-enabled "$unit")"
  done
  command -v unattended-upgrade >/dev/null && echo have unattended-upgrade
  if [ -e /run/reboot-required ]; then echo reboot yes
  elif command -v needs-restarting >/dev/null; then needs-restarting -r >/dev/null; echo "reboot-status $?"
  elif command -v apt-get >/dev/null; then echo reboot no; fi
}
sshd() {
  SSHD=$(root /usr/sbin/sshd -T) && [ -n "$SSHD" ] && { echo effective; printf '%s\n' "$SSHD"; return; }
  [ -r /etc/ssh/sshd_config ] && { echo files; settings /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config; }
}
banner() {
  file=$(root /usr/sbin/sshd -T | awk '$1 == "banner" { print $2 }')
  [ -n "$file" ] || file=$(settings /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config | awk 'tolower($1) == "banner" { print $2; exit }')
  echo "banner $file"
  [ "$file" = none ] || [ -z "$file" ] || printf 'size %s\n' "$(wc -c <"$file")"
}
guarded() {
  stat -c '%a %U %G %n' /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/sudoers /etc/ssh/sshd_config /etc/ssh/ssh_host_*_key \
    /etc/crontab /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly /etc/cron.d /etc/ssh /etc /root
  true
}
files() {
  root /usr/bin/timeout 25 /usr/bin/find / '(' -fstype proc -o -fstype sysfs -o -fstype devtmpfs -o -fstype devpts -o -fstype nfs \
    -o -fstype nfs4 -o -fstype cifs -o -fstype autofs -o -fstype fuse -o -fstype cgroup2fs -o -path /run/user -o -path \
    /var/lib/docker -o -path /var/lib/containers ')' -prune -o '(' -type f -perm /6000 -printf s -print0 -o -type f -perm -0002 -printf w -print0 -o -type d \
    -perm -0002 -not -perm -1000 -printf w -print0 -o -nouser -printf u -print0 -o -nogroup -printf u -print0 ')'
  how=$?
  [ $how = 0 ] && return
  [ $how = 124 ] || [ "$(id -u)" = 0 ] || timeout 25 find / '(' -fstype proc -o -fstype sysfs -o -fstype devtmpfs -o -fstype devpts \
    -o -fstype nfs -o -fstype nfs4 -o -fstype cifs -o -fstype autofs -o -fstype fuse ')' -prune -o '(' -type f -perm /6000 -printf s \
    -print0 -o -type f -perm -0002 -printf w -print0 ')'
  return 1
}
grub() {
  root /usr/bin/grep -cs -e password_pbkdf2 -e GRUB2_PASSWORD /boot/grub/grub.cfg /boot/grub2/grub.cfg /boot/grub2/user.cfg
  true
}
sysctls() {
  for ip in 4 6; do for where in all default; do for name in accept_redirects send_redirects accept_source_route rp_filter; do
    [ -r "/proc/sys/net/ipv$ip/conf/$where/$name" ] && echo "ipv$ip.$where.$name $(cat "/proc/sys/net/ipv$ip/conf/$where/$name")"
  done; done; done
  echo "syncookies $(cat /proc/sys/net/ipv4/tcp_syncookies)"
  echo "suid_dumpable $(cat /proc/sys/fs/suid_dumpable)"
  echo "aslr $(cat /proc/sys/kernel/randomize_va_space)"
}
mac() {
  command -v getenforce >/dev/null && echo "selinux $(getenforce)"
  [ -r /sys/module/apparmor/parameters/enabled ] && echo "apparmor $(cat /sys/module/apparmor/parameters/enabled)"
  [ -r /sys/kernel/security/lsm ] && echo "lsm $(cat /sys/kernel/security/lsm)"
  [ -d /etc/apparmor.d ] && echo "profiles $(find /etc/apparmor.d -maxdepth 1 -type f | wc -l)"
  true
}
machine() {
  echo "virt $(systemd-detect-virt || true)"
  grep -qsw hypervisor /proc/cpuinfo && echo hypervisor
  [ -r /sys/class/dmi/id/chassis_type ] && echo "chassis $(cat /sys/class/dmi/id/chassis_type)"
  if [ -d /sys/firmware/efi ]; then echo firmware uefi; elif [ -d /sys/firmware ]; then echo firmware bios; fi
  command -v mokutil >/dev/null && mokutil --sb-state
  od -An -t u1 /sys/firmware/efi/efivars/SecureBoot-* | awk '{ print "secureboot", $NF }'
  true
}
disks() {
  device=$(findmnt -nvo SOURCE /) && [ -b "$device" ] && lsblk -nrso TYPE "$device"
}
usb() {
  settings /etc/modprobe.d/*.conf | grep -E 'usb[-_]storage|uas'
  command -v modprobe >/dev/null && echo "modprobe $(modprobe -n -v usb-storage | tail -n 1)"
  lsmod | grep -q '^usb_storage' && echo loaded
  true
}
clocks() {
  timedatectl show -p NTP -p NTPSynchronized
  timeout 5 chronyc -n tracking
  timeout 5 ntpq -pn
  true
}
backups() {
  systemctl list-timers --all --plain --no-legend --no-pager
  grep -rhsE 'borg|restic|rsnapshot|duplicity|duply|backupninja|rdiff-backup|bareos|bacula|urbackup|veeam|kopia|proxmox-backup|rsync .*backup' \
    /etc/cron.d /etc/cron.daily /etc/cron.weekly /etc/crontab
  true
}

part who 200 id -un
part rights 200 root /usr/bin/true
part os 4000 cat /etc/os-release
part packages 300000 sh -c 'command -v dpkg-query >/dev/null && exec dpkg-query -W -f "\${db:Status-Status} \${Package}\n"; exec rpm -qa --qf "installed %{NAME}\n"'
part updates 100000 updates
part lists 20000 lists
part automatic 10000 automatic
part sshd 40000 sshd
part banner 1000 banner
part passwd 60000 cat /etc/passwd
part shadow 60000 shadow
part today 100 date +%s
part defs 4000 settings /etc/login.defs
part pam 40000 named /etc/pam.d/common-auth /etc/pam.d/common-password /etc/pam.d/common-account /etc/pam.d/system-auth /etc/pam.d/password-auth
part pwquality 8000 settings /etc/security/pwquality.conf /etc/security/pwquality.conf.d/*.conf
part faillock 4000 settings /etc/security/faillock.conf
part pwhistory 4000 settings /etc/security/pwhistory.conf
part sudoers 60000 root /usr/bin/grep -rsh . /etc/sudoers /etc/sudoers.d
part lastlog 60000 sh -c 'command -v lastlog >/dev/null && exec lastlog; exec lastlog2'
part audit 2000 root /usr/sbin/auditctl -s
part audit_rules 60000 root /usr/sbin/auditctl -l
part rsyslog 60000 settings /etc/rsyslog.conf /etc/rsyslog.d/*.conf /etc/syslog-ng/syslog-ng.conf /etc/syslog-ng/conf.d/*.conf
part journald 8000 settings /etc/systemd/journald.conf /etc/systemd/journald.conf.d/*.conf /etc/systemd/journal-upload.conf
part logrotate 40000 named /etc/logrotate.conf /etc/logrotate.d/rsyslog /etc/logrotate.d/syslog /etc/logrotate.d/syslog-ng
part logfiles 20000 sh -c 'find /var/log -maxdepth 2 -type f -perm -0004; true'
part clocks 8000 clocks
part nft 120000 root /usr/sbin/nft -s list ruleset
part iptables 60000 root /usr/sbin/iptables -S
part sysctls 4000 sysctls
part mac 2000 mac
part machine 4000 machine
part disks 2000 disks
part usb 8000 usb
part processes 60000 ps -eo comm=
part units 60000 systemctl list-units --type=service --state=running --plain --no-legend --no-pager
part backups 20000 backups
part signatures 4000 sh -c 'stat -c "%Y %n" /var/lib/clamav/*.c?d; true'
part grub 2000 grub
part profile 8000 sh -c "grep -hs TMOUT /etc/profile /etc/profile.d/*.sh /etc/bash.bashrc /etc/bashrc; true"
part guarded 4000 guarded
part files 120000 files
printf '\n%s done\n' "$MARK"
