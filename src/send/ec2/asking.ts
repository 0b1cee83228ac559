import { EC2Client } from '@aws-sdk/client-ec2';
import { ownOptions } from '../s3/client.ts';
import { makeRequests, type Requests } from '../s3/requests.ts';
import type { SendTools } from '../types.ts';
import { ec2Url, type Ec2Place } from './place.ts';

/** How EC2 is asked. */
export type Ec2Asking = Requests & { readonly client: EC2Client; readonly tools: SendTools };

export const makeAsking = (place: Ec2Place, tools: SendTools): Ec2Asking => ({
  ...makeRequests(ec2Url(place), tools),
  client: new EC2Client(ownOptions(place, tools)),
  tools,
});
