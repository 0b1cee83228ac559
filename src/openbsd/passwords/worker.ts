import { parentPort } from 'node:worker_threads';
import { hashSync } from 'bcryptjs';
import type { Asked, Answered } from './hash.ts';

/** A thread of its own: a hash takes a tenth of a second of a processor in one go. */
parentPort?.on('message', ({ id, password, salt }: Asked) => {
  const answered: Answered = { id, hash: hashSync(password, salt) };
  parentPort?.postMessage(answered);
});
