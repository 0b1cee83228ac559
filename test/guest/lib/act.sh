# Misbehaviour on request, for tests of what watches a machine. README.md has the list. Sourced by every init.

# act_panic: the kernel's own panic, its words on the console; what follows is up to panic= on the command line.
act_panic() {
  echo 4 >/proc/sys/kernel/printk
  echo 1 >/proc/sys/kernel/sysrq
  echo c >/proc/sysrq-trigger
}

# act_flood [SECONDS]: numbered lines without end, or for so long and then their count.
act_flood() {
  local line=0 end=0 now rest
  read -r now rest </proc/uptime
  [ -z "$1" ] || end=$((${now%.*} + $1))
  while :; do
    line=$((line + 1))
    echo "flood $line"
    [ $((line % 100)) -eq 0 ] && [ "$end" -gt 0 ] || continue
    read -r now rest </proc/uptime
    [ "${now%.*}" -lt "$end" ] || break
  done
  echo "flood end $line"
}

# act_before ACT: what happens before any prompt.
act_before() {
  case $1 in
    halt-early) poweroff -f ;;
    reboot-for-ever) reboot -f ;;
    # A root disk mounted here is the installed system, whose sshd is to run: its getty keeps silent instead.
    mute) [ -d /root/etc ] || while :; do sleep 3600; done ;;
  esac
}

# act_after ACT: what happens once the prompt is out.
act_after() {
  case $1 in
    panic) act_panic ;;
    flood) act_flood ;;
    flood=*) act_flood "${1#flood=}" ;;
    garbage) cat /dev/urandom ;;
  esac
}
