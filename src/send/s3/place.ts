export type AwsLogin = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary keys. */
  readonly sessionToken?: string;
};

/** Where a bucket is, and who writes there. */
export type S3Place = {
  readonly bucket: string;
  readonly region: string;
  /** A server other than Amazon's, which has the bucket in its path. */
  readonly endpoint?: URL;
  readonly login: AwsLogin;
};

/** Where the requests for a bucket go, as the configuration must allow it. */
export const s3Url = ({ bucket, region, endpoint }: Pick<S3Place, 'bucket' | 'region' | 'endpoint'>): URL =>
  endpoint === undefined
    ? new URL(`https://${bucket}.s3.${region}.amazonaws.com/`)
    : new URL(`${endpoint.href.replace(/\/$/, '')}/${bucket}/`);

/** Names of buckets (S3 user guide, "General purpose bucket naming rules"), as far as a URL's host can be one. */
export const bucketShape = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Regions are parts of host names. */
export const regionShape = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A prefix that a URL, a path and a signature hold as it is, without empty parts and `..`. */
export const keyShape = /^(?!.*(?:^|\/)(?:\.{0,2})\/.)[A-Za-z0-9._+=@/-]{0,700}$/;
