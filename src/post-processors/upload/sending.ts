import { mkdir, rm } from 'node:fs/promises';
import { putFile, type HttpLogin } from '../../send/put-file.ts';
import { putBySftp } from '../../send/sftp/put-by-sftp.ts';
import type { SftpLogin } from '../../send/sftp/login.ts';
import { s3Url, type AwsLogin, type S3Place } from '../../send/s3/place.ts';
import { usualSending, type Outgoing, type SendTools } from '../../send/types.ts';
import type { ArtifactDraft, Tools } from '../kind.ts';

/** Where artifacts go, with what is needed to write there. URLs are texts, so that settings can be compared. */
export type UploadSettings =
  | { readonly by: 'put'; readonly url: string; readonly login?: HttpLogin }
  | {
      readonly by: 's3';
      readonly bucket: string;
      readonly prefix: string;
      readonly region: string;
      readonly endpoint?: string;
      readonly login: AwsLogin;
    }
  | { readonly by: 'sftp'; readonly url: string; readonly folder: string; readonly login: SftpLogin };

/** Where one artifact goes, without anything secret. */
export const addressOf = (settings: UploadSettings, name: string): string => {
  if (settings.by === 'put') return `${settings.url}${name}`;
  if (settings.by === 'sftp') return `${settings.url.replace(/\/$/, '')}${settings.folder}${name}`;
  return `s3://${settings.bucket}/${settings.prefix}${name}`;
};

const placeOf = ({ bucket, region, login, endpoint }: Extract<UploadSettings, { by: 's3' }>): S3Place => ({
  ...{ bucket, region, login },
  ...(endpoint === undefined ? {} : { endpoint: new URL(endpoint) }),
});

/** The URL that the configuration must allow. */
export const askedUrl = (settings: UploadSettings): URL =>
  settings.by === 's3' ? s3Url(placeOf(settings)) : new URL(settings.url);

const put = async (settings: UploadSettings, file: Outgoing, send: SendTools, newFile: Tools['newFile']) => {
  if (settings.by === 'put') return putFile(new URL(addressOf(settings, file.name)), file, settings.login, send);
  if (settings.by === 's3') {
    // The SDK is large: who sends nothing there does not load it.
    const { putObject } = await import('../../send/s3/put-object.ts');
    return putObject(placeOf(settings), `${settings.prefix}${file.name}`, file, send);
  }
  const folder = newFile('sftp');
  await mkdir(folder, { mode: 0o700 });
  try {
    const { login } = settings;
    await putBySftp(new URL(settings.url), `${settings.folder}${file.name}`, file, { folder, login, tools: send });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** What clients of other hosts need, of what a post-processor has. `name` is what its progress is told of. */
export const sendToolsOf = (tools: Tools, name: string, total?: number): SendTools => ({
  ...usualSending,
  peer: tools.host.destination,
  clock: tools.clock,
  progress: (bytes) => tools.progress(name, bytes, total),
  log: tools.log,
  signal: tools.signal,
});

/** A draft as it goes out: its digest is worked out first, where it is not known. */
export const outgoingOf = async (draft: ArtifactDraft, tools: Tools): Promise<Outgoing> => {
  const { size, digests } = await tools.digestsOf(draft, ['sha256']);
  const { name, mediaType, from: path } = draft;
  return { path, name, mediaType, size, sha256: digests.get('sha256') ?? '' };
};

/** Sends an artifact, and tells where it is then. */
export const sendDraft = async (
  settings: UploadSettings,
  draft: ArtifactDraft,
  tools: Tools,
): Promise<ArtifactDraft> => {
  const file = await outgoingOf(draft, tools);
  const began = tools.clock.elapsed();
  await put(settings, file, sendToolsOf(tools, file.name, file.size), tools.newFile);
  const ms = Math.max(1, Math.round(tools.clock.elapsed() - began));
  const { name, size, sha256 } = file;
  tools.uploaded({ name, url: addressOf(settings, name), size, sha256, ms });
  return { ...draft, known: { size, sha256 } };
};
