# Finding the response file, as OpenBSD's automatic mode does: in the ramdisk, by the lease, or where one is told.

# lease INTERFACE: asks for an address for half a minute; the answer is in /tmp/lease and the lease_ variables.
lease() {
  rm -f /tmp/lease
  udhcpc -q -n -f -t 15 -T 2 -i "$1" -s /lib/dhcp >/tmp/udhcpc.log 2>&1
  [ -e /tmp/lease ] || return 1
  . /tmp/lease
}

# fetch_responses URL: says what it does, and whether it worked.
fetch_responses() {
  echo "Fetching $1"
  fetch "$1" "$RESPONSES"
}

# mode_of PATH: install or upgrade into $mode, from the name of a response file or the lease's boot file.
mode_of() {
  case $1 in
    auto_install | */auto_install | *install.conf) mode=install ;;
    auto_upgrade | */auto_upgrade | *upgrade.conf) mode=upgrade ;;
    *) return 1 ;;
  esac
}

# By the lease: the machine's address, its name if the lease gave one, and the plain name, in this order.
by_lease() {
  local mac directory name query="?path=$VERSION/$ARCH"
  if ! lease vio0; then
    echo 'No dhcp address on interface vio0 in 30 seconds.'
    return 1
  fi
  case $lease_next_server in '' | 0.0.0.0) echo 'Could not determine auto server.'; return 1 ;; esac
  if ! mode_of "$lease_boot_file"; then echo 'Could not determine auto mode.'; return 1; fi
  case $lease_boot_file in */*) directory=${lease_boot_file%/*}/ directory=${directory#/} ;; *) directory= ;; esac
  read -r mac </sys/class/net/vio0/address
  for name in "$mac-" ${lease_hostname:+"$lease_hostname-"} ''; do
    fetch_responses "http://$lease_next_server/$directory$name$mode.conf$query" && return
  done
  return 1
}

# find_responses: $mode and the file, or 1 after the words for it.
find_responses() {
  local try
  for try in upgrade install; do
    if [ -e "/auto_$try.conf" ]; then cp "/auto_$try.conf" "$RESPONSES"; mode=$try; fi
  done
  if [ -e "$RESPONSES" ]; then lease vio0; return 0; fi
  by_lease && return
  auto=
  while :; do
    ask 'Response file location?' "http://${lease_next_server:-0.0.0.0}/install.conf"
    case $answer in
      http://?*) fetch_responses "$answer" && break ;;
      https://*) echo 'https not supported on this platform.' ;;
      *) echo "'$answer' is not a valid choice." ;;
    esac
    echo 'No response file found; non-interactive mode aborted.'
    return 1
  done
  while ! mode_of "$answer"; do
    ask '(I)nstall or (U)pgrade?'
    case $answer in [Ii]*) answer=install.conf ;; [Uu]*) answer=upgrade.conf ;; esac
  done
}
