# Runs inside the host before its sshd; what it can call is in tests/debian_hosts.py.
mkdir -p /srv/archive
cat > /srv/archive/Packages <<'END'
Package: tzdata
Version: 9999a-0+deb12u1
Architecture: all
Maintainer: Nobody
Filename: ./tzdata.deb
Size: 1000
SHA256: 0000000000000000000000000000000000000000000000000000000000000000
Description: time zones
END
cat > /srv/archive/Release <<'END'
Origin: Debian
Label: Debian-Security
Suite: stable-security
Codename: bookworm-security
Architectures: amd64 all
Components: main
Date: Thu, 01 Jan 2026 00:00:00 UTC
END
( cd /srv/archive
  printf 'SHA256:\n %s %s Packages\n' "$(sha256sum Packages | cut -d' ' -f1)" "$(wc -c < Packages)" >> Release )
echo 'deb [trusted=yes] file:/srv/archive ./' > /etc/apt/sources.list
apt-get update -q >/dev/null

printf 'PermitRootLogin yes\nPermitEmptyPasswords yes\nX11Forwarding yes\nMaxAuthTries 20\nLoginGraceTime 0\n' \
  > /etc/ssh/sshd_config.d/50-bad.conf
useradd -m -s /bin/sh nobody-asks; passwd -d nobody-asks >/dev/null
useradd -m -s /bin/bash -o -u 0 -g 0 toor; echo 'toor:$1$abcdefgh$0123456789012345678901' | chpasswd -e
useradd -m -s /bin/bash prova; echo 'prova:$y$j9T$abc$0123456789012345678901234567890123456789012' | chpasswd -e; chage -d 2020-01-01 prova
echo 'prova ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/prova
echo 'ALL ALL=(ALL) ALL' >> /etc/sudoers.d/prova
printf 'APT::Periodic::Unattended-Upgrade "0";\n' > /etc/apt/apt.conf.d/99off
printf '/var/log/syslog /var/log/auth.log {\n  rotate 4\n  weekly\n}\n' > /etc/logrotate.d/rsyslog
touch /var/log/auth.log; chmod 644 /var/log/auth.log
mkdir -m 777 /srv/shared; touch /srv/shared/all; chmod 666 /srv/shared/all
touch /srv/orphan; chown 4242:4242 /srv/orphan
cp /bin/dash /usr/local/bin/backdoor; chmod 4755 /usr/local/bin/backdoor
chmod 644 /etc/shadow
stand_in rpcbind
cp /var/lib/dpkg/status /tmp/status
printf 'Package: anydesk\nStatus: install ok installed\nPriority: optional\nSection: net\nMaintainer: Nobody\nArchitecture: amd64\nVersion: 6.0\nDescription: x\n\n' >> /tmp/status
mv /tmp/status /var/lib/dpkg/status; chmod 644 /var/lib/dpkg/status
