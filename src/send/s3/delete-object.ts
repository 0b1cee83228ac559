import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import type { SendTools } from '../types.ts';
import { s3Client } from './client.ts';
import type { S3Place } from './place.ts';

const deleteMs = 10_000;

/** Deletes an object that has served. What fails is told in the log alone; it is done also when the build has been cancelled. */
export const deleteObject = async (place: S3Place, key: string, tools: SendTools): Promise<void> => {
  const late = () => new Error(`no answer within ${deleteMs / 1000} s`);
  using deadline = tools.clock.deadline(deleteMs, new AbortController().signal, late);
  const client = s3Client(place, tools);
  try {
    const command = new DeleteObjectCommand({ Bucket: place.bucket, Key: key });
    await client.send(command, { abortSignal: deadline.signal });
  } catch (error) {
    tools.log(`s3://${place.bucket}/${key} could not be deleted: ${String(error)}`);
  } finally {
    client.destroy();
  }
};
