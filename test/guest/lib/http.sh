# A small HTTP client over nc: busybox-static's wget dies in the resolver when a lease names no router.

cr=$(printf '\r')

# fetch URL FILE: fetches an http URL by a plain 200 answer. The host is an address, not a name.
# 1: nothing answered within ten seconds, or it was cut short. 2: it answered with another status.
fetch() {
  local rest host port=80 path=/
  rest=${1#http://}
  host=${rest%%/*}
  case $rest in */*) path=/${rest#*/} ;; esac
  case $host in *:*) port=${host##*:} host=${host%:*} ;; esac
  printf 'GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n' "$path" "${rest%%/*}" |
    nc -w 10 "$host" "$port" 2>/dev/null | receive "$2"
}

# receive FILE: reads one HTTP answer and puts its body into FILE, or onto a device.
receive() {
  local version code line length=
  read -r version code line || return 1
  [ "${code%"$cr"}" = 200 ] || return 2
  while read -r line; do
    line=${line%"$cr"}
    case $line in
      '') break ;;
      [Cc]ontent-[Ll]ength:*) length=${line#*:} length=${length# } ;;
    esac
  done
  if [ -z "$length" ]; then cat >"$1"; return; fi
  dd of="$1" bs=65536 iflag=fullblock,count_bytes count="$length" 2>/tmp/received || return 1
  # This dd tells its blocks only: the last one's length shows in a file, and on a device or a pipe not at all.
  case $(tail -n 1 /tmp/received) in
    "$((length / 65536))+$((length % 65536 > 0)) records out") [ ! -f "$1" ] || [ "$(stat -c %s "$1")" -eq "$length" ] ;;
    *) return 1 ;;
  esac
}
