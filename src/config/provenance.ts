import { z } from 'zod';

/** The table [provenance]: what statements of provenance say of this host. */
export const Provenance = z
  .strictObject({
    builder_id: z
      .url({ protocol: /^[a-z][a-z0-9+.-]*$/, error: 'is not a URI, such as "https://builder.example.org/imaged"' })
      .max(1000)
      .optional()
      .describe('The URI by which statements name this host as the builder. Default: imaged:host/HOSTNAME.'),
  })
  .prefault({});
