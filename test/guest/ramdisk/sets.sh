# The sets: found by index.txt, checked by SHA256, put onto the new disk.

# select_sets: applies what was typed (`-game* +xbase* all`) to $chosen.
select_sets() {
  local word name kept
  set -f
  for word in $1; do
    case $word in
      all) chosen=$available ;;
      -*)
        kept=
        for name in $chosen; do case $name in ${word#-}) ;; *) kept="$kept $name" ;; esac; done
        chosen=$kept
        ;;
      *)
        word=${word#+}
        for name in $available; do
          case $name in $word) case " $chosen " in *" $name "*) ;; *) chosen="$chosen $name" ;; esac ;; esac
        done
        ;;
    esac
  done
  set +f
}

ask_sets() {
  local name
  chosen=$available
  while :; do
    printf "\nSelect sets by entering a set name, a file name pattern or 'all'. De-select\n"
    printf "sets by prepending a '-', e.g.: '-game*'. Selected sets are labelled '[X]'.\n"
    for name in $available; do
      case " $chosen " in *" $name "*) printf '    [X] %s\n' "$name" ;; *) printf '    [ ] %s\n' "$name" ;; esac
    done
    ask "Set name(s)? (or 'abort' or 'done')" done
    case $answer in
      done) break ;;
      abort) fail 'Installation of the sets was aborted.' ;;
      *) select_sets "$answer" ;;
    esac
  done
  for name in bsd "base$SETS.tgz"; do
    case " $chosen " in *" $name "*) continue ;; esac
    ask_yes "Are you *SURE* your $mode is complete without '$name'?" no
    [ "$answer" = yes ] || fail "Selected no $name."
  done
}

# ask_anyway WORDS: `no` ends the installation.
ask_anyway() {
  ask_yes "$1" no
  [ "$answer" = yes ] || fail 'Unable to get a verified list of distribution sets.'
}

progress() {
  printf '%-22s 100%% |**************************| %5s KB    00:00\n' "$1" "$2"
}

kilobytes() { echo $((($(stat -c %s "$1") + 1023) / 1024)); }

# checked FILE: whether SHA256 has the file's sum.
checked() {
  local sum
  sum=$(sed -n "s/^SHA256 ($1) = //p" /tmp/SHA256)
  [ -n "$sum" ] && [ "$(sha256sum "/mnt/sets/$1" | cut -d ' ' -f 1)" = "$sum" ]
}

listed() { case " $index " in *" $1 "*) ;; *) return 1 ;; esac; }

install_sets() {
  local server directory name url
  ask "Location of sets? (cd0 disk http nfs or 'done')" http
  [ "$answer" = http ] || { refuse; exit 1; }
  ask "HTTP proxy URL? (e.g. 'http://proxy:8080', or 'none')" none
  [ "$answer" = none ] || fail 'This installer knows no proxies.'
  while :; do
    ask "HTTP Server? (hostname, list#, 'done' or '?')"
    case $answer in
      https://*) echo 'https not supported on this platform.'; refuse ;;
      '?' | done) refuse ;;
      *) break ;;
    esac
  done
  server=${answer#http://} server=${server%%/*}
  ask 'Server directory?' "pub/OpenBSD/$VERSION/$ARCH"
  directory=${answer#/} directory=${directory%/}
  url=http://$server/${directory:+$directory/}
  fetch "${url}index.txt" /tmp/index.txt || : >/tmp/index.txt
  index=$(awk '{ print $NF }' /tmp/index.txt | tr -d '\r')
  index=$(echo $index)
  available=
  for name in bsd bsd.rd "base$SETS.tgz" "site$SETS.tgz" "site$SETS-$host.tgz"; do
    listed "$name" && available="$available $name"
  done
  available=${available# }
  if [ -z "$available" ]; then
    echo "Looked at ${url}index.txt and found no OpenBSD/$ARCH $VERSION sets."
    fail 'Unable to get a verified list of distribution sets.'
  fi
  ask_sets
  listed INSTALL.$ARCH || listed BUILDINFO || ask_anyway "INSTALL.$ARCH not found. Use sets found here anyway?"
  fetch_sets "$url"
  ask "Location of sets? (cd0 disk http nfs or 'done')" done
}

# fetch_sets URL
fetch_sets() {
  local name unverified=
  : >/tmp/SHA256
  if ! listed SHA256; then
    ask_anyway 'Directory does not contain SHA256. Continue without verification?'
  elif fetch "$1SHA256" /tmp/SHA256; then
    progress 'Get/Verify SHA256' "$(kilobytes /tmp/SHA256)"
  else
    ask_anyway 'Cannot fetch SHA256. Continue without verification?'
  fi
  if [ -s /tmp/SHA256 ]; then
    for name in $chosen; do grep -q "^SHA256 ($name) = " /tmp/SHA256 || unverified="$unverified $name"; done
    [ -z "$unverified" ] || ask_anyway "Unverified sets:$unverified. Continue without verification?"
  fi
  mkdir -p /mnt/sets
  for name in $chosen; do
    if ! fetch "$1$name" "/mnt/sets/$name"; then ask_anyway "Fetching of $name failed. Continue anyway?"; continue; fi
    progress "Get/Verify $name" "$(kilobytes "/mnt/sets/$name")"
    if [ -s /tmp/SHA256 ] && ! checked "$name"; then
      case " $unverified " in
        *" $name "*) ;;
        *) ask_anyway "Checksum test for $name failed. Continue anyway?" ;;
      esac
    fi
  done
  for name in $chosen; do
    [ -e "/mnt/sets/$name" ] || continue
    size=$(kilobytes "/mnt/sets/$name")
    case $name in
      *.tgz) tar -xzpf "/mnt/sets/$name" -C /mnt || ask_anyway "Installation of $name failed. Continue anyway?" ;;
      *) mv "/mnt/sets/$name" "/mnt/$name" ;;
    esac
    progress "Installing $name" "$size"
  done
  rm -rf /mnt/sets
}
