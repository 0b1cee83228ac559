import { createHash } from 'node:crypto';
import { encodeBase64, hash } from 'bcryptjs';

/** 2^10 rounds: about a tenth of a second of the daemon's time for each password, and the guest's at each login. */
const cost = 10;

/**
 * The bcrypt hash of a password, as OpenBSD takes it. Its salt comes from `seed`, which must differ from one place to
 * another: the same ask gives the same hash.
 */
export const hashPassword = (password: string, seed: string): Promise<string> => {
  const salt = createHash('sha256').update(`salt\n${seed}`).digest().subarray(0, 16);
  return hash(password, `$2b$${cost}$${encodeBase64([...salt], 16)}`);
};
