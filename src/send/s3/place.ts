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
