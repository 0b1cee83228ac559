import { parentPort } from 'node:worker_threads';
import { hashSync } from 'bcryptjs';
import type { PasswordAsked, AnsweredHash } from './hash.ts';

/** A thread of its own: a hash takes a tenth of a second of a processor in one go. */
parentPort?.on('message', ({ id, password, salt }: PasswordAsked) => {
  const answered: AnsweredHash = { id, hash: hashSync(password, salt) };
  parentPort?.postMessage(answered);
});
