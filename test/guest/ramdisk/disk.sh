# The root disk: sd0 is /dev/vda and so on, sd0a its first partition. MBR only, as SeaBIOS boots.

ask_disk() {
  local disks
  disks=$(for disk in /sys/block/vd?; do [ -e "$disk" ] && disk_name "${disk##*/}"; done)
  [ -n "$disks" ] || fail 'No disk found.'
  echo "Available disks are: $(echo $disks)."
  while :; do
    ask "Which disk is the root disk? ('?' for details)" "${disks%%[!a-z0-9]*}"
    case " $(echo $disks) " in *" $answer "*) break ;; esac
    if [ "$answer" = '?' ]; then
      for disk in $disks; do echo "    $disk: $(($(cat /sys/block/$(device "$disk")/size) / 2048))MB"; done
      continue
    fi
    refuse
  done
  disk=$answer
  device=$(device "$disk")
}

disk_name() { echo "sd$(printf '%s' "${1#vd}" | tr a-j 0-9)"; }
device() { echo "vd$(printf '%s' "${1#sd}" | tr 0-9 a-j)"; }

# prepare_disk: asks how, writes the partition table and the file systems, mounts them below /mnt.
prepare_disk() {
  ask 'Encrypt the root disk with a (p)assphrase or (k)eydisk?' no
  case $answer in [Nn] | [Nn][Oo]) ;; *) answer="$answer"; refuse; exit 1 ;; esac
  while :; do
    ask 'Use (W)hole disk MBR, whole disk (G)PT or (E)dit?' whole
    case $answer in
      [Ww]*) break ;;
      [Gg]*) ask_yes 'An EFI/GPT disk may not boot. Proceed?' no; answer=gpt; refuse ;;
      *) refuse ;;
    esac
  done
  printf 'Setting OpenBSD MBR partition to whole %s...done.\n' "$disk"
  printf '/\t1M-*\t100%%\n' >/tmp/template
  if [ -n "$auto" ]; then
    ask 'URL to autopartitioning template for disklabel?' none
    if [ "$answer" != none ]; then
      case $answer in https://*) fail 'https not supported on this platform.' ;; esac
      echo "Fetching $answer"
      fetch "$answer" /tmp/template || fail 'No autopartitioning template found.'
    fi
  else
    ask 'Use (A)uto layout, (E)dit auto layout, or create (C)ustom layout?' a
  fi
  lay_out </tmp/template >/tmp/layout || exit 1
  write_table </tmp/layout
  make_file_systems
  while :; do
    ask "Which disk do you wish to initialize? (or 'done')" done
    [ "$answer" = done ] && break
    refuse
  done
}

# lay_out: disklabel(8)'s template on standard input to lines `mountpoint start size`, in sectors of 512 bytes. Every
# partition gets its least, and of what is left its percentage up to its most. Starts lie on whole megabytes, and a
# megabyte before each is kept for tables.
lay_out() {
  awk -v total="$(($(cat "/sys/block/$device/size") / 2048))" '
    function mb(text,  unit) {
      if (text == "*") return total + 0
      if (text !~ /^[0-9.]+[KkMmGgTt]?[Bb]?$/) { bad = 1; return 0 }
      unit = toupper(substr(text, length(text)))
      if (unit == "B") unit = toupper(substr(text, length(text) - 1, 1))
      return text * (unit == "K" ? 1 / 1024 : unit == "G" ? 1024 : unit == "T" ? 1048576 : unit == "M" ? 1 : 1 / 2048)
    }
    { sub(/#.*/, "") }
    NF == 0 { next }
    {
      where[++n] = $1
      if (split($2, range, "-") < 2) range[2] = range[1]
      least[n] = mb(range[1]); most[n] = mb(range[2]); share[n] = $3 + 0
      need += least[n] + 1
      if ($1 == "/") root = 1
    }
    END {
      if (bad || n == 0) { print "Autopartitioning failed." > "/dev/stderr"; exit 1 }
      if (!root) { print "\047/\047 must be configured!" > "/dev/stderr"; exit 1 }
      left = total - need
      if (left < 0) { print "Autopartitioning failed." > "/dev/stderr"; exit 1 }
      start = 1
      for (i = 1; i <= n; i++) {
        size = least[i] + left * share[i] / 100
        if (size > most[i]) size = most[i]
        if (size < least[i]) size = least[i]
        size = int(size)
        print where[i], start * 2048, size * 2048
        start += size + 1
      }
    }'
}

# le32 NUMBER: as printf escapes.
le32() { printf '\\%03o\\%03o\\%03o\\%03o' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }

# entry ACTIVE TYPE START SIZE: 16 bytes of a partition table, without the old geometry.
entry() { printf '\\%03o\\376\\377\\377\\%03o\\376\\377\\377%s%s' "$1" "$2" "$(le32 "$3")" "$(le32 "$4")"; }

# put_table SECTOR ESCAPES: four entries and the mark at their end.
put_table() {
  printf "$2\\125\\252" | dd of="/dev/$device" bs=1 seek=$(($1 * 512 + 446)) conv=notrunc 2>/dev/null
}

# write_table: the first three partitions are primary; more of them lie in an extended one, each after a table of its own.
write_table() {
  local number=0 where start size type active table='' blank logical='' extended=0 end=0 next
  blank=$(entry 0 0 0 0 | sed 's/37[67]/000/g')
  : >/tmp/partitions
  while read -r where start size; do
    number=$((number + 1)) active=0 type=131
    [ "$where" = / ] && active=128
    [ "$where" = swap ] && type=130
    if [ "$number" -le 3 ]; then
      table=$table$(entry $active $type "$start" "$size")
      echo "$where $number" >>/tmp/partitions
    else
      [ "$extended" -gt 0 ] || extended=$((start - 2048))
      logical="$logical $((start - 2048)):$start:$size:$type"
      end=$((start + size))
      echo "$where $((number + 1))" >>/tmp/partitions
    fi
  done
  [ "$extended" -eq 0 ] || table=$table$(entry 0 5 "$extended" $((end - extended)))
  while [ "${#table}" -lt $((${#blank} * 4)) ]; do table=$table$blank; done
  dd if=/dev/zero of="/dev/$device" bs=512 count=2048 2>/dev/null
  dd if=/lib/mbr.bin of="/dev/$device" bs=440 count=1 conv=notrunc 2>/dev/null
  put_table 0 "$table"
  set -- $logical
  while [ $# -gt 0 ]; do
    IFS=: read -r at start size type <<EOT
$1
EOT
    shift
    next=$blank
    [ $# -eq 0 ] || next=$(entry 0 5 $((${1%%:*} - extended)) $((2048 + $(echo "$1" | cut -d : -f 3))))
    put_table "$at" "$(entry 0 "$type" $((start - at)) "$size")$next$blank$blank"
  done
  blockdev --rereadpt "/dev/$device" || fail 'The new partition table was not taken.'
}

random_uuid() { cat /proc/sys/kernel/random/uuid; }

# Names are given, since mke2fs would wait some seconds for the kernel's randomness to draw its own. The features are those that extlinux can read and that write little: no journal, inode tables left for the kernel.
make_file_systems() {
  local where number
  : >/tmp/fstab
  while read -r where number; do
    if [ "$where" = swap ]; then
      mkswap "/dev/$device$number" >/dev/null
      echo "/dev/$device$number none swap sw 0 0" >>/tmp/fstab
      continue
    fi
    MKE2FS_CONFIG=/dev/null /bin/mke2fs -q -F -t ext4 -b 4096 -I 256 -m 0 -U "$(random_uuid)" -E "lazy_itable_init=1,nodiscard,hash_seed=$(random_uuid)" \
      -O none,filetype,sparse_super,large_file,extent,uninit_bg,dir_index "/dev/$device$number" >/tmp/mke2fs.log 2>&1 ||
      fail "newfs failed on $disk: $(cat /tmp/mke2fs.log)"
    echo "$where /dev/$device$number" >>/tmp/mounts
    echo "/dev/$device$number $where ext4 rw,noatime 0 0" >>/tmp/fstab
    [ "$where" = / ] && root_partition=$device$number
  done </tmp/partitions
  sort /tmp/mounts >/tmp/mounts.sorted
  while read -r where number; do
    mkdir -p "/mnt$where"
    mount -t ext4 -o noatime,noinit_itable "$number" "/mnt$where" || fail "cannot mount $number"
  done </tmp/mounts.sorted
  mkdir -p /mnt/etc
  cp /tmp/fstab /mnt/etc/fstab
}

mount_root() {
  local try
  for try in "/dev/$device"?; do
    mount -t ext4 -o noatime "$try" /mnt 2>/dev/null || continue
    [ -e /mnt/etc/fstab ] && { root_partition=${try#/dev/}; return; }
    umount /mnt
  done
  fail "No root partition found on $disk."
}

make_bootable() {
  mkdir -p /mnt/boot/extlinux
  cat >/mnt/boot/extlinux/extlinux.conf <<EOT
SERIAL 0 115200
PROMPT 0
TIMEOUT 0
DEFAULT bsd
LABEL bsd
  LINUX /bsd
  INITRD /boot/ramdisk
  APPEND $(cat /lib/append) edd=off root=/dev/$root_partition
EOT
  [ -e "/dev/$root_partition" ] && extlinux --install /mnt/boot/extlinux >/tmp/extlinux.log 2>&1 && return
  cat /tmp/extlinux.log
  echo 'Failed to install bootblocks.'
  fail "You will not be able to boot OpenBSD from $disk."
}

# leave_disk: gives everything below /mnt back, so that the disk can be thrown into a reset.
leave_disk() {
  sync
  sed -n 's,^[^ ]* \(/mnt[^ ]*\) .*,\1,p' /proc/mounts | sort -r | while read -r where; do umount "$where"; done
  rm -f /tmp/mounts
}
