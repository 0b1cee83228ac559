import { pointerTo } from '../../base/json/pointer.ts';
import { ParseError } from '../../base/text/parse-error.ts';
import { ec2Url } from '../../send/ec2/place.ts';
import type { Ami } from '../../send/ec2/register-image.ts';
import { bucketShape, keyShape, regionShape, s3Url, type AwsLogin } from '../../send/s3/place.ts';
import type { PostProcessorPlace } from '../kind.ts';
import type { AmazonAsked } from './amazon-import.ts';
import { secretOf } from './secrets.ts';

/** What an import is made with. URLs are texts, so that settings can be compared. */
export type AmazonSettings = {
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
  readonly role: string;
  readonly format: 'raw' | 'vmdk' | 'vhd';
  readonly ami: Ami;
  readonly replaces: boolean;
  readonly keepsObject: boolean;
  readonly login: AwsLogin;
  readonly endpoint?: string;
  readonly ec2Endpoint?: string;
};

// EC2 API reference, RegisterImage, "Name".
const nameShape = /^[A-Za-z0-9()[\] ./'@_-]{3,128}$/;
// IAM and STS API reference, "RoleName"; accounts have twelve digits.
const roleShape = /^[\w+=,.@-]{1,64}$/;
const userShape = /^[0-9]{12}$/;

/** Reads a text of one shape, at its key; `fallback` where a variable has no value yet. */
const shaped = (
  { pointer, fields }: PostProcessorPlace,
  key: string,
  raw: string,
  shape: RegExp,
  fallback: string,
  why: string,
) =>
  fields.made(`${pointer}/${key}`, raw, fallback, (value) => {
    if (!shape.test(String(value))) throw new ParseError(why);
    return String(value);
  });

const endpointOf = (place: PostProcessorPlace, key: string, raw: string | undefined): string | undefined =>
  raw === undefined
    ? undefined
    : place.fields.made(`${place.pointer}/${key}`, raw, undefined, (value) => {
        const text = String(value);
        if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new ParseError('is no http or https URL');
        return text;
      });

const loginOf = ({ access_key, secret_key, session_token }: AmazonAsked, place: PostProcessorPlace): AwsLogin => ({
  accessKeyId: secretOf(place, 'access_key', access_key),
  secretAccessKey: secretOf(place, 'secret_key', secret_key),
  ...(session_token === undefined ? {} : { sessionToken: secretOf(place, 'session_token', session_token) }),
});

const amiOf = (asked: AmazonAsked, place: PostProcessorPlace): Ami => {
  const { pointer, fields, build, firmware, templateName } = place;
  const name = asked.ami_name ?? `${templateName}-${build.id}`;
  return {
    name: shaped(place, 'ami_name', name, nameShape, 'unknown', "has not 3 to 128 of A-Z a-z 0-9 ( ) [ ] . / - ' @ _ and spaces"), // prettier-ignore
    description: fields.early(`${pointer}/ami_description`, asked.ami_description ?? '') ?? '',
    architecture: asked.architecture ?? (build.architecture === 'arm64' ? 'arm64' : 'x86_64'),
    bootMode: asked.boot_mode ?? (firmware === 'uefi' ? 'uefi' : 'legacy-bios'),
    tags: Object.fromEntries(
      Object.entries(asked.tags ?? {}).map(([key, raw]) => [key, fields.early(`${pointer}${pointerTo(['tags', key])}`, raw) ?? '']), // prettier-ignore
    ),
    users: (asked.ami_users ?? []).map((raw, at) =>
      shaped(place, `ami_users/${at}`, raw, userShape, '0'.repeat(12), 'is no account: twelve digits'),
    ),
  };
};

/** Reads the settings, and refuses hosts that the configuration does not name. */
export const amazonSettings = (asked: AmazonAsked, place: PostProcessorPlace): AmazonSettings => {
  const { pointer, wrong, host, build } = place;
  const { format } = asked;
  const region = shaped(
    place,
    'region',
    asked.region,
    regionShape,
    'us-east-1',
    'is no region, such as "eu-central-1"',
  );
  const bucket = shaped(place, 's3_bucket_name', asked.s3_bucket_name, bucketShape, 'unknown', 'is no name of a bucket: 3 to 63 of a-z 0-9 . -'); // prettier-ignore
  const keyName = asked.s3_key_name ?? `imaged-import-${build.id}.${format}`;
  const key = shaped(place, 's3_key_name', keyName, keyShape, 'unknown', 'has other characters than A-Z a-z 0-9 . _ - + = @ / in it'); // prettier-ignore
  const role = shaped(place, 'role_name', asked.role_name ?? 'vmimport', roleShape, 'vmimport', 'is no name of a role');
  const endpoint = endpointOf(place, 'endpoint', asked.endpoint);
  const ec2Endpoint = endpointOf(place, 'ec2_endpoint', asked.ec2_endpoint);
  const s3 = s3Url({ bucket, region, ...(endpoint === undefined ? {} : { endpoint: new URL(endpoint) }) });
  const ec2 = ec2Url({ region, ...(ec2Endpoint === undefined ? {} : { endpoint: new URL(ec2Endpoint) }) });
  const isGiven = { s3: asked.endpoint !== undefined, ec2: asked.ec2_endpoint !== undefined };
  for (const [url, at] of [
    [s3, isGiven.s3 ? 'endpoint' : 's3_bucket_name'],
    [ec2, isGiven.ec2 ? 'ec2_endpoint' : 'region'],
  ] as const) {
    const why = host?.destination.reach?.refuse(url);
    if (why !== undefined) wrong.add(`${pointer}/${at}`, `${url.href} ${why}`);
  }
  return {
    ...{ region, bucket, key, role, format, ami: amiOf(asked, place), login: loginOf(asked, place) },
    ...{ replaces: asked.force_deregister ?? false, keepsObject: asked.skip_clean ?? false },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(ec2Endpoint === undefined ? {} : { ec2Endpoint }),
  };
};
