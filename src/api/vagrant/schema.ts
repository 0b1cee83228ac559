import { z } from 'zod';

const Box = z
  .object({
    name: z.string().meta({ description: 'The provider.', example: 'libvirt' }),
    url: z.string().meta({ description: 'Where the box is.' }),
    checksum: z.string().meta({ description: 'Digest of the box in hexadecimal.' }),
    checksum_type: z.literal('sha256').meta({ description: 'Which digest it is.' }),
    architecture: z.string().meta({ description: 'The processor, as Go calls it.', example: 'amd64' }),
    default_architecture: z
      .boolean()
      .meta({ description: 'Whether it is taken by a Vagrant that knows no architectures.' }),
  })
  .meta({ id: 'VagrantBox', description: 'A box of one provider.' });

export const VagrantCatalogue = z
  .object({
    name: z.string().meta({ description: 'What the box is called: the name of the template.' }),
    versions: z
      .array(
        z.object({
          version: z.string().meta({ description: 'The version.', example: '20260131.93000.0' }),
          providers: z.array(Box).meta({ description: 'Its boxes.' }),
        }),
      )
      .meta({ description: 'All versions, newest build first.' }),
  })
  .meta({ id: 'VagrantCatalogue', description: 'The boxes of a template, as `vagrant box add` reads them.' });
