import { withoutEnd } from '../base/pattern/without-end.ts';
import type { Activity } from '../base/activity/activity.ts';
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import { shellQuoted } from '../base/text/shell.ts';
import { envFile, envWords, scriptBytes, type ScriptSource } from './shell-script.ts';
import { runNamed } from './named-command.ts';
import { scriptBegins, type KeptScripts, type ScriptPlace } from './outliving/place.ts';
import { canPut, type PutFile } from './outliving/guest-side.ts';
import { folderOf, runOutliving, wasBegun } from './outliving/run.ts';
import { advised, onceMoreWhenBack } from './reboot.ts';
import type { Guest, OnLines } from './types.ts';

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
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'id'>;
  readonly activity: Activity;
  readonly onLines: OnLines;
  /** Undefined: scripts end with their connection. */
  readonly scripts?: KeptScripts;
};

/**
 * Runs the scripts. Throws `provisioner_failed` with exit code, script and last lines, `ssh_broken` when the connection is
 * lost where that was not expected, `template_invalid` for an environment name that no shell takes.
 */
export const runScripts = async (work: ShellWork, guest: Guest, tools: ShellTools, signal: AbortSignal) => {
  // Throws before anything runs.
  envWords(work.env);
  const left = tools.scripts?.from();
  for (const [index, script] of work.scripts.entries()) {
    if (left !== undefined && index < left.index) continue;
    const name = 'file' in script ? script.name : `inline script ${index + 1}`;
    const one = { name, index, bytes: await scriptBytes(script, work.extension) };
    await runScript(one, work, guest, tools, signal, left?.index === index ? left : undefined);
  }
  await tools.scripts?.keep(undefined);
};

type Script = { readonly name: string; readonly index: number; readonly bytes: Uint8Array };

const startOf = ({ executeCommand, env }: ShellWork, path: string, envPath: string) => {
  const places = { path: shellQuoted(path), vars: envWords(env), envFile: shellQuoted(envPath) };
  if (executeCommand === undefined) return `${places.vars} ${places.path}`;
  return executeCommand(places);
};

/** What is in the guest for a script besides the folder in which it runs. */
const filesOf = (
  { name, bytes }: Script,
  [path, envPath]: readonly [string, string],
  work: ShellWork,
): readonly PutFile[] => [
  // Whoever the template's own command runs it as must be able to read it.
  { name, path, bytes, mode: work.executeCommand === undefined ? '0700' : '0755' },
  ...(work.usesEnvFile === true
    ? [{ name: 'the environment', path: envPath, bytes: Buffer.from(envFile(work.env)), mode: '0600' }]
    : []),
];

/** Puts what a script needs into the guest. */
const send = async (files: readonly PutFile[], script: string, guest: Guest, signal: AbortSignal): Promise<void> => {
  for (const { name, path, bytes, mode } of files)
    await advised(guest.upload({ name, input: bytes, mode, existing: 'refuse' }, path, signal), script);
};

/** What an earlier daemon has put into the guest, and never started. */
const partsOf = (left: ScriptPlace | undefined, extension: string): readonly string[] =>
  left === undefined ? [] : [`${left.stem}.${extension}`, `${left.stem}.env`, folderOf(left.stem)];

/** One script on its way. */
type Running = {
  readonly work: ShellWork;
  readonly name: string;
  readonly command: string;
  readonly files: readonly PutFile[];
  readonly place: ScriptPlace;
};

/** The guest, in which the script goes on without its connection, where it can; `onRemoved` is told that nothing of it is left. */
const outlived = (
  guest: Guest,
  { work, name, command, files, place }: Running,
  tools: ShellTools,
  onRemoved: () => void,
): Guest | undefined => {
  const { scripts } = tools;
  // A connection that is lost on purpose is a reboot, which nothing outlives.
  const ends = work.expectDisconnect || (work.extension ?? 'sh') !== 'sh';
  if (scripts === undefined || guest.isOutlived !== true || ends) return undefined;
  const put = place.isBegun || !files.every(({ bytes }) => canPut(bytes)) ? [] : files;
  return {
    ...guest,
    run: async (_, options, signal) => {
      if (place.exitCode !== undefined) return { exitCode: place.exitCode };
      if (put.length === 0 && !place.isBegun) await send(files, name, guest, signal);
      const own = { ...tools, onLines: options.onLines, keep: scripts.keep };
      const start = { text: command, isSimple: work.executeCommand === undefined };
      const script = { command: start, put, files: files.map(({ path }) => path) };
      const end = await runOutliving(guest, script, place, own, signal);
      if (end?.isRemoved === true) onRemoved();
      if (end !== undefined) return end;
      await send(put, name, guest, signal);
      return guest.run(command, options, signal);
    },
  };
};

/** `left`: an earlier daemon has begun with it. */
const runScript = async (
  script: Script,
  work: ShellWork,
  guest: Guest,
  tools: ShellTools,
  signal: AbortSignal,
  left: ScriptPlace | undefined,
) => {
  const { name, index } = script;
  const { extension = 'sh' } = work;
  const { clock, ids, onLines, activity } = tools;
  const isLeft = left !== undefined && (await wasBegun(guest, left, signal));
  const first = scriptBegins(index, `${withoutEnd(work.remoteFolder, '/')}/imaged-${ids.id().toLowerCase()}`);
  const place = isLeft ? { ...left, isBegun: true } : first;
  const { stem } = place;
  const [path, envPath] = [`${stem}.${extension}`, `${stem}.env`];
  const files = filesOf(script, [path, envPath], work);
  const command = startOf(work, path, envPath);
  const own = folderOf(stem);
  const remains = new Set([...files.map((file) => file.path), own, ...partsOf(isLeft ? undefined : left, extension)]);
  const onRemoved = () => [...files.map((file) => file.path), own].forEach((one) => remains.delete(one));

  const runsOn = outlived(guest, { work, name, command, files, place }, tools, onRemoved);
  if (runsOn === undefined) await send(files, name, guest, signal);
  const end = await runNamed({ ...work, name, command }, runsOn ?? guest, { clock, onLines, activity }, signal);

  if (remains.size > 0) {
    const remove = () => guest.run(`rm -rf ${[...remains].map(shellQuoted).join(' ')}`, { onLines }, signal);
    const removed = await advised(onceMoreWhenBack(guest, remove, signal), name).catch((error: unknown) => {
      end.check();
      throw error;
    });
    if (removed.exitCode !== 0) await onLines([`${path} could not be removed from the guest`], 'stderr');
  }
  end.check();
};
