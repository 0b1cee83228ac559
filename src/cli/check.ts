import { rm } from 'node:fs/promises';
import { systemClock } from '../base/clock.ts';
import { parseConfig, readConfig, type Config } from '../config/config.ts';
import { movedWords, type MovedKey } from '../config/moved-keys.ts';
import { cleanupStack } from '../base/cleanup.ts';
import { isErrno } from '../base/errno.ts';
import { Fault } from '../base/fault.ts';
import { hostChecksOf } from '../wiring/host-checks.ts';
import { filesToInstall, printFiles } from '../host/files-to-install.ts';
import { makeHost } from '../host/make-host.ts';
import { daemonUser } from '../host/people.ts';
import { linesOf, reportOf } from '../host/print-findings.ts';
import type { Finding } from '../host/types.ts';
import { makeHypervisor } from '../wiring/hypervisor.ts';
import { defaultConfiguration, type CliCommand } from './arguments.ts';
import { makeCheckFolder, removeOldChecks } from './check-folder.ts';

/** Prints the text, then ends: a program that hangs in the kernel must not keep this one. */
const endWith = (text: string, exitCode: number): Promise<never> =>
  new Promise(() => process.stdout.write(text, () => process.exit(exitCode)));

/** Prints the files that make an OpenBSD host fit, and changes nothing. */
const printHostFiles = async (config: Config, file: string): Promise<void> => {
  const user = await daemonUser(makeHost({ clock: systemClock }), config.data_dir);
  process.stdout.write(
    printFiles(await filesToInstall(config, { file, user: user?.uid === 0 ? undefined : user?.name })),
  );
};

/** Aborted by Ctrl-C, so that nothing stays; a second one ends a check that does not let go. */
const interruption = (): AbortController => {
  const interrupted = new AbortController();
  const interrupt = () => {
    if (interrupted.signal.aborted) process.exit(1);
    interrupted.abort(new Fault('cancelled', 'The check was interrupted.'));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return interrupted;
};

const findingsOf = async (config: Config): Promise<readonly Finding[]> => {
  await using left = cleanupStack();
  const folder = await makeCheckFolder();
  left.defer(() => rm(folder, { recursive: true, force: true }));
  const { signal } = interruption();
  const hypervisor = makeHypervisor({ ...config, run_dir: folder }, systemClock, signal, () => undefined);
  const leftovers = await removeOldChecks(hypervisor, systemClock.now(), signal);
  const hostChecks = await hostChecksOf(() => config, { hypervisor, clock: systemClock, isDaemon: false });
  // Awaited here, for the folder goes with this block.
  return [...leftovers, ...(await hostChecks.ask(signal))];
};

const isMissing = ({ cause }: Fault): boolean => isErrno(cause, 'ENOENT');

const oldForm = (key: MovedKey, file: string): Finding => ({
  name: 'configuration',
  state: 'warn',
  message: movedWords(key),
  fix: `edit ${file}`,
});

/** The configuration; before there is one at the usual place, the defaults, and that it is missing. */
const configOf = async (file: string): Promise<{ readonly config: Config; readonly troubles: readonly Finding[] }> => {
  try {
    const config = await readConfig(file);
    return { config, troubles: config.moved.map((key) => oldForm(key, file)) };
  } catch (error) {
    if (file !== defaultConfiguration || !(error instanceof Fault) || !isMissing(error)) throw error;
    const finding = {
      name: 'configuration',
      state: 'fail',
      message: `there is no ${file}; what follows goes by the defaults`,
      fix: `copy examples/imaged.toml to ${file}`,
    } as const;
    return { config: parseConfig('', file), troubles: [finding] };
  }
};

/** Says whether this host is fit to run imaged: exit code 0 when nothing fails, 1 otherwise. Changes nothing. */
export const check = async ({ file, format }: Extract<CliCommand, { name: 'check' }>): Promise<void> => {
  const { config, troubles } = await configOf(file);
  if (format === 'files') return printHostFiles(config, file);
  const findings = [...troubles, ...(await findingsOf(config))];
  const report = reportOf(findings);
  await endWith(format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : linesOf(findings), report.fit ? 0 : 1);
};
