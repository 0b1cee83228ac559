import { z } from 'zod';
import { hostPortOf, withoutBrackets } from '../base/http/host-port.ts';
import { ParseError } from '../base/text/parse-error.ts';
import { judgedBy } from './judged-by.ts';

const bastionOf = (text: string): { readonly host: string; readonly port: number } => {
  const { host = '', port = 22 } = hostPortOf(text) ?? {};
  if (port === 0 || !/^(\[.+\]|[A-Za-z0-9][A-Za-z0-9.-]*)$/.test(host))
    throw new ParseError('is no host: write "jump.example.org", or with a port, "10.0.0.5:2222"');
  return { host: withoutBrackets(host).toLowerCase(), port };
};

const Bastion = z.string().transform(judgedBy(bastionOf));

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
