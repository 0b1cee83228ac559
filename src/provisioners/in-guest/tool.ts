import { stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { shellQuoted } from '../../base/text/shell.ts';
import { answerOf } from '../../guest/answer.ts';
import { runNamed } from '../../guest/named-command.ts';
import { onceMoreWhenBack } from '../../guest/reboot.ts';
import { envWords } from '../../guest/shell-script.ts';
import { render } from '../../template/language/render.ts';
import type { FileRef, Text } from '../../template/spec.ts';
import { packerFacts } from '../packer-facts.ts';
import type { GuestTools } from '../kind.ts';
import { fillCommand } from './command.ts';
import { entriesIn, isProgram, uploadTree, type Tree } from './upload.ts';

/** What comes into the guest, and where: a text, one that holds words as a command does, a file, or what is in a folder. */
export type ToolUpload = { readonly to: string } & (
  | { readonly text: Text }
  | { readonly filled: string }
  | { readonly listed: FileRef }
);

type WordTexts = Readonly<Record<string, string>>;

export type ToolCommand = {
  /** How messages call it. */
  readonly name: string;
  /** For the guest's sh(1); holds `{{ word }}`: see command.ts. */
  readonly command: string;
  readonly validExitCodes: readonly number[];
};

/** A tool of the guest: its files are uploaded, and its commands run one after the other. */
export type ToolWork = {
  /** The folder of the guest for its files. */
  readonly staging: string;
  readonly cleansUp: boolean;
  /** Stands for `{{ sudo }}` where the login is not root, with its blank. */
  readonly sudo: '' | 'sudo ' | 'sudo -E ';
  readonly uploads: readonly ToolUpload[];
  readonly words: Readonly<Record<string, Text>>;
  /** An environment that stands for one word, in front of the tool: the build's own facts and these. */
  readonly env?: { readonly word: string; readonly prefix: string; readonly values: Readonly<Record<string, Text>> };
  readonly commands: readonly ToolCommand[];
};

/** For a tool that may end as it likes. */
export const anyExitCode: readonly number[] = Array.from({ length: 256 }, (_, code) => code);

const treeOf = async (upload: ToolUpload, words: WordTexts, { runtime }: GuestTools): Promise<Tree> => {
  const { to } = upload;
  if (!('listed' in upload)) {
    const input = 'text' in upload ? render(upload.text, runtime) : fillCommand(upload.filled, words);
    return {
      files: [{ name: posix.basename(to), input, place: to, isProgram: false }],
      folders: [posix.dirname(to)],
    };
  }
  const { path, shown } = upload.listed;
  if (!(await stat(path)).isDirectory())
    return {
      files: [{ name: shown, input: { file: path }, place: to, isProgram: await isProgram(path) }],
      folders: [posix.dirname(to)],
    };
  const files = await entriesIn(upload.listed, to);
  return { files, folders: [...new Set([to, ...files.map(({ place }) => posix.dirname(place))])] };
};

/** The words of its commands, as this guest and this build have them. */
const wordsOf = async (work: ToolWork, tools: GuestTools, signal: AbortSignal) => {
  const { runtime } = tools;
  const rendered = (texts: Readonly<Record<string, Text>>): WordTexts =>
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, render(text, runtime)]));
  const facts = packerFacts(tools);
  const { env } = work;
  const variables: WordTexts = env === undefined ? {} : { ...facts, ...rendered(env.values) };
  const prefixed = Object.entries(variables).map(([name, value]) => [(env?.prefix ?? '') + name, value] as const);
  return {
    ...facts,
    sudo: work.sudo === '' || (await answerOf(tools.guest, 'id -u', signal)) === '0' ? '' : work.sudo,
    ...rendered(work.words),
    ...(env === undefined ? {} : { [env.word]: envWords(Object.fromEntries(prefixed)) }),
  };
};

/**
 * Uploads the files of a tool and runs it. Throws `provisioner_failed` when a command ends otherwise than it may; the
 * files are left for people who look then.
 */
export const runTool = async (work: ToolWork, tools: GuestTools, signal: AbortSignal): Promise<void> => {
  const { guest, onLines } = tools;
  const words = await wordsOf(work, tools, signal);
  await guest.run(`mkdir -p ${shellQuoted(work.staging)}`, { onLines }, signal);
  for (const upload of work.uploads) await uploadTree(await treeOf(upload, words, tools), tools, signal);
  for (const { name, command, validExitCodes } of work.commands) {
    const named = { name, command: fillCommand(command, words), validExitCodes, expectDisconnect: false };
    (await runNamed(named, guest, tools, signal)).check();
  }
  const clean = () => guest.run(`${words.sudo}rm -rf ${shellQuoted(work.staging)}`, { onLines }, signal);
  if (work.cleansUp) await onceMoreWhenBack(guest, clean, signal);
};
