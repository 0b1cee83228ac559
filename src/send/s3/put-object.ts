import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Fault } from '../../base/fault.ts';
import type { Outgoing, SendTools } from '../types.ts';
import { s3Client } from './client.ts';
import { eachPart, partsOf, type PartOfFile } from './parts.ts';
import { s3Url, type S3Place } from './place.ts';
import { isNamed } from './refusals.ts';
import { makeRequests, type How, type Requests } from './requests.ts';

const partsAtOnce = 3;

type Target = { readonly Bucket: string; readonly Key: string };

/** An object on its way. */
type Putting = Requests & {
  readonly client: S3Client;
  readonly target: Target;
  readonly file: Outgoing;
  readonly tools: SendTools;
};

const aboutOf = ({ mediaType, sha256 }: Outgoing) => ({ ContentType: mediaType, Metadata: { sha256 } });

const putWhole = async ({ client, target, file, tools, trying }: Putting): Promise<void> => {
  const { signal } = tools;
  await eachPart(file.path, partsOf(file.size), { atOnce: 1, signal }, async (_part, Body) => {
    const command = new PutObjectCommand({ ...target, ...aboutOf(file), Body });
    await trying('be written', (how) => client.send(command, how));
  });
  tools.progress(file.size);
};

/** Whether the object is there with the file's length and digest; gives what is wrong. */
const whyNotThere = async ({ client, target, file }: Putting, how: How): Promise<string | undefined> => {
  const { ContentLength, Metadata } = await client.send(new HeadObjectCommand(target), how);
  if (ContentLength !== file.size) return `has ${ContentLength ?? 'an unknown number of'} bytes of ${file.size}`;
  return Metadata?.['sha256'] === file.sha256 ? undefined : 'is another object than the one that was written';
};

type Uploaded = { readonly PartNumber: number; readonly ETag: string };

const sendParts = async (putting: Putting, UploadId: string, parts: readonly PartOfFile[]): Promise<Uploaded[]> => {
  const { client, target, file, tools, trying } = putting;
  const uploaded: Uploaded[] = [];
  let there = 0;
  await eachPart(file.path, parts, { atOnce: partsAtOnce, signal: tools.signal }, async (part, Body, signal) => {
    const PartNumber = part.number;
    const command = new UploadPartCommand({ ...target, UploadId, PartNumber, Body });
    const what = `take part ${PartNumber} of ${parts.length}`;
    const { ETag = '' } = await trying(what, (how) => client.send(command, how), signal);
    uploaded.push({ PartNumber, ETag });
    there += part.bytes;
    tools.progress(there);
  });
  return uploaded.toSorted((one, other) => one.PartNumber - other.PartNumber);
};

/** Has the parts put together. Where the answer was lost, the upload is no more, and the object is there. */
const complete = async (putting: Putting, UploadId: string, Parts: readonly Uploaded[]): Promise<void> => {
  const { client, target, trying } = putting;
  const MultipartUpload = { Parts: [...Parts] };
  await trying('be put together', async (how) => {
    try {
      await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }), how);
    } catch (error) {
      if (!isNamed(error, 'NoSuchUpload') || (await whyNotThere(putting, how)) !== undefined) throw error;
    }
  });
};

/** What was sent of an upload that has failed for good takes room until it is aborted. */
const abort = async ({ client, target, cleaning }: Putting, UploadId: string): Promise<void> =>
  cleaning('delete the parts that were sent', (how) =>
    client.send(new AbortMultipartUploadCommand({ ...target, UploadId }), how),
  );

const putInParts = async (putting: Putting, parts: readonly PartOfFile[]): Promise<void> => {
  const { client, target, file, trying } = putting;
  const { UploadId = '' } = await trying('be begun', (how) =>
    client.send(new CreateMultipartUploadCommand({ ...target, ...aboutOf(file) }), how),
  );
  try {
    await complete(putting, UploadId, await sendParts(putting, UploadId, parts));
  } catch (error) {
    await abort(putting, UploadId);
    throw error;
  }
};

/**
 * Writes a file as an object of S3: in parts, of which only those are sent again that did not arrive. The server compares
 * each request with the SHA-256 that its signature covers; the file's own is kept with the object, as `sha256` of its
 * metadata, and in the end the object is looked at. Throws the peer's faults, or the signal's reason; then nothing of it stays.
 */
export const putObject = async (place: S3Place, key: string, file: Outgoing, tools: SendTools): Promise<void> => {
  const { peer } = tools;
  const url = new URL(key, s3Url(place));
  const client = s3Client(place, tools);
  const requests = makeRequests(url, tools);
  const putting = { ...requests, client, file, tools, target: { Bucket: place.bucket, Key: key } };
  const parts = partsOf(file.size);
  try {
    if (parts.length === 1) await putWhole(putting);
    else await putInParts(putting, parts);
    const why = await requests.trying('be looked at', (how) => whyNotThere(putting, how));
    if (why !== undefined) throw new Fault(peer.unavailable, `${url.href} ${why}.`);
  } finally {
    client.destroy();
  }
};
