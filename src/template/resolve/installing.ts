import { basename } from 'node:path';
import type { Notes } from '../../base/notes.ts';
import { modeOf } from '../../openbsd/installer/turns.ts';
import { Install, type Template } from '../document/template.ts';

type Machine = Template['machine'];

/** Whether the machine boots something else than its disks. */
const bootsMedium = ({ boot, cdrom, floppy, disks }: Machine): boolean => {
  if (boot.device !== undefined) return boot.device !== 'disk' || boot.kernel !== undefined;
  if (boot.kernel !== undefined) return true;
  return (cdrom !== undefined || floppy !== undefined) && disks.every(({ base }) => base === undefined);
};

const isResponseFile = ([path, answer]: [string, Template['http'][string]]): boolean =>
  modeOf(path) !== undefined && (typeof answer === 'string' || answer.folder === undefined);

/** Whether a response file of OpenBSD's installer is served, of whatever kind, to a machine that boots an installer. */
const isUnattended = ({ http, machine }: Template): boolean =>
  Object.entries(http)
    .filter(isResponseFile)
    .some(([, answer]) => (typeof answer === 'object' && answer.autoinstall !== undefined) || bootsMedium(machine));

/** A response file is reason enough to install by it. */
export const withInstall = (template: Template): Template =>
  template.install === undefined && isUnattended(template) ? { ...template, install: Install.parse({}) } : template;

// What OpenBSD, Debian and others call what only installs.
const installer = /^(?:bsd\.rd.*|(?:mini|install|cd)\d*\.(?:iso|img|fs)|.*(?:netinst|netboot|install).*)$/i;

/** Notes a machine that boots an installer, or a system that nothing works with, and whose blank disks are published as they are. */
export const noteNoInstall = ({ install, machine, provisioners }: Template, notes: Notes): void => {
  const { disks, boot, cdrom, floppy } = machine;
  const isBlank = disks.length > 0 && disks.every(({ base }) => base === undefined);
  if (install !== undefined || !isBlank || !bootsMedium(machine)) return;
  const medium = boot.kernel ?? cdrom ?? floppy;
  const name = typeof medium === 'object' ? medium.urls[0] : medium;
  const isInstaller = name !== undefined && installer.test(basename(name));
  if (isInstaller || provisioners.length === 0)
    notes.add(
      '/machine/boot',
      'boots something else than the disks, which are blank, and there is no "install": nothing would be installed on what is published. Give "install" a conversation, or "http" a response file (install.conf)',
    );
};
