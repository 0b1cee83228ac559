import { z } from 'zod';

const Bastion = z
  .string()
  .regex(
    /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)(:[1-9][0-9]{0,4})?$/,
    'is no host: write "jump.example.org", or with a port, "10.0.0.5:2222"',
  ) // prettier-ignore
  .transform((text) => {
    const [, name = '', port = '22'] = /^(.+?)(?::(\d+))?$/.exec(text) ?? [];
    return { host: name.replace(/^\[|\]$/g, '').toLowerCase(), port: Number(port) };
  });

/** The table [communicator]: what builds may log in through. */
export const Communicator = z
  .strictObject({
    bastions: z
      .array(Bastion)
      .default([])
      .describe(
        'Hosts that templates may log in through, as "bastion": "jump.example.org" at port 22, or with a port, "10.0.0.5:2222". Default: none. Read again on SIGHUP.',
      ),
  })
  .prefault({});
