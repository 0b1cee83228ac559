import { join } from 'node:path';

/** Where a machine keeps the variables of its UEFI, from one boot to the next. */
export const variablesFile = (workspace: string): string => join(workspace, 'efivars.fd');
