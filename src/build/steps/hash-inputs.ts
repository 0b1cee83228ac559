import { opendir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { bounds } from '../../base/bounds.ts';
import { inputsIn } from '../../template/resolve/image-files.ts';
import type { FileRef, Spec } from '../../template/spec.ts';
import type { Step } from '../plan.ts';
import type { StepTools } from '../attempt/tools.ts';

type Tools = Pick<StepTools, 'past' | 'knownDigests' | 'signal' | 'log'>;

/** The file, or those in the folder: plain ones, at most so many. */
const filesOf = async ({ path, shown }: FileRef, most: number): Promise<readonly FileRef[]> => {
  if (!(await stat(path)).isDirectory()) return [{ path, shown }];
  const files: FileRef[] = [];
  for await (const entry of await opendir(path, { recursive: true })) {
    if (files.length >= most) break;
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.push({ path: file, shown: `${shown}/${relative(path, file)}` });
  }
  return files.toSorted((one, other) => (one.shown < other.shown ? -1 : 1));
};

/** What the template calls it, as a URI: a file of its context has no scheme. */
const uriOf = (shown: string): string => (/^[a-z]+:/.test(shown) ? shown : `context:${shown}`);

const hash = async (file: FileRef, { past, knownDigests, signal }: Tools): Promise<void> => {
  const { digests } = await knownDigests({ from: file.path }, ['sha256'], signal);
  const sha256 = digests.get('sha256');
  past.inputTaken({ name: file.shown, uri: uriOf(file.shown), ...(sha256 === undefined ? {} : { sha256 }) });
};

/** Works out the digests of the files that go into the machine, for the post-processors that tell of them. */
export const hashInputs = {
  name: 'hash-inputs',
  phase: 'preparing',
  timeoutMs: 3_600_000,
  about: 'digests of what goes into the machine',
  async run({ job }, tools: Tools) {
    const { past, log } = tools;
    const isKnown = ({ shown }: FileRef) =>
      past.inputs().some(({ name, sha256 }) => name === shown && sha256 !== undefined);
    let left: number = bounds.buildInputs;
    for (const ref of inputsIn(job.spec)) {
      if (isKnown(ref)) continue;
      const files = (await filesOf(ref, left)).filter((file) => !isKnown(file));
      for (const file of files) await hash(file, tools);
      left -= files.length;
      if (left > 0) continue;
      log(`of more than ${bounds.buildInputs} files that may go into the machine, the first have digests`);
      break;
    }
    return {};
  },
} satisfies Step<{ job: { readonly spec: Spec } }, object>;
