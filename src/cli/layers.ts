import { cleanupStack } from '../base/cleanup.ts';
import { Fault } from '../base/fault.ts';
import { layerSettingsOf } from '../wiring/layer-settings.ts';
import { makeEviction } from '../layers/shelf/evict.ts';
import { layerFoldersIn } from '../layers/shelf/files.ts';
import { makeDesk } from '../layers/shelf/make-desk.ts';
import type { Freed, LayerDesk } from '../layers/types.ts';
import { openStoreBeside } from './open-store.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Works with the layers of a configuration, beside a daemon that may be running. */
const withDesk = async (file: string, work: (desk: LayerDesk) => Promise<void>): Promise<void> => {
  await using open = cleanupStack();
  const { config, folders, store } = await openStoreBeside(file);
  open.keep(store);
  const parts = {
    index: store.layers,
    folders: layerFoldersIn(folders.layers),
    settings: layerSettingsOf(() => config),
  };
  const warn = (facts: object, message: string) =>
    process.stderr.write(`imaged: ${message} ${JSON.stringify(facts)}\n`);
  await work(makeDesk(parts, makeEviction({ ...parts, warn })));
};

const timeText = (ms: number): string => new Date(ms).toISOString();

const pageLimit = 500;

/** One line for each layer, the newest first. */
export const listLayers = ({ file }: { readonly file: string }): Promise<void> =>
  withDesk(file, async (desk) => {
    for (let after: string | undefined, isLast = false; !isLast;) {
      const page = await desk.list({}, { limit: pageLimit, ...(after === undefined ? {} : { after }) });
      for (const { key, templateName, step, kind, bytes, uses, madeAt, usedAt } of page.items)
        say([key, templateName, step, kind, bytes, uses, timeText(madeAt), timeText(usedAt)].join('\t'));
      after = page.next;
      isLast = after === undefined;
    }
  });

const sayFreed = ({ layers, bytes }: Freed) => say(`deleted ${layers} layers of ${bytes} bytes`);

/** Deletes what has expired or is too much; with a key that layer and what lies over it, with `all` all that may go. */
export const pruneLayers = ({
  file,
  which,
}: {
  readonly file: string;
  readonly which: 'due' | 'all' | { readonly key: string };
}): Promise<void> =>
  withDesk(file, async (desk) => {
    if (which === 'due') return sayFreed(await desk.prune());
    if (which === 'all') return sayFreed(await desk.removeAll());
    const freed = await desk.remove(which.key, 'over');
    if (freed === undefined)
      throw new Fault('not_found', `There is no layer "${which.key}"; "imaged layers list" shows them.`);
    sayFreed(freed);
  });

/** Reads every file of every layer, and names those that are not what they were: exit code 1 when there are any. */
export const verifyLayers = ({ file }: { readonly file: string }): Promise<void> =>
  withDesk(file, async (desk) => {
    const broken = new Set<string>();
    const layers = await desk.verify((finding) => {
      broken.add(finding.key);
      say(`${finding.key}/${finding.file}: ${finding.message}`);
    }, new AbortController().signal);
    say(`${layers - broken.size} of ${layers} layers are whole`);
    for (const key of broken) say(`delete it with what lies over it: imaged layers prune ${key}`);
    if (broken.size > 0) process.exitCode = 1;
  });
