import { join } from 'node:path';

/** Where the private key of a build lies in its workspace; the public one lies beside it. */
export const keyFileIn = (folder: string): string => join(folder, 'id_ed25519');

/** Where the host key that the guest showed first is kept. */
export const knownHostsIn = (folder: string): string => join(folder, 'known_hosts');
