import { Fault } from '../base/fault.ts';
import { keepLastLines } from './last-lines.ts';
import { asRoot } from './seal.ts';
import type { Guest, OnLines } from './types.ts';

/** growpart(1) says by 1 that there is nothing to grow. */
const growRoot = `#!/bin/sh
# Grows the partition of / and its file system to the end of the disk, where the disk has grown. Written by imaged.
device=$(awk '$2 == "/" && $1 ~ "^/dev/" { last = $1 } END { print last }' /proc/mounts)
[ -n "$device" ] && device=$(readlink -f "$device") || exit 1
type=$(awk '$2 == "/" { last = $3 } END { print last }' /proc/mounts)
name=\${device##*/}
if [ -r "/sys/class/block/$name/partition" ]; then
  disk=$(readlink -f "/sys/class/block/$name/..")
  growpart "/dev/\${disk##*/}" "$(cat "/sys/class/block/$name/partition")" || [ $? -eq 1 ] || exit 1
fi
case $type in
ext[234]) resize2fs "$device" ;;
xfs) xfs_growfs / ;;
btrfs) btrfs filesystem resize max / ;;
esac
`;

const unit = `[Unit]
Description=Grow the root file system to its disk
After=local-fs.target

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/imaged-grow

[Install]
WantedBy=multi-user.target
`;

/**
 * For rc.firsttime(8) of OpenBSD, which runs once, at the end of the first boot. growfs(8) wants a file system that is not
 * mounted, so what lies last on the disk grows where it can be unmounted then: /home, as the installer lays disks out.
 */
const firstTime = `
# The file system that lies last on the disk grows to its end. Written by imaged.
(
  disk=$(mount | sed -n 's|^/dev/\\([a-z]*[0-9]*\\)[a-p] on / .*|\\1|p')
  last=$(disklabel "$disk" | awk '/^ *[abd-p]: / && $3 + 0 >= at { at = $3 + 0; name = substr($1, 1, 1); type = $4 }
    END { if (type == "4.2BSD") print name }')
  place=$(mount | sed -n "s|^/dev/$disk$last on \\(/[^ ]*\\) .*|\\1|p")
  if [ -n "$last" ] && [ -n "$place" ] && [ "$place" != / ] && umount "$place"; then
    printf 'b\\n\\n*\\nc %s\\n*\\nw\\nq\\n' "$last" | disklabel -E "$disk" && growfs -qy "/dev/r$disk$last"
    fsck -y "/dev/r$disk$last"
    mount "$place"
  else
    echo "no file system of $disk can grow: the last one is / or in use"
  fi
)
`;

/**
 * The script that has a guest grow into a larger disk by itself, by what it has, and says which way: for sh(1), as root.
 * `root` is where the guest's files begin.
 */
export const growScript = (root = ''): string => `
root='${root}'
has() { command -v "$1" >/dev/null 2>&1; }
put() { mkdir -p "\${1%/*}" && cat >"$1"; }
if [ "$(id -u)" -ne 0 ] && [ -z "$root" ]; then
  echo 'the login is not root, and neither doas -n nor sudo -n lets it be root'; exit 1
fi
if [ "$(uname -s)" = OpenBSD ]; then
  if ! grep -q 'Written by imaged' "$root/etc/rc.firsttime" 2>/dev/null; then
    cat >>"$root/etc/rc.firsttime" <<'FIRSTTIME' || exit 1
${firstTime}FIRSTTIME
  fi
  echo 'the last file system of the disk grows at the first boot, by rc.firsttime'
elif has cloud-init; then
  if has growpart; then echo 'cloud-init grows the partition of / and its file system at the first boot'
  else
    echo 'cloud-init is there, and growpart is not: the partition of / will not grow'
    echo 'install cloud-guest-utils (Debian) or cloud-utils-growpart (Fedora, Alpine)'
  fi
elif has growpart; then
  put "$root/usr/local/sbin/imaged-grow" <<'GROW' && chmod 755 "$root/usr/local/sbin/imaged-grow" || exit 1
${growRoot}GROW
  if [ -d "$root/run/systemd/system" ]; then
    put "$root/etc/systemd/system/imaged-grow.service" <<'UNIT' || exit 1
${unit}UNIT
    systemctl enable imaged-grow.service || exit 1
    echo 'growpart grows / at each boot, by the unit imaged-grow'
  elif [ -d "$root/etc/local.d" ] && has rc-update; then
    printf '#!/bin/sh\\n/usr/local/sbin/imaged-grow\\n' | put "$root/etc/local.d/imaged-grow.start" &&
      chmod 755 "$root/etc/local.d/imaged-grow.start" && rc-update add local default || exit 1
    echo 'growpart grows / at each boot, by local.d'
  else echo 'growpart is there, and neither systemd nor OpenRC to run it: nothing grows by itself'; fi
else echo 'neither cloud-init nor growpart is there: nothing grows by itself'; fi
`;

/** Has a guest grow into a larger disk by itself. Throws `provisioner_failed` with what the guest said, `ssh_broken`. */
export const letGrow = async (guest: Guest, onLines: OnLines, signal: AbortSignal): Promise<void> => {
  const last = keepLastLines();
  const keep: OnLines = (lines, stream) => {
    last.take(lines);
    return onLines(lines, stream);
  };
  const { exitCode } = await guest.runOwn(asRoot(growScript()), { onLines: keep }, signal);
  if (exitCode === 0) return;
  const said = last.lines();
  throw new Fault(
    'provisioner_failed',
    `The guest could not be made to grow: ${said.at(-1) ?? 'it did not say why'}.`,
    { exitCode, output: said.join('\n') },
  );
};
