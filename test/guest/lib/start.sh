# Common ground of every init here: the kernel's file systems, its modules, its command line. Sourced by pid 1.

# The shell finds busybox's other programs through /proc only.
/bin/busybox mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys

# option NAME: prints the value of the last NAME=value of the kernel's command line, or nothing.
option() {
  local word value=
  for word in $(cat /proc/cmdline); do
    case $word in "$1="*) value=${word#*=} ;; esac
  done
  printf '%s' "$value"
}

# The order of /lib/modules.list is that of the modules' needs; a loaded one is no fault.
load_modules() {
  local module
  while read -r module; do insmod "/lib/modules/$module.ko" 2>/dev/null; done </lib/modules.list
}
