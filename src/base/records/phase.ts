import { z } from 'zod';

export const Phase = z
  .enum(['preparing', 'installing', 'booting', 'connecting', 'provisioning', 'sealing', 'packaging', 'publishing'])
  .meta({ id: 'Phase', description: 'What a build is busy with. New phases may be added.' });
export type Phase = z.output<typeof Phase>;
