# Runs inside the host before its sshd; what it can call is in tests/debian_hosts.py.
printf 'PermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nX11Forwarding no\nMaxAuthTries 3\nLoginGraceTime 30\n' \
  > /etc/ssh/sshd_config.d/50-good.conf
printf 'KexAlgorithms curve25519-sha256,diffie-hellman-group16-sha512\nCiphers aes256-gcm@openssh.com,aes256-ctr\n' >> /etc/ssh/sshd_config.d/50-good.conf
printf 'MACs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com\nBanner /etc/issue.net\n' >> /etc/ssh/sshd_config.d/50-good.conf
echo 'Only for authorised use. What is done here is recorded.' > /etc/issue.net
useradd -m -s /bin/bash -G sudo marta; echo 'marta:$y$j9T$abc$0123456789012345678901234567890123456789012' | chpasswd -e; chage -M 365 marta
sed -i 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 365/' /etc/login.defs
printf 'minlen = 14\nminclass = 4\n' > /etc/security/pwquality.conf
sed -i '/pam_unix.so/i password required pam_pwhistory.so remember=12 use_authtok' /etc/pam.d/common-password
printf 'auth required pam_faillock.so preauth\nauth [default=die] pam_faillock.so authfail\n' >> /etc/pam.d/common-auth
printf 'deny = 3\n' > /etc/security/faillock.conf
printf 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n' > /etc/apt/apt.conf.d/20auto-upgrades
printf '/var/log/syslog /var/log/auth.log {\n  rotate 120\n  daily\n}\n' > /etc/logrotate.d/rsyslog
printf '*.* action(type="omfwd" target="127.0.0.9" port="5140" protocol="udp")\n' > /etc/rsyslog.d/central.conf
rsyslogd -i /run/rsyslogd.pid >/dev/null 2>&1
stand_in auditd; stand_in chronyd; stand_in clamd
command_says /usr/sbin/auditctl '-w /etc/passwd -p wa -k identity
enabled 1
pid 77'
command_says /usr/bin/chronyc 'Reference ID    : 0A0A0001 (ntp.example)
Leap status     : Normal'
mkdir -p /var/lib/clamav; touch /var/lib/clamav/daily.cvd
mkdir -p /boot/grub; echo 'password_pbkdf2 root grub.pbkdf2.sha512.10000.AA' > /boot/grub/grub.cfg; chmod 600 /boot/grub/grub.cfg
echo 'readonly TMOUT=600; export TMOUT' > /etc/profile.d/timeout.sh
mkdir -p /etc/modprobe.d; echo 'install usb-storage /bin/false' > /etc/modprobe.d/usb.conf
mkdir -p /etc/cron.d; echo '0 3 * * * root restic backup /etc' > /etc/cron.d/backup
