import { z } from 'zod';
import { Command, GuestFolder } from './values.ts';

const Flag = z.boolean().default(false);

/** Keys that tools of the guest have in common, each with the default of its own. */
export const preventSudo = Flag.describe('do not run it with sudo; a login that is root uses none anyway');

export const cleansStaging = Flag.describe('remove the staging folder when it has ended well');

export const staging = (folder: string) =>
  GuestFolder.default(folder).describe('the folder of the guest for what is uploaded');

/** Both, under the names that most tools have for them. */
export const stagingKeys = (folder: string) => ({
  staging_directory: staging(folder),
  clean_staging_directory: cleansStaging,
});

export const executeCommand = Command.optional().describe(
  "the command in place of the tool's own, with the words that Packer has for it, such as {{ .Sudo }}",
);

export const guestOs = z.enum(['unix']).default('unix').describe("Packer's key: there is no other guest");
