import { placeholder } from '../../packer/boot-tokens.ts';
import { parseBootCommand, type PressedBy } from '../../packer/boot-command.ts';
import type { FieldErrors } from '../../base/field-errors.ts';
import { fileRef, type FileRoots } from '../../context/files.ts';
import { firstRuntimeName, isUnknown, textOf, type Fill, type FilledText } from '../language/fill.ts';
import { ParseError, refuseParseErrors } from '../../base/text/parse-error.ts';
import type { TemplatePatterns } from '../language/pattern.ts';
import type { TurnPause } from '../../base/turns.ts';
import type { Image } from '../document/machine.ts';
import { fetchedUrl, imageRef, wantedChecksum } from './image-ref.ts';
import type { FileRef, ImageRef, RuntimeName, Text } from '../spec.ts';

/** Reads a template's values, each with its pointer: what is wrong becomes a field error, and the rest is still read. */
export type Fields = {
  /** May hold what is known only when the machine runs. */
  readonly text: (pointer: string, raw: string, judge?: (part: string) => unknown) => Text;
  /** The same, and whether all of it is known but for what the machine tells: false while a variable has no value. */
  readonly answer: (
    pointer: string,
    raw: string,
    judge?: (part: string) => unknown,
  ) => { readonly text: Text; readonly isWhole: boolean };
  /** Must be known now; undefined when it is not, after a field error unless only a variable is missing. */
  readonly early: (pointer: string, raw: string, own?: Readonly<Record<string, string>>) => string | undefined;
  /** A value of another kind, made of a text that must be known now; `fallback` when there is none. */
  readonly made: <T>(pointer: string, raw: number | string, fallback: T, make: (value: number | string) => T) => T;
  readonly keys: (pointer: string, raw: string, by: PressedBy) => Text;
  /** A pattern for the console; empty where there is none. */
  readonly pattern: (pointer: string, raw: string) => string;
  /** Whether something sensitive would be shown with the text. */
  readonly isSecret: (pointer: string, raw: string | undefined) => boolean;
  readonly file: (pointer: string, raw: string, kind?: 'file' | 'folder' | 'either') => Promise<FileRef>;
  /** What the machine begins with: a file as above, or one that is fetched. */
  readonly image: (pointer: string, raw: Image) => Promise<ImageRef>;
  /** Others have their turn: to be called between the parts of a list. */
  readonly pause: TurnPause;
};

const needsNoNic: readonly RuntimeName[] = ['vm_name', 'ssh_public_key'];

const runtimeHint =
  'it may be used in http texts, append, say, press, boot_command, inline, env, content and the command of shutdown, but not here';

const asText = ({ pieces }: FilledText): Text =>
  pieces.flatMap((piece) => (typeof piece === 'object' && 'unknown' in piece ? [] : [piece]));

const checkKeys = ({ pieces }: FilledText, by: PressedBy, patterns: TemplatePatterns) => {
  const text = pieces.map((piece) => (typeof piece === 'string' ? piece : placeholder)).join('');
  refuseParseErrors(parseBootCommand(text, { judgePattern: patterns.ofConsole, by, unknown: placeholder }).parseErrors);
};

type Parts = {
  readonly fill: Fill;
  readonly wrong: FieldErrors;
  readonly roots: FileRoots;
  readonly patterns: TemplatePatterns;
  readonly hasNic: boolean;
  readonly pause: TurnPause;
};

/** Fills a text in. What is wrong with it, or not to be had here, becomes a field error. */
const makeFilled =
  ({ fill, wrong, hasNic }: Parts) =>
  (pointer: string, raw: string, own?: Readonly<Record<string, string>>): FilledText =>
    wrong.attempt(pointer, { pieces: [], isSecret: false }, () => {
      const text = fill(raw, pointer, own);
      if (text.pieces.some((piece) => typeof piece === 'string' && piece.includes('\0')))
        throw new ParseError('holds a NUL character');
      const runtime = firstRuntimeName(text);
      if (runtime !== undefined && !hasNic && !needsNoNic.includes(runtime))
        throw new ParseError(`uses {{ ${runtime} }}, and the machine has no network: see /machine/nics`);
      return text;
    });

/** The file that a text names; the root folder, after a field error, where it names none. */
const makeNamed =
  ({ early, wrong, pause }: Pick<Parts, 'wrong' | 'pause'> & Pick<Fields, 'early'>) =>
  async <Ref extends FileRef>(
    pointer: string,
    raw: string,
    find: (shown: string) => Promise<Ref>,
  ): Promise<Ref | FileRef> => {
    await pause();
    const nowhere = { path: '/', shown: raw };
    const shown = early(pointer, raw);
    if (shown === undefined) return nowhere;
    try {
      return await find(shown);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      wrong.add(pointer, error.message);
      return nowhere;
    }
  };

/** Reads a file that is fetched. Where this host has it already, its URLs need not be allowed. */
const makeRemote =
  ({ early, wrong, roots }: Pick<Parts, 'wrong' | 'roots'> & Pick<Fields, 'early'>) =>
  async (pointer: string, { urls: raw, checksum: digest }: Exclude<Image, string>): Promise<ImageRef> => {
    const texts = raw.map((url, at) => early(`${pointer}/urls/${at}`, url));
    const words = early(`${pointer}/checksum`, digest);
    const [shown = ''] = texts.map((text, at) => text ?? raw[at] ?? '');
    const nowhere = { path: '/', shown };
    if (words === undefined || texts.includes(undefined)) return nowhere;
    const { sources } = roots;
    const checksum = wrong.attempt(`${pointer}/checksum`, undefined, () => wantedChecksum(words, sources));
    if (checksum === undefined) return nowhere;
    const path = 'list' in checksum ? undefined : await sources?.ofDigest(checksum);
    const hint = 'list' in checksum ? '' : `, or POST /media uploads the file: its digest is ${words}`;
    const judge = (url: string, at: number) =>
      wrong.attempt(`${pointer}/urls/${at}`, undefined, () => {
        try {
          return fetchedUrl(url, sources);
        } catch (error) {
          throw error instanceof ParseError ? new ParseError(error.message + hint) : error;
        }
      });
    const asked = texts.map((text) => text ?? '');
    const urls =
      path === undefined ? asked.flatMap((url, at) => judge(url, at) ?? []) : asked.filter((url) => URL.canParse(url));
    return { path: path ?? '', shown, wanted: { urls, checksum } };
  };

export const makeFields = (parts: Parts): Fields => {
  const { fill, wrong, roots, patterns, pause } = parts;

  const filled = makeFilled(parts);

  const early: Fields['early'] = (pointer, raw, own) => {
    const text = filled(pointer, raw, own);
    const runtime = firstRuntimeName(text);
    if (runtime !== undefined)
      wrong.add(pointer, `{{ ${runtime} }} is known only when the machine runs: ${runtimeHint}`);
    return runtime !== undefined || isUnknown(text) ? undefined : textOf(text);
  };

  const answer: Fields['answer'] = (pointer, raw, judge) => {
    const whole = filled(pointer, raw);
    const text = asText(whole);
    for (const piece of text) if (typeof piece === 'string') wrong.attempt(pointer, undefined, () => judge?.(piece));
    return { text, isWhole: !isUnknown(whole) };
  };

  const made: Fields['made'] = (pointer, raw, fallback, make) => {
    const value = typeof raw === 'number' ? raw : early(pointer, raw);
    return value === undefined ? fallback : wrong.attempt(pointer, fallback, () => make(value));
  };
  const named = makeNamed({ early, wrong, pause });
  return {
    early,
    made,
    pause,
    pattern: (pointer, raw) => made(pointer, raw, '', (text) => patterns.ofConsole(String(text))),
    answer,
    text: (pointer, raw, judge) => answer(pointer, raw, judge).text,
    keys: (pointer, raw, by) => {
      const text = filled(pointer, raw);
      wrong.attempt(pointer, undefined, () => checkKeys(text, by, patterns));
      return asText(text);
    },
    isSecret: (pointer, raw = '') => {
      try {
        return fill(raw, pointer).isSecret;
      } catch (error) {
        // Reading the text itself reports it.
        if (!(error instanceof ParseError)) throw error;
        return false;
      }
    },
    file: (pointer, raw, kind = 'file') => named(pointer, raw, (shown) => fileRef(shown, kind, roots)),
    image: async (pointer, raw) =>
      typeof raw === 'string'
        ? named(pointer, raw, (shown) => imageRef(shown, roots))
        : makeRemote({ early, wrong, roots })(pointer, raw),
  };
};
