import {
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  ModifyImageAttributeCommand,
  RegisterImageCommand,
  type Image,
} from '@aws-sdk/client-ec2';
import { isNamed } from '../s3/refusals.ts';
import type { Ec2Asking } from './asking.ts';

/** What an image (AMI) is to be. */
export type Ami = {
  readonly name: string;
  readonly description: string;
  readonly architecture: 'x86_64' | 'arm64';
  readonly bootMode: 'legacy-bios' | 'uefi' | 'uefi-preferred';
  readonly tags: Readonly<Record<string, string>>;
  /** Accounts that may start it. */
  readonly users: readonly string[];
};

const rootDevice = '/dev/sda1';

/** The image of this account that has a name, which is one at most in a region. */
export const imageNamed = async ({ client, trying }: Ec2Asking, name: string): Promise<Image | undefined> => {
  // In a filter, * and ? stand for other characters; a name of an image has neither.
  const command = new DescribeImagesCommand({ Owners: ['self'], Filters: [{ Name: 'name', Values: [name] }] });
  const { Images = [] } = await trying('be asked for images', (how) => client.send(command, how));
  return Images[0];
};

const isOf = (image: Image | undefined, snapshot: string): image is Image & { ImageId: string } =>
  image?.ImageId !== undefined && (image.BlockDeviceMappings ?? []).some(({ Ebs }) => Ebs?.SnapshotId === snapshot);

const registered = async (asking: Ec2Asking, ami: Ami, snapshot: string, tags: Tags): Promise<string> => {
  const { client, trying } = asking;
  const command = new RegisterImageCommand({
    Name: ami.name,
    ...(ami.description === '' ? {} : { Description: ami.description }),
    Architecture: ami.architecture,
    BootMode: ami.bootMode,
    VirtualizationType: 'hvm',
    // Without it no type of instance of today starts the image.
    EnaSupport: true,
    RootDeviceName: rootDevice,
    BlockDeviceMappings: [
      { DeviceName: rootDevice, Ebs: { SnapshotId: snapshot, VolumeType: 'gp3', DeleteOnTermination: true } },
    ],
    ...(tags.length === 0 ? {} : { TagSpecifications: [{ ResourceType: 'image' as const, Tags: tags }] }),
  });
  return trying('register the image', async (how) => {
    try {
      return (await client.send(command, how)).ImageId ?? '';
    } catch (error) {
      // An answer was lost where the image of that name is made of this very snapshot.
      if (!isNamed(error, 'InvalidAMIName.Duplicate')) throw error;
      const image = await imageNamed(asking, ami.name);
      if (!isOf(image, snapshot)) throw error;
      return image.ImageId;
    }
  });
};

type Tags = { Key: string; Value: string }[];

const deregister = async ({ client, trying }: Ec2Asking, ImageId: string): Promise<void> => {
  await trying(`deregister ${ImageId}`, async (how) => {
    try {
      await client.send(new DeregisterImageCommand({ ImageId }), how);
    } catch (error) {
      if (!isNamed(error, 'InvalidAMIID.Unavailable', 'InvalidAMIID.NotFound')) throw error;
    }
  });
};

/** Registers a snapshot as an image, in place of the one that is named. Gives its id. Where that fails, the snapshot is deleted. */
export const registerImage = async (
  asking: Ec2Asking,
  ami: Ami,
  snapshot: string,
  replaced?: string,
): Promise<string> => {
  const { client, trying, cleaning } = asking;
  const tags = Object.entries(ami.tags).map(([Key, Value]) => ({ Key, Value }));
  let id: string;
  try {
    const tagging = new CreateTagsCommand({ Resources: [snapshot], Tags: tags });
    if (tags.length > 0) await trying('tag the snapshot', (how) => client.send(tagging, how));
    if (replaced !== undefined) await deregister(asking, replaced);
    id = await registered(asking, ami, snapshot, tags);
  } catch (error) {
    const deleting = new DeleteSnapshotCommand({ SnapshotId: snapshot });
    await cleaning(`delete ${snapshot}`, (how) => client.send(deleting, how));
    throw error;
  }
  const Add = ami.users.map((UserId) => ({ UserId }));
  const sharing = new ModifyImageAttributeCommand({ ImageId: id, LaunchPermission: { Add } });
  if (Add.length > 0) await trying(`share ${id}`, (how) => client.send(sharing, how));
  return id;
};
