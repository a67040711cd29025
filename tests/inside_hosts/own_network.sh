# Only in a network namespace of its own: these settings and rules are the namespace's.
for ip in 4 6; do for where in all default; do
  for name in accept_redirects send_redirects accept_source_route; do
    file=/proc/sys/net/ipv$ip/conf/$where/$name; [ ! -e $file ] || echo 0 > $file
  done
done; done
echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter; echo 1 > /proc/sys/net/ipv4/conf/default/rp_filter
nft 'add table inet filter; add chain inet filter input { type filter hook input priority 0; policy drop; };
add rule inet filter input ct state established,related accept; add rule inet filter input iif lo accept;
add rule inet filter input tcp dport 22 accept; add rule inet filter input meta l4proto { 1, 58 } accept'
