import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isErrno } from '../../base/errno.ts';
import type { Api } from '../api/api.ts';
import { patiently } from '../api/patience.ts';
import type { Artifact, Build } from '../api/types.ts';
import type { CommandJob, RunCommand } from '../args/types.ts';
import { ClientError } from '../client-error.ts';
import { downloadView, type DownloadView } from '../watch/downloads.ts';
import { onSignals } from '../watch/interrupt.ts';
import { whichBuild } from './which-build.ts';

const atOnce = 3;

const chosenFrom = async (api: Api, { id }: Build, names: readonly string[]): Promise<readonly Artifact[]> => {
  const { items } = await api.ask('get', '/builds/{id}/artifacts', { path: { id } });
  const missing = names.find((name) => !items.some((one) => one.name === name));
  if (missing === undefined && items.length > 0)
    return names.length === 0 ? items : items.filter(({ name }) => names.includes(name));
  const which = missing === undefined ? 'no artifacts' : `no artifact ${JSON.stringify(missing)}`;
  throw new ClientError('refused', `Build ${id} has ${which}. See: imagectl artifacts ${id}`);
};

/** Downloads one after the other from a list that others take from as well. */
const downloadNext = async (
  left: Artifact[],
  { values }: CommandJob,
  { server }: Api,
  { id }: Build,
  view: DownloadView,
  signal: AbortSignal,
): Promise<void> => {
  // Only who has found something to download needs what that takes.
  const { downloadArtifact } = await import('../download/download-artifact.ts');
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    const { name } = next;
    const file = await downloadArtifact(
      {
        api: { url: server.url.href.replace(/\/$/, ''), token: server.token },
        ...{ build: id, artifact: name, to: resolve(values.output ?? '.'), resume: values.resume === true },
        existing: values.replace === true ? 'replace' : 'refuse',
        ...(values.key === undefined ? {} : { publicKey: resolve(values.key) }),
      },
      (progress) => view.onProgress(name, progress),
      signal,
    );
    view.onDone(name, file);
  }
};

/** `imagectl download` */
export const run: RunCommand = async (job) => {
  const [wanted, ...names] = job.operands;
  const api = await job.api();
  const build = await patiently(job.output, () => whichBuild(api, wanted));
  const chosen = await patiently(job.output, () => chosenFrom(api, build, names));
  // It alone, and nothing above it: a folder that was mistyped is not made by halves.
  await mkdir(resolve(job.values.output ?? '.')).catch((error: unknown) => {
    if (!isErrno(error, 'EEXIST')) throw error;
  });
  const stop = new AbortController();
  const interrupted = () => stop.abort(new ClientError('left', 'The download was interrupted. Go on with --resume.'));
  using _listening = onSignals(interrupted);
  using view = downloadView(job.output, chosen);
  const left = [...chosen];
  const workers = Array.from({ length: atOnce }, () => downloadNext(left, job, api, build, view, stop.signal));
  try {
    await Promise.all(workers);
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(workers);
    throw error;
  }
  return 'succeeded';
};
