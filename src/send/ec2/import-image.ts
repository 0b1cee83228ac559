import { Fault } from '../../base/fault.ts';
import { deleteObject } from '../s3/delete-object.ts';
import { putObject } from '../s3/put-object.ts';
import type { S3Place } from '../s3/place.ts';
import type { Outgoing, SendTools } from '../types.ts';
import { makeAsking, type Ec2Asking } from './asking.ts';
import { importSnapshot, usualPolls, type PollPolicy, type SnapshotSource } from './import-snapshot.ts';
import type { Ec2Place } from './place.ts';
import { imageNamed, registerImage, type Ami } from './register-image.ts';

/** What becomes an image, by way of which bucket. */
export type ImportAsked = {
  readonly s3: S3Place;
  readonly ec2: Ec2Place;
  readonly source: Omit<SnapshotSource, 'bucket'>;
  readonly ami: Ami;
  /** Whether an image of that name is deregistered. */
  readonly replaces: boolean;
  readonly keepsObject: boolean;
};

type ImportTools = SendTools & { readonly onPercent: (percent: number) => void; readonly polls?: PollPolicy };

const replacedOf = async (asking: Ec2Asking, { ami, replaces }: ImportAsked): Promise<string | undefined> => {
  const there = await imageNamed(asking, ami.name);
  if (there !== undefined && !replaces)
    throw new Fault(
      asking.tools.peer.refused,
      `There is an image called "${ami.name}" already, ${there.ImageId ?? 'of no id'}: choose another "ami_name", or set "force_deregister".`,
    );
  return there?.ImageId;
};

/**
 * Makes an image (AMI) of a disk: the disk goes to S3, EC2 makes a snapshot of it, and the snapshot is registered. Gives the
 * ids. Throws the peer's faults, or the signal's reason; then no object, task or snapshot stays that could be deleted.
 */
export const importImage = async (asked: ImportAsked, file: Outgoing, tools: ImportTools) => {
  const { s3, ec2, source, ami, keepsObject } = asked;
  const asking = makeAsking(ec2, tools);
  try {
    const replaced = await replacedOf(asking, asked);
    await putObject(s3, source.key, file, tools);
    try {
      const from = { ...source, bucket: s3.bucket };
      const snapshot = await importSnapshot(asking, from, tools.polls ?? usualPolls, tools.onPercent);
      return { snapshot, image: await registerImage(asking, ami, snapshot, replaced) };
    } finally {
      if (!keepsObject) await deleteObject(s3, source.key, tools);
    }
  } finally {
    asking.client.destroy();
  }
};
