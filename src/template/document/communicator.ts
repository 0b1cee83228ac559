import { z } from 'zod';
import { Turns } from './turn.ts';
import { Duration, SignedPause, strict, Words } from './words.ts';

const Port = z.int().min(1).max(65_535).default(22);
const Username = Words.max(1000);
const PrivateKey = Words.max(64 * 1024)
  .optional()
  .describe('a private key without a passphrase: the text of a sensitive variable, or `media:name/file`');
const Password = Words.max(1000).optional().describe('a password, best of a sensitive variable');

const Bastion = strict({
  host: Words.max(1000).describe('name or address'),
  port: Port.describe('port of its ssh server'),
  username: Username.default('root').describe('whom to log in as there'),
  private_key: PrivateKey,
  password: Password,
})
  .refine(
    ({ private_key: key, password }) => (key === undefined) !== (password === undefined),
    'needs a "private_key" or a "password", and not both',
  )
  .describe('a server through which the guest is reached, for machines with the network outside');

const sshOnly = [
  'private_key',
  'certificate',
  'bastion',
  'handshake_attempts',
  'keep_alive',
  'read_write_timeout',
  'pause_before_connecting',
  'pty',
  'keep_key',
] as const;

/** How the build gets into the guest. */
export const Communicator = strict({
  type: z
    .enum(['ssh', 'console', 'none'])
    .default('ssh')
    .describe(
      'how the build logs in: over the network, or on the serial line, for a guest without one; `none`: it does not',
    ),
  username: Username.default('root').describe('whom to log in as; the key is {{ ssh_public_key }}'),
  port: Port.describe('port in the guest'),
  timeout: Duration.default('5m').describe('how long to try while the guest boots'),
  private_key: PrivateKey,
  certificate: Words.max(64 * 1024)
    .optional()
    .describe('the certificate of `private_key`: a text, or `media:name/file`'),
  password: Password,
  bastion: Bastion.optional(),
  handshake_attempts: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('how often the guest may refuse the login before the build fails; default: 10'),
  keep_alive: SignedPause.optional().describe(
    'how often the guest is asked whether it is still there; default 3 s; zero and less: never',
  ),
  read_write_timeout: Duration.optional().describe(
    'how long the guest may leave that without an answer before the connection is lost; default 1 m',
  ),
  pause_before_connecting: SignedPause.optional().describe(
    'when the guest can be logged in to for the first time, wait so long, and log in again',
  ),
  pty: z.boolean().default(false).describe('run commands on a terminal, for a sudo that asks for one'),
  login: Turns.optional().describe(
    'with `console`: the conversation that ends at the prompt of a shell; default: for `username` and `password`',
  ),
  keep_key: z
    .boolean()
    .default(false)
    .describe("leave the build's public key in the guest; by default it is taken out before the guest is shut down"),
})
  .refine(
    ({ private_key: key, certificate }) => certificate === undefined || key !== undefined,
    'has a "certificate" without its "private_key"',
  )
  .refine(
    ({ type, login }) => login === undefined || type === 'console',
    'has a "login", which is for the type "console": ssh has "username", "private_key" and "password"',
  )
  .refine(
    (asked) => asked.type !== 'console' || sshOnly.every((key) => asked[key] === undefined || asked[key] === false),
    {
      error: `is "console", which has none of ${sshOnly.join(', ')}`,
    },
  )
  .describe('how the build gets into the guest');

export type Communicator = z.output<typeof Communicator>;
