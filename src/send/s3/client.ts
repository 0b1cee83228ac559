import { S3Client } from '@aws-sdk/client-s3';
import { sdkHandler } from './handler.ts';
import type { S3Place } from './place.ts';
import type { SendTools } from '../types.ts';

/** Nothing of this host's environment, files or instance, and no attempts of its own. */
export const ownOptions = ({ region, endpoint, login }: Omit<S3Place, 'bucket'>, tools: SdkTools) => ({
  region,
  credentials: { ...login },
  ...(endpoint === undefined ? {} : { endpoint: endpoint.href }),
  maxAttempts: 1,
  retryMode: 'standard',
  defaultsMode: 'legacy' as const,
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  userAgentAppId: 'imaged',
  requestHandler: sdkHandler(tools),
});

export type SdkTools = Pick<SendTools, 'peer' | 'silentMs'>;

/** A client of Amazon S3 or of what speaks as it does. The signature of each request covers the SHA-256 of its body. */
export const s3Client = (place: S3Place, tools: SdkTools): S3Client =>
  new S3Client({
    ...ownOptions(place, tools),
    forcePathStyle: place.endpoint !== undefined,
    followRegionRedirects: false,
    disableS3ExpressSessionAuth: true,
    disableMultiregionAccessPoints: true,
    useArnRegion: false,
    // Not every server knows the others, which come beside the SHA-256 of the signature.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
