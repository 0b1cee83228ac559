import { randomUUID } from 'node:crypto';
import {
  CancelImportTaskCommand,
  DescribeImportSnapshotTasksCommand,
  ImportSnapshotCommand,
  type SnapshotTaskDetail,
} from '@aws-sdk/client-ec2';
import { Fault } from '../../base/fault.ts';
import { shownAnswer } from '../answers.ts';
import type { Ec2Asking } from './asking.ts';

/** The object of S3 that becomes a snapshot. */
export type SnapshotSource = {
  readonly bucket: string;
  readonly key: string;
  readonly format: 'raw' | 'vmdk' | 'vhd';
  /** The role that EC2 reads the bucket as. */
  readonly role: string;
  readonly description: string;
};

/** How often EC2 is asked how far it is, in ms: less and less often. */
export type PollPolicy = { readonly firstMs: number; readonly growth: number; readonly mostMs: number };

export const usualPolls: PollPolicy = { firstMs: 5000, growth: 1.5, mostMs: 30_000 };

const detailOf = async ({ client, trying }: Ec2Asking, task: string): Promise<SnapshotTaskDetail> => {
  const { ImportSnapshotTasks: tasks = [] } = await trying(`tell of ${task}`, (how) =>
    client.send(new DescribeImportSnapshotTasksCommand({ ImportTaskIds: [task] }), how),
  );
  return tasks[0]?.SnapshotTaskDetail ?? {};
};

/** Waits until a task has ended. Gives the snapshot's id; the build's timeout ends a wait that is too long. */
const awaited = async (asking: Ec2Asking, task: string, polls: PollPolicy, onPercent: (percent: number) => void) => {
  const { clock, peer, signal } = asking.tools;
  for (let pauseMs = polls.firstMs; ; pauseMs = Math.min(pauseMs * polls.growth, polls.mostMs)) {
    const { Status, StatusMessage = '', SnapshotId, Progress } = await detailOf(asking, task);
    if (Status === 'completed' && SnapshotId !== undefined) return SnapshotId;
    // A task that fails is "deleting", and then "deleted" (EC2 API reference, ImportSnapshot and SnapshotTaskDetail).
    if (Status === 'deleted' || Status === 'deleting')
      throw new Fault(peer.refused, `EC2 could not import the disk (${task}) and said ${shownAnswer(StatusMessage)}.`);
    const percent = Number(Progress);
    if (Progress !== undefined && percent >= 0 && percent <= 100) onPercent(percent);
    await clock.sleep(pauseMs, signal);
  }
};

/** Makes a snapshot of an object of S3. Gives its id. A task that is not waited for any more is cancelled. */
export const importSnapshot = async (
  asking: Ec2Asking,
  { bucket, key, format, role, description }: SnapshotSource,
  polls: PollPolicy,
  onPercent: (percent: number) => void,
): Promise<string> => {
  const { client, trying, cleaning } = asking;
  const command = new ImportSnapshotCommand({
    // The same request again is the same task.
    ClientToken: randomUUID(),
    RoleName: role,
    Description: description,
    DiskContainer: { Format: format, Description: description, UserBucket: { S3Bucket: bucket, S3Key: key } },
  });
  const { ImportTaskId: task = '' } = await trying('import the disk', (how) => client.send(command, how));
  try {
    return await awaited(asking, task, polls, onPercent);
  } catch (error) {
    await cleaning(`cancel ${task}`, (how) => client.send(new CancelImportTaskCommand({ ImportTaskId: task }), how));
    throw error;
  }
};
