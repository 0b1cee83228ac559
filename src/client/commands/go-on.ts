import { randomUUID } from 'node:crypto';
import { filled, jsonOf, type Api } from '../api/api.ts';
import type { Build } from '../api/types.ts';
import type { CommandJob } from '../args/types.ts';
import { ClientError, type ClientEnding } from '../client-error.ts';
import { sendFolder } from '../input/packed-folder.ts';
import { unlessMissing } from './unless-missing.ts';
import { watchStarted } from './watch-started.ts';

type Way = 'retry' | 'rebuild' | 'resume';

const isBuild = (value: unknown): value is Build => typeof value === 'object' && value !== null && 'status' in value && 'id' in value; // prettier-ignore

// What it answers is the build that goes on, or nothing where that is the one that was asked about.
const buildFrom = async (api: Api, reply: Response, id: string): Promise<Build> => {
  const value: unknown = reply.status === 204 ? undefined : await jsonOf(reply, api.server);
  return isBuild(value) ? value : api.ask('get', '/builds/{id}', { path: { id } });
};

/** Has a build go on, with the files of a folder where one is named, and watches what comes of it. */
export const goOn = async (
  job: CommandJob,
  way: Way,
  json: Readonly<Record<string, unknown>>,
): Promise<ClientEnding> => {
  const [id = '', folder] = job.operands;
  const api = await job.api();
  const path = filled(`/builds/{id}/${way}`, { id });
  const headers: Record<string, string> = way === 'resume' ? {} : { 'idempotency-key': randomUUID() };
  const send = () => {
    if (folder !== undefined)
      return sendFolder(api, { folder, made: [], extra: {} }, job.output, (sent) => api.open('post', path, { headers, ...sent })); // prettier-ignore
    return api.open('post', path, Object.keys(json).length === 0 ? { headers } : { headers, json });
  };
  // A build that is not there is another matter than a daemon that has no such call.
  await api.ask('get', '/builds/{id}', { path: { id } });
  const reply = await unlessMissing(send, () => new ClientError('refused', `This imaged cannot ${way} builds.`));
  return watchStarted(job, api, await buildFrom(api, reply, id));
};
