import { z } from 'zod';
import { AbsolutePath } from '../base/units.ts';

/** The table [sign]: what this host signs with. */
export const Sign = z
  .strictObject({
    key: AbsolutePath.optional().describe(
      'A secret key of signify(1) without a passphrase (signify -G -n), readable by the daemon alone. Default: none, and nothing is signed.',
    ),
  })
  .prefault({});
