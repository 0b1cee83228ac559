import { withoutEnd } from '../base/pattern/without-end.ts';
import type { Activity } from '../base/activity/activity.ts';
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import { shellQuoted } from '../base/shell.ts';
import { envFile, envWords, scriptBytes, type ScriptSource } from './shell-script.ts';
import { runNamed } from './named-command.ts';
import { advised } from './reboot.ts';
import type { Guest, OnLines, UploadFile } from './types.ts';

/** Scripts to run in the guest, one after the other, by the rules of Packer's shell provisioner. */
export type ShellWork = {
  readonly scripts: readonly ScriptSource[];
  /** The whole environment that is added to the guest's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly validExitCodes: readonly number[];
  /** A lost connection is a reboot, and the guest is waited for. */
  readonly expectDisconnect: boolean;
  /**
   * The command that starts a script. Default: `vars path`, where `vars` is `A='1' B='2'`: assignments are
   * no arguments, so that no process list of the guest has them.
   */
  readonly executeCommand?: (places: ScriptPlaces) => string;
  /** The command names the file of the environment, which is then put there. */
  readonly usesEnvFile?: true;
  readonly remoteFolder: string;
  /** Scripts of another language than the guest's shell: their bytes as they are, in files with this ending. */
  readonly extension?: 'ps1';
};

/** What a command that starts a script is made of: words for sh(1). */
export type ScriptPlaces = {
  readonly path: string;
  readonly vars: string;
  /** A file for the owner's eyes that exports the environment to a shell that reads it. */
  readonly envFile: string;
};

export type ShellTools = {
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly ids: Pick<Ids, 'id'>;
  readonly activity: Activity;
  readonly onLines: OnLines;
};

/**
 * Runs the scripts. Throws `provisioner_failed` with exit code, script and last lines, `ssh_broken` when the connection is
 * lost where that was not expected, `template_invalid` for an environment name that no shell takes.
 */
export const runScripts = async (work: ShellWork, guest: Guest, tools: ShellTools, signal: AbortSignal) => {
  // Throws before anything runs.
  envWords(work.env);
  for (const [index, script] of work.scripts.entries()) {
    const name = 'file' in script ? script.name : `inline script ${index + 1}`;
    await runScript({ name, bytes: await scriptBytes(script, work.extension) }, work, guest, tools, signal);
  }
};

type Script = { readonly name: string; readonly bytes: Uint8Array };

const startOf = ({ executeCommand, env }: ShellWork, path: string, envPath: string) => {
  const places = { path: shellQuoted(path), vars: envWords(env), envFile: shellQuoted(envPath) };
  if (executeCommand === undefined) return `${places.vars} ${places.path}`;
  return executeCommand(places);
};

const runScript = async (
  { name, bytes }: Script,
  work: ShellWork,
  guest: Guest,
  { clock, ids, onLines, activity }: ShellTools,
  signal: AbortSignal,
) => {
  const { extension = 'sh' } = work;
  const stem = `${withoutEnd(work.remoteFolder, '/')}/imaged-${ids.id().toLowerCase()}`;
  const [path, envPath] = [`${stem}.${extension}`, `${stem}.env`];
  const { usesEnvFile = false } = work;
  // Whoever the template's own command runs it as must be able to read it.
  const mode = work.executeCommand === undefined ? '0700' : '0755';
  const send = (file: Omit<UploadFile, 'existing'>, place: string) =>
    advised(guest.upload({ ...file, existing: 'refuse' }, place, signal), name);
  await send({ name, input: bytes, mode }, path);
  if (usesEnvFile) await send({ name: 'the environment', input: envFile(work.env), mode: '0600' }, envPath);

  const command = { ...work, name, command: startOf(work, path, envPath) };
  const end = await runNamed(command, guest, { clock, onLines, activity }, signal);

  const written = [path, ...(usesEnvFile ? [envPath] : [])].map(shellQuoted).join(' ');
  const removed = await advised(guest.run(`rm -f ${written}`, { onLines }, signal), name);
  if (removed.exitCode !== 0) await onLines([`${path} could not be removed from the guest`], 'stderr');
  end.check();
};
