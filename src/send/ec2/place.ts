import type { AwsLogin } from '../s3/place.ts';

/** A region of EC2, and who asks there. */
export type Ec2Place = {
  readonly region: string;
  /** A server other than Amazon's. */
  readonly endpoint?: URL;
  readonly login: AwsLogin;
};

/** Where requests go, as the configuration must allow it. */
export const ec2Url = ({ region, endpoint }: Pick<Ec2Place, 'region' | 'endpoint'>): URL =>
  endpoint ?? new URL(`https://ec2.${region}.amazonaws.com/`);
