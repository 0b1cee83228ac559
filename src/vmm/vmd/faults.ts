import { Fault, type FaultCode } from '../../base/fault.ts';
import { vmdIsAway, vmdIsDenied } from '../../base/machine/vmd-status.ts';

/** What vmctl(8) says when it fails, and what that means: some of its words name another trouble than they have. */
type Row = {
  readonly says: RegExp;
  readonly code: FaultCode;
  readonly means: string;
  /** It may pass by itself within seconds: a machine by the name, or on the disk, that has not quite gone. */
  readonly passes?: true;
};

const daemonLog = "vmd's own words are in /var/log/daemon";

/** In the order in which they are looked for. `%r` stands for the limits per user of this release. */
const rows: readonly Row[] = [
  {
    says: vmdIsAway,
    code: 'hypervisor_unavailable',
    means: 'vmd(8) does not run. Start it: rcctl enable vmd && rcctl start vmd',
  },
  {
    says: vmdIsDenied,
    code: 'hypervisor_unavailable',
    means: 'this user may not use vmd\'s socket. Put "socket owner :_imaged" into /etc/vm.conf and restart vmd',
  },
  {
    says: /pipe closed|imsg(buf)?_get error|imsg(buf)?_read error|read error/,
    code: 'hypervisor_unavailable',
    means: 'vmd(8) went away while it was asked',
  },
  {
    says: /vmm bios firmware file not found/,
    code: 'hypervisor_failed',
    means: 'the firmware of vmm(4) is not installed. Run: fw_update vmm',
  },
  {
    says: /could not open disk image/,
    code: 'hypervisor_failed',
    means: `a disk image is missing, may not be read and written, is damaged, or is in use by another machine; ${daemonLog}`,
    passes: true,
  },
  {
    says: /disk-fail|flush-stop/,
    code: 'hypervisor_failed',
    means: `vmd had trouble with a disk of the machine; ${daemonLog}`,
  },
  {
    // vmd's own -1, which is no error number (config.c of 7.9).
    says: /Unknown error: -1/,
    code: 'hypervisor_failed',
    means: `this user may not read and write a disk image of the machine, or it is damaged; ${daemonLog}`,
  },
  {
    says: /specified disk image\(s\) are not regular files/,
    code: 'hypervisor_failed',
    means: 'a disk image is not a regular file',
  },
  { says: /iso image/, code: 'hypervisor_failed', means: 'the ISO image is missing, or is not a regular file' },
  {
    says: /invalid template/,
    code: 'hypervisor_failed',
    means: 'vm.conf has no VM by the name of the template. Add it (openbsd/vm.conf), then: vmctl reload',
  },
  {
    says: /File name too long/,
    code: 'hypervisor_failed',
    means:
      'this user may not use the template: vmd has no better word for it. Put "owner _imaged" inside its "allow instance" block in /etc/vm.conf, then: vmctl reload',
  },
  {
    says: /Operation already in progress|Too many processes/,
    code: 'hypervisor_failed',
    means: 'a machine by this name is there already, or has not quite gone',
    passes: true,
  },
  {
    says: /Device busy/,
    code: 'hypervisor_failed',
    means:
      'the template in vm.conf has the same disk as this machine, or a fixed tap or lladdr that another machine has',
  },
  {
    says: /Operation not permitted/,
    code: 'hypervisor_failed',
    means: `vmd refused: the template's "allow instance" must have boot, cdrom, disk, interface, memory and a plain "owner _imaged" without a group, and cpus for a machine of several processors%r; ${daemonLog}`,
  },
  {
    says: /Cannot allocate memory/,
    code: 'hypervisor_failed',
    means:
      'the host has not enough free memory for the machine, or the login class vmd has too small a datasize (/etc/login.conf)',
  },
  {
    says: /(Invalid argument|No such file or directory|Input\/output error)/,
    code: 'hypervisor_failed',
    means: `vmd could not make the machine; ${daemonLog}`,
  },
];

/** The words of vmctl in a text: its own lines, without its name and its usage. */
const wordsOf = (said: string): string =>
  said
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !/^(usage:|\t)/.test(line) && !/starting without/.test(line))
    .map((line) => line.replace(/^vmctl: /, ''))
    .join('; ')
    .trim();

/** Whether asking again in a moment may help. */
export const isTransient = (error: unknown): boolean =>
  error instanceof Fault && error.code === 'hypervisor_failed' && error.facts['passes'] === true;

/**
 * What vmctl said on its failure, as a fault with its true cause. `doing` begins the sentence: "Starting imaged-0".
 * `limits`: those per user of this release, in words.
 */
export const vmctlFault = (
  doing: string,
  said: string,
  facts: { readonly args: readonly string[]; readonly exitCode?: number },
  limits = '',
): Fault => {
  const words = wordsOf(said) || 'it said nothing';
  const row = rows.find(({ says }) => says.test(said));
  const means = row === undefined ? '' : ` This means: ${row.means.replace('%r', limits === '' ? '' : `; ${limits}`)}.`;
  return new Fault(row?.code ?? 'hypervisor_failed', `${doing} failed: vmctl said "${words}".${means}`, {
    program: 'vmctl',
    stderr: words,
    ...facts,
    ...(row?.passes === undefined ? {} : { passes: true }),
  });
};
