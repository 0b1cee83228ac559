import { z } from 'zod';
import { Fault } from '../../base/fault.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { pushBox, type BoxPlace } from '../../send/registry/push-box.ts';
import { strict, Words } from '../../template/document/words.ts';
import { commonKeys } from '../common.ts';
import type { PostProcessorPlace, PostProcessorKind } from '../kind.ts';
import { Secret, secretOf } from './secrets.ts';
import { bareUrl } from './target.ts';
import { outgoingOf, sendToolsOf } from './sending.ts';

const about = 'a Vagrant box sent to a registry of boxes, as a version that is released there';

const usualUrl = 'https://vagrantcloud.com/api/v2';

const Schema = strict({
  type: z.literal('vagrant-registry'),
  ...commonKeys,
  box_tag: Words.min(1).max(200).describe('the box, which is there already: `USER/BOX`'),
  version: Words.min(1).max(100).describe('the version: `1.2.3`; where it is there, the box is added to it'),
  version_description: Words.max(10_000).optional().describe('what the version says of itself'),
  token: Secret.describe('the token that may write there'),
  url: Words.max(1000).optional().meta({ default: usualUrl }).describe('the API of the registry'),
  provider: Words.max(64).optional().meta({ default: 'libvirt' }).describe('what the box is for'),
  architecture: Words.max(64).optional().describe('what it runs on; default: that of the machine'),
  no_release: z
    .boolean()
    .optional()
    .meta({ default: false })
    .describe('whether the version is left as it is, for somebody to release it'),
}).describe(about);

type Asked = z.output<typeof Schema>;

export type RegistrySettings = Omit<BoxPlace, 'url'> & { readonly url: string };

const word = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

const wordAt = ({ pointer, fields }: PostProcessorPlace, key: string, raw: string): string =>
  fields.made(`${pointer}/${key}`, raw, '', (value) => {
    if (!word.test(String(value))) throw new ParseError('is no name: letters, digits and . _ -');
    return String(value);
  });

const tagOf = ({ box_tag: raw }: Asked, { pointer, fields }: PostProcessorPlace) =>
  fields.made(`${pointer}/box_tag`, raw, { user: '', box: '' }, (value) => {
    const [user = '', box = '', ...more] = String(value).split('/');
    if (!word.test(user) || !word.test(box) || more.length > 0) throw new ParseError('is not of the form USER/BOX');
    return { user, box };
  });

const urlOf = ({ url: raw = usualUrl }: Asked, { pointer, fields, wrong, host }: PostProcessorPlace): string =>
  fields.made(`${pointer}/url`, raw, usualUrl, (value) => {
    const text = String(value);
    if (!URL.canParse(text)) throw new ParseError('is no URL of an API');
    bareUrl(text);
    const why = host?.destination.reach?.refuse(new URL(text));
    if (why !== undefined) wrong.add(`${pointer}/url`, `${text} ${why}`);
    return text;
  });

/** Publishes a box, and keeps it. */
export const vagrantRegistry = {
  type: 'vagrant-registry',
  about,
  Schema,
  resolve: (asked, place): RegistrySettings => ({
    ...tagOf(asked, place),
    url: urlOf(asked, place),
    token: secretOf(place, 'token', asked.token),
    version: wordAt(place, 'version', asked.version),
    description: place.fields.early(`${place.pointer}/version_description`, asked.version_description ?? '') ?? '',
    provider: wordAt(place, 'provider', asked.provider ?? 'libvirt'),
    architecture: wordAt(place, 'architecture', asked.architecture ?? place.build.architecture),
    release: asked.no_release === true ? 'left as it is' : 'released',
  }),
  plan: ({ user, box, version, url, provider }) => `${user}/${box} ${version} for ${provider}, to ${url}`,
  gives: (_settings, taken) => taken,
  run: async (settings, taken, tools) => {
    const boxes = taken.filter(({ name }) => name.endsWith('.box'));
    if (boxes.length === 0)
      throw new Fault(
        'template_invalid',
        'There is no artifact whose name ends with ".box" for vagrant-registry to send: put "vagrant" before it.',
      );
    for (const draft of boxes) {
      const file = await outgoingOf(draft, tools);
      const { name, size, sha256 } = file;
      const began = tools.clock.elapsed();
      await pushBox({ ...settings, url: new URL(settings.url) }, file, sendToolsOf(tools, name, size));
      const { url, user, box, version } = settings;
      const ms = Math.max(1, Math.round(tools.clock.elapsed() - began));
      tools.uploaded({ name, url: `${url}/box/${user}/${box}/version/${version}`, size, sha256, ms });
    }
    return taken;
  },
} as const satisfies PostProcessorKind<typeof Schema, RegistrySettings>;
