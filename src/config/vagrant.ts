import { z } from 'zod';

/** The table [vagrant]: the catalogue of boxes. */
export const Vagrant = z
  .strictObject({
    public: z
      .boolean()
      .default(false)
      .describe('Whether anybody may read the catalogue and the boxes in it, and no other artifact, without a token.'),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL, such as "https://images.example.org"' })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional()
      .describe(
        'Where clients find the API, for the URLs of boxes. Default: the host that the request names, by http.',
      ),
  })
  .prefault({});
