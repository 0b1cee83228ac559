import { basename } from 'node:path';
import { artifactNameOf } from '../../base/artifact-name.ts';
import { quoted } from '../../base/text/nearest.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import type { FileRef } from '../../template/spec.ts';
import type { PostProcessorPlace } from '../kind.ts';

const shape = /^[a-z0-9_]{1,32}$/;

/** The architecture of the guest, as Go and Vagrant call it. */
export const architectureOf = (
  asked: string | undefined,
  own: string,
  { pointer, fields }: PostProcessorPlace,
): string =>
  fields.made(`${pointer}/architecture`, asked ?? own, own, (value) => {
    const text = String(value);
    if (!shape.test(text)) throw new ParseError(`is ${quoted(text)}, and no architecture such as "amd64"`);
    // Vagrant's word for it.
    return text === '386' ? 'i386' : text;
  });

/** What a box itself has. */
const own = /^(metadata\.json|Vagrantfile|box([._].*)?\.(img|ovf|vmdk))$/i;

/** The files of the context that go into a box, under their last names. */
export const includedOf = async (
  asked: readonly string[],
  { pointer, fields, wrong }: PostProcessorPlace,
): Promise<readonly (FileRef & { readonly name: string })[]> => {
  const files = [];
  const names = new Set<string>();
  for (const [index, raw] of asked.entries()) {
    const at = `${pointer}/include/${index}`;
    const file = await fields.file(at, raw);
    const name = wrong.attempt(at, `unknown-${index}`, () => artifactNameOf(basename(file.shown)).slice(0, 100));
    if (own.test(name)) wrong.add(at, `is ${quoted(name)}, which a box has itself`);
    if (names.has(name)) wrong.add(at, `is ${quoted(name)} a second time: files of a box have no folders`);
    names.add(name);
    files.push({ ...file, name });
  }
  return files;
};
