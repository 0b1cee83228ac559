import { whyNoBoot } from '../../base/machine/boot-devices.ts';
import type { FieldErrors } from '../../base/field-errors.ts';
import { quoted } from '../../base/text/nearest.ts';
import { needsGuest } from '../../provisioners/table.ts';
import { sequencesOf } from '../document/post-processors.ts';
import type { Template } from '../document/template.ts';

type Judge = (template: Template, wrong: FieldErrors) => void;

const bootMedium: Judge = ({ machine }, wrong) => {
  const { boot, cdrom, floppy, disks } = machine;
  const hasBase = disks.some((disk) => disk.base !== undefined);
  const { device } = boot;
  const media = {
    hasDisk: disks.length > 0,
    hasCdrom: cdrom !== undefined,
    hasFloppy: floppy !== undefined,
    hasKernel: boot.kernel !== undefined,
  };
  const why = device === undefined ? undefined : whyNoBoot(device, media);
  if (boot.initrd !== undefined && boot.kernel === undefined) wrong.add('/machine/boot/initrd', 'needs a "kernel"');
  if (boot.append !== undefined && boot.kernel === undefined) wrong.add('/machine/boot/append', 'needs a "kernel"');
  if (why !== undefined) wrong.add('/machine/boot/device', why);
  else if (boot.kernel === undefined && cdrom === undefined && floppy === undefined && !hasBase)
    wrong.add('/machine', 'has nothing to boot from: no kernel, no cdrom, no floppy, no disk with a base');
};

const disksHaveSizes: Judge = ({ machine }, wrong) =>
  machine.disks.forEach(({ size, base, format }, index) => {
    if (size === undefined && base === undefined) wrong.add(`/machine/disks/${index}/size`, 'is missing: it may be left out only with "base"'); // prettier-ignore
    if (base !== undefined && format !== 'qcow2') wrong.add(`/machine/disks/${index}/format`, 'must be "qcow2" on a disk with "base"'); // prettier-ignore
  });

const guestIsReachable: Judge = (template, wrong) => {
  const { communicator, machine, provisioners, seal, shutdown, error_cleanup_provisioner: cleanup } = template;
  const isSsh = communicator?.type === 'ssh';
  if (isSsh && machine.nics.length === 0) wrong.add('/communicator', 'is ssh, and the machine has no network: see /machine/nics'); // prettier-ignore
  if (isSsh && communicator.bastion !== undefined && !machine.nics.some(({ network }) => network === 'outgoing'))
    wrong.add('/communicator/bastion', 'is a server outside, and the machine has no network there: see /machine/nics');
  const hasLogin = isSsh || communicator?.type === 'console';
  if (!hasLogin)
    provisioners.forEach(({ type }, index) => {
      if (needsGuest(type)) wrong.add(`/provisioners/${index}`, `is ${quoted(type)}, which works by ssh, and there is no "communicator" for it`); // prettier-ignore
    });
  if (hasLogin && !isSsh)
    provisioners.forEach(({ type }, index) => {
      if (type === 'ansible') wrong.add(`/provisioners/${index}`, 'is "ansible", which logs in by ssh, and "communicator" is the console: use "ansible-local"'); // prettier-ignore
    });
  if (!hasLogin && cleanup !== undefined && needsGuest(cleanup.type)) wrong.add('/error_cleanup_provisioner', `is ${quoted(cleanup.type)}, which works by ssh, and there is no "communicator" for it`); // prettier-ignore
  if (!hasLogin)
    sequencesOf(template.post_processors)
      .flat()
      .forEach(({ asked, pointer }) => {
        if (asked.type === 'sbom') wrong.add(pointer, 'is "sbom", which asks the guest for its packages, and there is no "communicator" for it'); // prettier-ignore
      });
  if (!hasLogin && Object.values(seal).includes(true))
    wrong.add('/seal', 'is done in the guest, and there is no "communicator" for it');
  if (!hasLogin && shutdown.command !== undefined)
    wrong.add('/shutdown/command', 'is run by ssh, and there is no "communicator" for it');
};

const endpointHasNic: Judge = ({ http, machine }, wrong) => {
  if (machine.nics.length === 0 && Object.keys(http).length > 0)
    wrong.add('/http', 'cannot be reached: the machine has no network, see /machine/nics');
};

const modelStandsOnce: Judge = ({ qemu, machine }, wrong) => {
  if (qemu !== undefined && machine.model !== undefined)
    wrong.add('/qemu', 'is the old place of /machine/model, and both are there: keep /machine/model alone');
};

const keyboardIsThere: Judge = (template, wrong) => {
  const { communicator, machine, install, provisioners, error_cleanup_provisioner: cleanup } = template;
  if (machine.display === 'vga') return;
  const judge = (by: 'serial' | 'keyboard', pointer: string) => {
    if (by === 'keyboard') wrong.add(pointer, 'is "keyboard", and the machine has none: set "display": "vga" in "machine"'); // prettier-ignore
  };
  judge(install?.boot_by ?? 'serial', '/install/boot_by');
  install?.console?.forEach(({ by }, index) => judge(by, `/install/console/${index}/by`));
  communicator?.login?.forEach(({ by }, index) => judge(by, `/communicator/login/${index}/by`));
  provisioners.forEach((provisioner, at) => {
    if (provisioner.type === 'console')
      provisioner.console.forEach(({ by }, index) => judge(by, `/provisioners/${at}/console/${index}/by`));
  });
  if (cleanup?.type === 'console')
    cleanup.console.forEach(({ by }, index) => judge(by, `/error_cleanup_provisioner/console/${index}/by`));
};

const oneFloppy: Judge = ({ machine: { floppy, floppy_of_files: ofFiles } }, wrong) => {
  if (floppy !== undefined && ofFiles !== undefined)
    wrong.add(
      '/machine/floppy_of_files',
      'stands beside "floppy", and a machine has one floppy drive: use one of them',
    );
};

/** Judges what no single key can be blamed for. */
export const judgeTogether: Judge = (template, wrong) => {
  for (const judge of [
    bootMedium,
    disksHaveSizes,
    guestIsReachable,
    endpointHasNic,
    modelStandsOnce,
    oneFloppy,
    keyboardIsThere,
  ])
    judge(template, wrong);
};
