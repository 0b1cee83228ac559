import { pointerTo, type Complaints } from './complaints.ts';
import type { Fields } from './fields.ts';
import { Mistake } from './mistake.ts';
import { quoted } from '../nearest.ts';
import { questionPattern } from './schema-http.ts';
import type { Template } from './schema.ts';
import type { HttpEntry, Text } from './spec.ts';

type Answer = Template['http'][string];
type Autoinstall = NonNullable<Exclude<Answer, string>['autoinstall']>;

const pathOf = (raw: string, isFolder: boolean): string => {
  const path = raw.replace(/^\//, '');
  if (path === '' && isFolder) return path;

  if (/[?#\\\x00-\x1f\x7f]/.test(path))
    throw new Mistake(`${quoted(raw)} cannot be a path: it holds ?, #, \\ or a control character`);
  if (path.split('/').some((segment) => ['', '.', '..'].includes(segment)))
    throw new Mistake(`${quoted(raw)} cannot be a path: write it as "folder/file"`);
  return path;
};

const oneLine = (part: string) => {
  if (/[\r\n]/.test(part)) throw new Mistake('holds a line break: the installer would take the rest as another answer');
};

const responseFile = (answers: Autoinstall, pointer: string, fields: Fields): Text =>
  Object.entries(answers).flatMap(([question, answer]) =>
    (typeof answer === 'string' ? [answer] : answer).flatMap((one, index) => {
      const at = pointer + pointerTo([question]) + (typeof answer === 'string' ? '' : `/${index}`);
      const asked = fields.early(at, question);
      if (asked !== undefined && !questionPattern.test(asked)) fields.made(at, '', '', () => refuseQuestion(asked));
      return [`${asked ?? ''} = `, ...fields.text(at, one, oneLine), '\n'];
    }),
  );

const refuseQuestion = (asked: string): never => {
  throw new Mistake(`${quoted(asked)} cannot be a question of a response file`);
};

const entryOf = async (path: string, answer: Answer, pointer: string, fields: Fields): Promise<HttpEntry> => {
  if (typeof answer === 'string') return { path, kind: 'text', text: fields.text(pointer, answer) };
  const { content, type, file, folder, autoinstall } = answer;
  if (file !== undefined) return { path, kind: 'file', file: await fields.file(`${pointer}/file`, file) };
  if (folder !== undefined)
    return { path, kind: 'folder', folder: await fields.file(`${pointer}/folder`, folder, 'folder') };
  if (autoinstall !== undefined)
    return { path, kind: 'text', text: responseFile(autoinstall, `${pointer}/autoinstall`, fields) };
  const text = fields.text(`${pointer}/content`, content ?? '');
  return { path, kind: 'text', text, ...(type === undefined ? {} : { type }) };
};

/** What the machine's endpoint serves, each path once. */
export const resolveHttp = async (
  http: Template['http'],
  fields: Fields,
  wrong: Complaints,
): Promise<readonly HttpEntry[]> => {
  const seen = new Set<string>();
  const entries: HttpEntry[] = [];
  for (const [key, answer] of Object.entries(http)) {
    const pointer = pointerTo(['http', key]);
    const isFolder = typeof answer === 'object' && answer.folder !== undefined;
    const path = fields.early(pointer, key);
    if (path === undefined) {
      await entryOf('', answer, pointer, fields);
      continue;
    }
    const clean = wrong.attempt(pointer, '', () => pathOf(path, isFolder));
    if (seen.has(clean)) wrong.add(pointer, `serves ${quoted(clean)} a second time`);
    seen.add(clean);
    entries.push(await entryOf(clean, answer, pointer, fields));
  }
  return entries;
};
