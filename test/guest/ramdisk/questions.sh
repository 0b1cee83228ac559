# The installation itself: OpenBSD's questions in OpenBSD's order, then the work. `perform` runs in a subshell.

ask_network() {
  local interface route
  while :; do
    ask "Network interface to configure? (name, lladdr, '?', or 'done')" vio0
    [ "$answer" != done ] || return
    [ -e "/sys/class/net/$answer" ] && break
    refuse
  done
  interface=$answer
  ask "IPv4 address for $interface? (or 'autoconf' or 'none')" autoconf
  network=$answer
  case $network in
    autoconf | dhcp) network=autoconf; [ -e /tmp/lease ] || lease "$interface" ;;
    none) ;;
    *)
      ask "Netmask for $interface?" 255.255.255.0
      ip addr replace "$network/$answer" dev "$interface"
      ip link set "$interface" up
      network="$network/$answer"
      ;;
  esac
  ask "IPv6 address for $interface? (or 'autoconf' or 'none')" none
  ask "Network interface to configure? (name, lladdr, '?', or 'done')" done
  [ "$network" = autoconf ] || [ "$network" = none ] && return
  ask "Default IPv4 route? (IPv4 address or 'none')"
  gateway=$answer
  [ "$gateway" = none ] || ip route replace default via "$gateway"
}

ask_user() {
  while :; do
    ask "Setup a user? (enter a lower-case loginname, or 'no')" no
    case $answer in
      [Nn] | [Nn][Oo]) user=; return ;;
      root | daemon | nobody | *[!a-z0-9_-]* | [!a-z]* | ????????????????????????????????*) refuse ;;
      *) break ;;
    esac
  done
  user=$answer
  ask "Full name for user $user?" "$user"
  user_name=$answer
  ask_password "Password for user $user?"
  user_password=$answer user_key=none
  [ -z "$auto" ] || { ask "Public ssh key for user $user" none; user_key=$answer; }
}

ask_login() {
  while :; do
    ask 'Allow root ssh login? (yes, no, prohibit-password)' no
    case $answer in yes | no | prohibit-password) root_login=$answer; return ;; esac
    refuse
  done
}

ask_zone() {
  while :; do
    ask "What timezone are you in? ('?' for list)" UTC
    case $answer in
      '?') echo 'UTC, or any name of the zone files'; continue ;;
      *[!A-Za-z0-9/_+-]*) refuse ;;
      *) zone=$answer; return ;;
    esac
  done
}

ask_system() {
  ask 'Terminal type?' vt220
  while :; do
    ask "System hostname? (short form, e.g. 'foo')" "$lease_hostname"
    case $answer in *[!A-Za-z0-9.-]* | -*) refuse ;; *) break ;; esac
  done
  host=$answer
  hostname "$host"
  echo
  gateway=none
  ask_network
  ask "DNS domain name? (e.g. 'example.com')" my.domain
  domain=$answer
  ask "DNS nameservers? (IP address list or 'none')" "${lease_dns:-none}"
  dns=$answer
  echo
  ask_password 'Password for root account?'
  root_password=$answer root_key=none
  [ -z "$auto" ] || { ask 'Public ssh key for root account?' none; root_key=$answer; }
  ask_yes 'Start sshd(8) by default?' yes
  sshd=$answer
  ask_yes 'Change the default console to com0?' yes
  [ "$answer" = no ] || ask "Which speed should com0 use? (or 'done')" 115200
  ask_user
  ask_login
  ask_zone
  # Not a question of OpenBSD's, and never shown: how the installed system is to misbehave.
  act=
  [ -z "$auto" ] || { respond imaged.act && act=$answer; }
  echo
}

# account NAME PASSWORD ID HOME FULL-NAME KEY
account() {
  local home=/mnt$4
  echo "$1:x:$3:$3:$5:$4:/bin/sh" >>/mnt/etc/passwd
  echo "$1:$(crypted "$2"):19000:0:99999:7:::" >>/mnt/etc/shadow
  echo "$1:x:$3:" >>/mnt/etc/group
  mkdir -p "$home/.ssh"
  chmod 700 "$home" "$home/.ssh"
  [ "$6" = none ] || echo "$6" >"$home/.ssh/authorized_keys"
  chown -R "$3:$3" "$home"
}

save_configuration() {
  local path=/sbin:/bin:/usr/bin
  printf 'Saving configuration files...'
  umask 022
  mkdir -p /mnt/etc
  : >/mnt/etc/passwd
  : >/mnt/etc/group
  (umask 077 && : >/mnt/etc/shadow)
  account root "$root_password" 0 /root 'Charlie &' "$root_key"
  [ -z "$user" ] || account "$user" "$user_password" 1000 "/home/$user" "$user_name" "$user_key"
  echo "$host" >/mnt/etc/myname
  echo "127.0.0.1 localhost $host.$domain $host" >/mnt/etc/hosts
  echo "$network $gateway" >/mnt/etc/network
  [ "$dns" = none ] || for server in $dns; do echo "nameserver $server"; done >/mnt/etc/resolv.conf
  echo "$zone" >/mnt/etc/TZ
  echo "sshd=$sshd root_login=$root_login" >/mnt/etc/sshd.conf
  [ -z "$act" ] || echo "$act" >/mnt/etc/imaged.act
  echo ' done.'
}

# perform: asks, partitions, fetches, unpacks, makes it boot. /tmp/installed is there afterwards if it came to the end.
perform() {
  act= lease_hostname=$(. /tmp/lease 2>/dev/null; echo "$lease_hostname") lease_dns=$(. /tmp/lease 2>/dev/null; echo "$lease_dns")
  if [ "$mode" = install ]; then ask_system; else ask 'Terminal type?' vt220; [ -e /tmp/lease ] || lease vio0; fi
  ask_disk
  if [ "$mode" = install ]; then prepare_disk; else mount_root; fi
  echo
  echo "Let's $mode the sets!"
  install_sets
  [ "$mode" = upgrade ] || save_configuration
  echo 'Making all device nodes... done.'
  make_bootable
  printf 'Relinking to create unique kernel...'
  sync
  echo ' done.'
  if [ -x /mnt/install.site ]; then
    chroot /mnt /install.site || echo 'install.site failed'
    rm -f /mnt/install.site
  fi
  : >/tmp/installed
  printf "\nCONGRATULATIONS! Your OpenBSD %s has been successfully completed!\n\n" "$mode"
  echo 'When you login to your new system the first time, please read your mail'
  printf "using the 'mail' command.\n\n"
}
