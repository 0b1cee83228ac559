import { chmod, lchown, lstat, rm } from 'node:fs/promises';
import { isErrno } from '../../base/errno.ts';
import { Fault } from '../../base/fault.ts';
import type { ListenAt } from '../../base/hardware.ts';

type Listening = {
  readonly listen: (at: { path: string } | { host: string; port: number }) => Promise<string>;
  readonly close: () => Promise<undefined>;
};

/** Listens at a socket of mode 0600 or a port; closes the server where that fails. Throws `endpoint_failed`. */
export const listen = async (app: Listening, at: ListenAt): Promise<void> => {
  try {
    if ('path' in at) {
      // Left by a daemon that was killed; anything else in its place is not ours to remove.
      const left = await lstat(at.path).catch(() => undefined);
      if (left?.isSocket()) await rm(at.path);
      await app.listen({ path: at.path });
      await chmod(at.path, 0o600);
      if (at.owner !== undefined) await lchown(at.path, at.owner, at.owner);
    } else await app.listen({ host: at.host, port: at.port });
  } catch (error) {
    await app.close();
    const place = 'path' in at ? at.path : `${at.host}:${at.port}`;
    const reason = error instanceof Error ? error.message : String(error);
    const isAbsent = isErrno(error, 'EADDRNOTAVAIL');
    throw new Fault(
      'endpoint_failed',
      `Nothing can listen at ${place}: ${reason}`,
      { place, ...(isAbsent ? { addressIsAbsent: true } : {}) },
      { cause: error },
    );
  }
};
