import { randomUUID } from 'node:crypto';
import { jsonOf } from '../api/api.ts';
import type { Build } from '../api/types.ts';
import type { RunCommand } from '../args/types.ts';
import { usageError } from '../client-error.ts';
import { askedBy } from '../input/asked.ts';
import { sendAsked } from '../input/send.ts';
import { watchStarted } from './watch-started.ts';

/** `imagectl build` */
export const run: RunCommand = async (job) => {
  if (job.values.watch === true && job.values.detach === true)
    throw usageError('--watch and --detach exclude each other: give one of them.');
  const asked = await askedBy(job);
  const api = await job.api();
  // A request whose reply was lost is sent again, and is still one build.
  const headers = { 'idempotency-key': randomUUID() };
  const reply = await sendAsked(api, job.output, asked, { headers });
  // The contract says that it is a Build.
  return watchStarted(job, api, (await jsonOf(reply, api.server)) as Build);
};
