import type { FieldErrors } from '../../base/field-errors.ts';
import type { Notes } from '../../base/notes.ts';
import { pointerTo } from '../../base/json/pointer.ts';
import { judgeLayout, parseDisklabel, renderDisklabel } from '../../openbsd/disklabel.ts';
import type { Fields } from './fields.ts';
import type { ContextHostFacts } from '../../context/files.ts';
import type { MachineParts } from '../../openbsd/installer/machine.ts';
import { modeOf } from '../../openbsd/installer/turns.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { quoted } from '../../base/text/nearest.ts';
import { resolveAnswers } from '../../openbsd/resolve-answers.ts';
import { resolveSite } from './site.ts';
import { readAnswers, type Autoinstall } from '../../openbsd/response-file.ts';
import type { Template } from '../document/template.ts';
import { longestSmallFile, smallFile } from '../../openbsd/served-sets.ts';
import { judgeText } from '../../openbsd/response-text.ts';
import { indexFor } from '../../openbsd/site-index.ts';
import type { HttpEntry, SiteSet, Text } from '../spec.ts';

type Answer = Template['http'][string];
type Disklabel = NonNullable<Exclude<Answer, string>['disklabel']>;

/** The response file of an unattended installation. */
export type ResponseFile = {
  readonly path: string;
  readonly mode: 'install' | 'upgrade';
  readonly isSerial: boolean;
  readonly takesUnverified: boolean;
};

export type HttpParts = {
  readonly template: Template;
  readonly fields: Fields;
  readonly wrong: FieldErrors;
  readonly machine: MachineParts;
  /** The user that logs in by ssh; undefined: there is no login. */
  readonly username: string | undefined;
  readonly host: ContextHostFacts;
  readonly notes: Notes;
  readonly seed: string;
};

const pathOf = (raw: string, isFolder: boolean): string => {
  const path = raw.replace(/^\//, '');
  if (path === '' && isFolder) return path;

  if (/[?#\\\x00-\x1f\x7f]/.test(path))
    throw new ParseError(`${quoted(raw)} cannot be a path: it holds ?, #, \\ or a control character`);
  if (path.split('/').some((segment) => ['', '.', '..'].includes(segment)))
    throw new ParseError(`${quoted(raw)} cannot be a path: write it as "folder/file"`);
  return path;
};

const disklabelText = (asked: Disklabel, pointer: string, { fields, wrong }: HttpParts): Text => {
  const parts = asked.map(({ mount, size, percent }, index) => {
    const at = `${pointer}/${index}`;
    const part = { mount: fields.early(`${at}/mount`, mount), size: fields.early(`${at}/size`, size) };
    return part.mount === undefined || part.size === undefined
      ? undefined
      : { mount: part.mount, size: part.size.trim(), percent };
  });
  if (!parts.every((part) => part !== undefined)) return [];
  const text = renderDisklabel(parts);
  wrong.attempt(pointer, undefined, () => judgeLayout(parseDisklabel(text)));
  return [text];
};

/** A text with placeholders, and where the template has it. */
type Source = { readonly at: string; readonly raw: string };

/** A file as a text to fill in. */
export const renderedFile = async (
  file: string,
  at: string,
  { fields, wrong }: Pick<HttpParts, 'fields' | 'wrong'>,
): Promise<Source> => {
  const { path } = await fields.file(at, file);
  const raw = path === '/' ? '' : smallFile(path);
  if (raw === undefined) wrong.add(at, `cannot be rendered: it has more than ${longestSmallFile / 1024} KiB`);
  if (raw?.includes('\ufffd') === true) wrong.add(at, 'cannot be rendered: it is no text in UTF-8');
  return { at, raw: raw ?? '' };
};

/** The text that an answer has; undefined where it is made otherwise, or is a file that is served as it is. */
const sourceOf = async (answer: Answer, pointer: string, parts: HttpParts): Promise<Source | undefined> => {
  if (typeof answer === 'string') return { at: pointer, raw: answer };
  const { content, file, render } = answer;
  if (file !== undefined && render === true) return renderedFile(file, `${pointer}/file`, parts);
  if (content === undefined) return undefined;
  const raw = typeof content === 'string' ? content : content.map((line) => `${line}\n`).join('');
  return { at: `${pointer}/content`, raw };
};

/** Whether the text of an answer is known but for what the machine tells. */
const isWhole = async (answer: Answer, pointer: string, parts: HttpParts): Promise<boolean> => {
  const source = await sourceOf(answer, pointer, parts);
  return source === undefined || parts.fields.answer(source.at, source.raw).isWhole;
};

/** An entry whose text is made when all the others are there. */
type Pending = { readonly path: string; readonly pointer: string; readonly autoinstall: Autoinstall };

const entryOf = async (
  path: string,
  answer: Answer,
  pointer: string,
  scriptName: SiteSet['scriptName'],
  parts: HttpParts,
): Promise<HttpEntry | Pending> => {
  const { fields } = parts;
  const source = await sourceOf(answer, pointer, parts);
  const { type, file, folder, autoinstall, disklabel, site } = typeof answer === 'string' ? {} : answer;
  if (source !== undefined)
    return { path, kind: 'text', text: fields.text(source.at, source.raw), ...(type === undefined ? {} : { type }) };
  if (file !== undefined) return { path, kind: 'file', file: await fields.file(`${pointer}/file`, file) };
  if (folder !== undefined)
    return { path, kind: 'folder', folder: await fields.file(`${pointer}/folder`, folder, 'folder') };
  if (site !== undefined) return resolveSite(path, site, scriptName, pointer, parts);
  if (disklabel !== undefined)
    return { path, kind: 'text', text: disklabelText(disklabel, `${pointer}/disklabel`, parts) };
  return { path, pointer: `${pointer}/autoinstall`, autoinstall: autoinstall ?? {} };
};

const isPending = (entry: HttpEntry | Pending): entry is Pending => 'autoinstall' in entry;

/** What the template serves; `open` are the paths of texts that hold a value which no variable has given yet. */
type Read = { readonly entries: readonly (HttpEntry | Pending)[]; readonly open: ReadonlySet<string> };

/** What may be a response file; undefined: something else. */
const modeOfEntry = (entry: HttpEntry | Pending) =>
  isPending(entry) || entry.kind === 'text' || entry.kind === 'file' ? modeOf(entry.path) : undefined;

const readEntries = async (parts: HttpParts): Promise<Read> => {
  const { template, fields, wrong } = parts;
  const paths = Object.keys(template.http);
  const isUpgrade = paths.some((path) => modeOf(path) === 'upgrade') && !paths.some((path) => modeOf(path) === 'install'); // prettier-ignore
  const scriptName = isUpgrade ? 'upgrade.site' : 'install.site';
  const seen = new Set<string>();
  const entries: (HttpEntry | Pending)[] = [];
  const open = new Set<string>();
  for (const [key, answer] of Object.entries(template.http)) {
    await fields.pause();
    const pointer = pointerTo(['http', key]);
    const isFolder = typeof answer === 'object' && answer.folder !== undefined;
    const path = fields.early(pointer, key);
    if (path === undefined) {
      await entryOf('', answer, pointer, scriptName, parts);
      continue;
    }
    const clean = wrong.attempt(pointer, '', () => pathOf(path, isFolder));
    if (seen.has(clean)) wrong.add(pointer, `serves ${quoted(clean)} a second time`);
    seen.add(clean);
    entries.push(await entryOf(clean, answer, pointer, scriptName, parts));
    if (modeOf(clean) !== undefined && !(await isWhole(answer, pointer, parts))) open.add(clean);
  }
  return { entries, open };
};

/** A response file that is served as it is; undefined while its text is not known. */
const textOfResponse = (entry: HttpEntry, isOpen: boolean): Text | undefined => {
  if (entry.kind === 'text') return isOpen ? undefined : entry.text;
  const text = entry.kind === 'file' && entry.file.path !== '/' ? smallFile(entry.file.path) : undefined;
  return text === undefined ? undefined : [text];
};

/** The path of the response file that the conversation names: of the mode that fits the root disk, where there are two. */
const chosenPath = (entries: Read['entries'], { machine }: HttpParts): string | undefined => {
  const mode = machine.disks[0]?.base === undefined ? 'install' : 'upgrade';
  const files = entries.filter((entry) => modeOfEntry(entry) !== undefined);
  return (files.find((entry) => modeOfEntry(entry) === mode) ?? files[0])?.path;
};

const disklabelPathsOf = ({ http }: Template): readonly string[] =>
  Object.entries(http).flatMap(([path, answer]) =>
    typeof answer === 'object' && answer.disklabel !== undefined ? [path.replace(/^\//, '')] : [],
  );

/** Of a response file whose text is not known. */
const unread = { isSerial: true, takesUnverified: true };

/** What the machine's endpoint serves, each path once, and the response file of an unattended installation. */
export const resolveHttp = async (
  parts: HttpParts,
): Promise<{ readonly http: readonly HttpEntry[]; readonly responseFile?: ResponseFile }> => {
  const { entries: read, open } = await readEntries(parts);
  const others = read.flatMap((entry) => (isPending(entry) ? [] : [entry]));
  const indexes = await indexFor(others, parts.host.hasMirror === true, parts.fields.pause);
  const { template, machine, username, host, wrong, notes } = parts;
  const pointerOf = (path: string) =>
    pointerTo(['http', Object.keys(template.http).find((key) => key.replace(/^\//, '') === path) ?? path]);
  const about = {
    ...{
      templateName: template.name,
      machine,
      entries: [...others, ...indexes],
      pointerOf,
      username,
      host,
      wrong,
      notes,
    },
    disklabelPaths: disklabelPathsOf(template),
    pause: parts.fields.pause,
  };
  const isOurs = template.install?.console === undefined && template.install?.boot_command === undefined;
  const path = chosenPath(read, parts);
  const files: ResponseFile[] = [];
  const all: HttpEntry[] = [];
  for (const entry of read) {
    await parts.fields.pause();
    const mode = modeOfEntry(entry);
    const place = { ...about, isHeldByImaged: isOurs && entry.path === path };
    if (isPending(entry)) {
      const answered = await readAnswers(entry.autoinstall, entry.pointer, parts);
      const { text, isSerial, takesUnverified } = await resolveAnswers(entry.path, entry.pointer, answered, place);
      all.push({ path: entry.path, kind: 'text', text });
      if (mode !== undefined) files.push({ path: entry.path, mode, isSerial, takesUnverified });
      continue;
    }
    all.push(entry);
    if (mode === undefined) continue;
    const text = textOfResponse(entry, open.has(entry.path));
    const judged = text === undefined ? unread : await judgeText(entry.path, pointerOf(entry.path), text, place);
    files.push({ path: entry.path, mode, isSerial: judged.isSerial, takesUnverified: judged.takesUnverified });
  }
  const file = files.find((one) => one.path === path);
  return { http: [...all, ...indexes], ...(file === undefined ? {} : { responseFile: file }) };
};
