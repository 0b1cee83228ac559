import { z } from 'zod';
import { ProblemClass, ProblemCode } from '../../base/records/fault-record.ts';
import { pageOf, Time } from '../contract/common.ts';

export const TemplateInfo = z
  .object({
    name: z.string().meta({ description: 'What it is called by.' }),
    version: z.int().meta({ description: 'Counts from 1. A version never changes.' }),
    digest: z.string().meta({ description: 'SHA-256 over the document and its files. The ETag.' }),
    has_files: z.boolean().meta({ description: 'Whether it came with files of its own, in an archive.' }),
    created_at: Time,
    href: z.string().meta({ description: 'The path of this version.' }),
  })
  .meta({ id: 'TemplateInfo', description: 'A version of a template, without its document.' });

export const Template = TemplateInfo.extend({
  document: z.unknown().meta({ description: 'The template, with `<sensitive>` in place of sensitive defaults.' }),
}).meta({ id: 'Template', description: 'A version of a template.' });

export const TemplatePage = pageOf(TemplateInfo, 'Templates.').meta({ id: 'TemplatePage' });

export const Health = z.object({
  status: z.literal('ok'),
  version: z.string().meta({ description: 'Of the daemon.' }),
});

export const Readiness = z.object({
  ready: z.boolean().meta({ description: 'Whether builds can run now.' }),
  checks: z
    .array(
      z.object({
        name: z.string().meta({ description: 'What was looked at.' }),
        state: z.enum(['ok', 'warn', 'fail']).meta({ description: 'Only `fail` makes the host unready.' }),
        message: z.string().meta({ description: 'What was found and, unless all is well, what to do.' }),
      }),
    )
    .meta({ description: 'All that was looked at.' }),
});

export const Host = z.record(z.string(), z.unknown()).meta({
  id: 'Host',
  description:
    'What this host can do: hypervisor and its version, slots, memory, disk, media, and what was found about the rest of it (`checks`). `capacity.committed` is what running builds may take of it; `layers` the kept layers, and what they were used for since the daemon was started. `suspect` is a build that the daemon died of, as it seems, and that keeps others waiting while it runs alone; `lost_mb` is what directories of unknown builds take; `limits` what a context may have, packed and unpacked.',
});

export const ProblemRow = z
  .object({
    code: ProblemCode,
    class: ProblemClass,
    status: z.int().meta({ description: 'The HTTP status of a request that ends so.' }),
    title: z.string().meta({ description: 'The kind of problem in words.' }),
    retryable: z.boolean().meta({ description: 'Whether the daemon tries a build again that ends so.' }),
    type: z.string().meta({ description: 'Its address, relative to this server.' }),
  })
  .meta({ id: 'ProblemRow', description: 'A kind of problem.' });

export const ProblemTable = z.object({ items: z.array(ProblemRow).meta({ description: 'All there are.' }) });
