import { join } from 'node:path';

/** Where a file that a provisioner took from the guest lies in the workspace. */
export const downloadedFile = (workspace: string, name: string): string => join(workspace, `from-guest-${name}`);
