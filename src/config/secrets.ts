import { z } from 'zod';
import { AbsolutePath } from '../base/units.ts';

/** The table [secrets] of imaged.conf. */
export const Secrets = z
  .strictObject({
    key_file: AbsolutePath.optional().describe(
      'The key that sensitive values, secrets and templates are encrypted with in the store; made at the first start, mode 0600. Default: data_dir/secrets.key. Keep a copy of it, apart from the copies of data_dir.',
    ),
  })
  .prefault({});
