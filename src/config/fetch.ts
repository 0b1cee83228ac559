import { z } from 'zod';
import { Duration, SizeMb } from '../base/units.ts';
import { hostOf } from '../outward/hosts.ts';
import { judgedBy } from './judged-by.ts';

/** One host, as `[fetch] hosts` and `[destinations] hosts` list it. */
export const HostText = z.string().transform(judgedBy(hostOf));

/** The table [fetch] of imaged.conf. */
export const Fetch = z
  .strictObject({
    hosts: z
      .array(HostText)
      .default([])
      .describe(
        'Hosts that templates may have files fetched from: "example.org", "*.example.org", or with a port, "10.0.0.5:8080", which also lets the host have a private address and be redirected to without TLS. Default: none. Read again on SIGHUP.',
      ),
    max_size: SizeMb.default(20 * 1024).describe('Largest file that is fetched.'),
    timeout: Duration.default(3_600_000).describe('For one file. What has come by then stays, and is gone on with.'),
    keep: SizeMb.default(40 * 1024).describe(
      'Disk space of what was fetched, in data_dir/cache; the least recently used goes first, never what a build uses.',
    ),
  })
  .prefault({});

/** The table [uploads] of imaged.conf. */
export const Uploads = z
  .strictObject({
    max_size: SizeMb.default(20 * 1024).describe('Largest image that a client may upload as a medium.'),
    total: SizeMb.default(100 * 1024).describe('Disk space of all that were uploaded, in data_dir/media.'),
  })
  .prefault({});
