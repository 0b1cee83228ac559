import { z } from 'zod';
import { HostText } from './fetch.ts';

/** The table [destinations] of imaged.conf. */
export const Destinations = z
  .strictObject({
    hosts: z
      .array(HostText)
      .default([])
      .describe(
        'Hosts that artifacts may be uploaded to and that may be told of builds: "example.org", "*.example.org", or with a port, "10.0.0.5:8080", which also lets the host have a private address. Default: none. Read again on SIGHUP.',
      ),
  })
  .prefault({});
