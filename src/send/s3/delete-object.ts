import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import type { SendTools } from '../types.ts';
import { s3Client } from './client.ts';
import { s3Url, type S3Place } from './place.ts';
import { makeRequests } from './requests.ts';

/** Deletes an object that has served. What fails is told in the log alone; it is done also when the build has been cancelled. */
export const deleteObject = async (place: S3Place, key: string, tools: SendTools): Promise<void> => {
  const { cleaning } = makeRequests(new URL(key, s3Url(place)), tools);
  const client = s3Client(place, tools);
  await cleaning('be deleted', (how) => client.send(new DeleteObjectCommand({ Bucket: place.bucket, Key: key }), how));
  client.destroy();
};
