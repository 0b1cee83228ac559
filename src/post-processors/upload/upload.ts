import { z } from 'zod';
import { ParseError } from '../../base/text/parse-error.ts';
import { hostKeyShape } from '../../send/sftp/login.ts';
import { regionShape } from '../../send/s3/place.ts';
import { strict, Words } from '../../template/document/words.ts';
import { commonKeys } from '../common.ts';
import type { ArtifactDraft, PostProcessorPlace, PostProcessorKind } from '../kind.ts';
import { Secret, secretOf } from './secrets.ts';
import { askedUrl, addressOf, sendDraft, type UploadSettings } from './sending.ts';
import { bareUrl, targetOf, type UploadTarget } from './target.ts';

const about = 'artifacts sent to another host: by HTTP PUT, to S3 or what speaks as it does, or by sftp';

const Schema = strict({
  type: z.literal('upload'),
  ...commonKeys,
  to: Words.min(1)
    .max(2000)
    .describe(
      'the folder that they go to, each under its own name: `https://HOST/FOLDER/`, `s3://BUCKET/PREFIX/` or `sftp://USER@HOST/FOLDER/`; [destinations] of the configuration must list the host',
    ),
  token: Secret.optional().describe('HTTP: a bearer token'),
  username: Words.max(200).optional().describe('HTTP: who logs in, with `password`'),
  password: Secret.optional().describe('HTTP: the password of `username`'),
  endpoint: Words.max(1000).optional().describe('S3: the URL of a server that is not Amazon’s'),
  region: Words.max(63).optional().meta({ default: 'us-east-1' }).describe('S3: where the bucket is'),
  access_key: Secret.optional().describe('S3: the id of the access key'),
  secret_key: Secret.optional().describe('S3: the secret access key'),
  session_token: Secret.optional().describe('S3: of temporary keys'),
  private_key: Secret.optional().describe('sftp: a private key of OpenSSH without a passphrase, as a text'),
  host_key: Words.max(2100).optional().describe('sftp: the public key of the server, as `ssh-ed25519 AAAA...`'),
}).describe(about);

type Asked = z.output<typeof Schema>;

const keysOf = {
  put: ['token', 'username', 'password'],
  s3: ['endpoint', 'region', 'access_key', 'secret_key', 'session_token'],
  sftp: ['private_key', 'host_key'],
} as const satisfies Record<UploadTarget['by'], readonly (keyof Asked)[]>;

const ways = { put: 'HTTP', s3: 'S3', sftp: 'sftp' } as const;

/** Keys of another way than the one that is asked for are wrong. */
const judgeKeys = (asked: Asked, { by }: UploadTarget, { pointer, wrong }: PostProcessorPlace): void => {
  for (const way of ['put', 's3', 'sftp'] as const)
    for (const key of way === by ? [] : keysOf[way])
      if (asked[key] !== undefined) wrong.add(`${pointer}/${key}`, `is for ${ways[way]}, and "to" is for ${ways[by]}`);
};

/** A text that must be there; empty, after a field error, where it is not. */
const needed = (
  asked: Asked,
  key: 'access_key' | 'secret_key' | 'private_key' | 'host_key',
  place: PostProcessorPlace,
): string => {
  const raw = asked[key];
  if (raw === undefined) place.wrong.add(place.pointer, `has no "${key}", and "to" needs one`);
  if (raw === undefined) return '';
  return key === 'host_key' ? hostKeyOf(raw, place) : secretOf(place, key, raw);
};

const hostKeyOf = (raw: string, { pointer, fields }: PostProcessorPlace): string =>
  fields.made(`${pointer}/host_key`, raw, '', (value) => {
    // A line of ssh-keyscan(1) or of a .pub file may end with a comment.
    const key = String(value).trim().split(/\s+/).slice(0, 2).join(' ');
    if (!hostKeyShape.test(key))
      throw new ParseError('is no public key of a server: write "ssh-ed25519 AAAA...", as ssh-keyscan prints it behind the name'); // prettier-ignore
    return key;
  });

const httpLogin = (asked: Asked, place: PostProcessorPlace) => {
  const { token, username, password } = asked;
  const { pointer, fields, wrong } = place;
  if (token !== undefined && (username ?? password) !== undefined)
    wrong.add(`${pointer}/token`, 'is given, and so is a user or a password: choose one');
  if ((username === undefined) !== (password === undefined))
    wrong.add(pointer, 'has one of "username" and "password" without the other');
  if (token !== undefined) return { login: { token: secretOf(place, 'token', token) } };
  if (username === undefined || password === undefined) return {};
  const name = fields.made(`${pointer}/username`, username, '', (value) => {
    if (String(value).includes(':')) throw new ParseError('has a colon in it, which no user of HTTP has');
    return String(value);
  });
  return { login: { username: name, password: secretOf(place, 'password', password) } };
};

const s3Place = (asked: Asked, place: PostProcessorPlace) => {
  const { pointer, fields } = place;
  const region = fields.made(`${pointer}/region`, asked.region ?? 'us-east-1', 'us-east-1', (value) => {
    if (!regionShape.test(String(value))) throw new ParseError('is no region, such as "eu-central-1"');
    return String(value);
  });
  const endpoint = fields.made(`${pointer}/endpoint`, asked.endpoint ?? '', '', (value) => {
    const text = String(value);
    if (text !== '' && (!/^https?:\/\//.test(text) || !URL.canParse(text)))
      throw new ParseError('is no http or https URL');
    return text === '' ? text : bareUrl(text);
  });
  const login = {
    accessKeyId: needed(asked, 'access_key', place),
    secretAccessKey: needed(asked, 'secret_key', place),
    ...(asked.session_token === undefined
      ? {}
      : { sessionToken: secretOf(place, 'session_token', asked.session_token) }),
  };
  return { region, login, ...(endpoint === '' ? {} : { endpoint }) };
};

const settingsOf = (asked: Asked, target: UploadTarget, place: PostProcessorPlace): UploadSettings => {
  if (target.by === 'put') return { ...target, ...httpLogin(asked, place) };
  if (target.by === 's3') return { ...target, ...s3Place(asked, place) };
  const { by, url, folder, username } = target;
  const privateKey = needed(asked, 'private_key', place);
  return { by, url, folder, login: { username, privateKey, hostKey: needed(asked, 'host_key', place) } };
};

const nowhere: UploadSettings = { by: 'put', url: 'https://unknown.invalid/' };

/** Sends artifacts to another host, and keeps them. */
export const upload = {
  type: 'upload',
  about,
  Schema,
  resolve: (asked, place): UploadSettings => {
    const { pointer, fields, wrong, host } = place;
    const target = fields.made(`${pointer}/to`, asked.to, undefined, (value) => targetOf(String(value)));
    if (target === undefined) return nowhere;
    judgeKeys(asked, target, place);
    const settings = settingsOf(asked, target, place);
    const url = askedUrl(settings);
    const why = host?.destination.reach?.refuse(url);
    if (why !== undefined) wrong.add(`${pointer}/to`, `${url.href} ${why}`);
    return settings;
  },
  plan: (settings) => `to ${addressOf(settings, '')}`,
  gives: (_settings, taken) => taken,
  run: async (settings, taken, tools) => {
    const sent: ArtifactDraft[] = [];
    for (const draft of taken) sent.push(await sendDraft(settings, draft, tools));
    return sent;
  },
} as const satisfies PostProcessorKind<typeof Schema, UploadSettings>;
