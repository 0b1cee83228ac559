import { readFile } from 'node:fs/promises';
import { top } from '../base/package.ts';
import type { Config } from '../config/config.ts';
import { usualUser } from './people.ts';

/** A file as it is to be on the host. */
export type HostFile = {
  readonly path: string;
  /** Whether the text goes into a file that is there already. */
  readonly isPart: boolean;
  readonly mode: string;
  readonly owner: string;
  readonly text: string;
  /** What to type once it is there. */
  readonly then: readonly string[];
};

/** What a file of the distribution says by default, and what it is to say here. */
type Change = readonly [from: RegExp, to: string];

type Row = Omit<HostFile, 'text'> & { readonly source: string; readonly changes: readonly Change[] };

// One function, though long: it is a table, with a row for each file.
const rows = (config: Config, file: string, user: string): readonly Row[] => {
  const { template, outgoing_template, endpoint_port } = config.hypervisor.vmd;
  const forUser: Change = [/\b_imaged\b/g, user];
  const root = { mode: '0644', owner: 'root:wheel', isPart: false };
  const vmConf: Row = {
    ...root,
    source: 'openbsd/vm.conf',
    path: '/etc/vm.conf',
    isPart: true,
    changes: [forUser, [/"imaged"/g, `"${template}"`], [/"imaged-outgoing"/g, `"${outgoing_template}"`]],
    then: ['fw_update vmm', 'rcctl enable vmd', 'rcctl restart vmd', `vmctl status ${template}`],
  };
  const pfConf: Row = {
    ...root,
    source: 'openbsd/pf.conf',
    path: '/etc/pf.imaged.conf',
    mode: '0600',
    changes: [[/\b8079\b/g, String(endpoint_port)]],
    then: [
      'add the line include "/etc/pf.imaged.conf" to /etc/pf.conf, after "set skip on lo"',
      'pfctl -nf /etc/pf.conf && pfctl -f /etc/pf.conf',
    ],
  };
  const sysctlConf: Row = {
    ...root,
    source: 'openbsd/sysctl.conf',
    path: '/etc/sysctl.conf',
    isPart: true,
    changes: [],
    then: ['sysctl net.inet.ip.forwarding=1'],
  };
  const loginConf: Row = {
    ...root,
    source: 'openbsd/login.conf.d/imaged',
    path: '/etc/login.conf.d/imaged',
    changes: [],
    then: [],
  };
  const newsyslogConf: Row = {
    ...root,
    source: 'openbsd/newsyslog.conf',
    path: '/etc/newsyslog.conf',
    isPart: true,
    changes: [forUser],
    then: [],
  };
  const rcScript: Row = {
    ...root,
    source: 'rc.d/imaged',
    path: '/etc/rc.d/imaged',
    mode: '0555',
    changes: [forUser, [/-f \/etc\/imaged\.[a-z]+/g, `-f ${file}`]],
    then: [
      `install -d -o ${user} -g ${user} -m 750 ${config.data_dir}`,
      'rcctl enable imaged',
      'rcctl start imaged',
      'imaged check',
    ],
  };
  return [
    vmConf,
    pfConf,
    ...(config.hypervisor.allow_outgoing ? [sysctlConf] : []),
    loginConf,
    newsyslogConf,
    rcScript,
  ];
};

/**
 * The files that make an OpenBSD host fit for this configuration: those of the distribution with its names, port and
 * user in them. Reads only the distribution's own files.
 */
export const filesToInstall = (
  config: Config,
  { file, user = usualUser }: { readonly file: string; readonly user?: string | undefined },
): Promise<readonly HostFile[]> =>
  Promise.all(
    rows(config, file, user).map(async ({ source, changes, ...row }) => {
      const text = await readFile(new URL(source, top), 'utf8');
      return { ...row, text: changes.reduce((changed, [from, to]) => changed.replaceAll(from, () => to), text) };
    }),
  );

const headOf = ({ path, isPart, mode, owner }: HostFile): string =>
  `# ${path} (${isPart ? 'add to it; ' : ''}${mode}, ${owner})`;

/** The files for people to read: each below a line that names it, and after the last what to type. */
export const printFiles = (files: readonly HostFile[]): string =>
  [
    ...files.map((file) => `${headOf(file)}\n\n${file.text}`),
    ['# Then type, as root:', ...files.flatMap(({ then }) => then).map((line) => `#\t${line}`), ''].join('\n'),
  ].join('\n');
