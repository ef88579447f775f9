import { BucketError } from '../../errors/bucket-error.ts';
import type { Clock } from '../../streams/clock.ts';
import { cacheCredentials, type CredentialsProvider, type S3Credentials } from './credentials-provider.ts';

export interface DefaultCredentialsOptions {
  readonly clock: Clock;
  /** A profile of the AWS configuration files, asked for by name: it goes before the keys of the environment. */
  readonly profile?: string | undefined;
  /** `process.env` if left out. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * AWS's default chain: keys in the environment, then profiles, SSO, web identity, a container's and a machine's role. The environment is read here, as the AWS command line reads it
 * (its keys go before `AWS_PROFILE`); for all else AWS's own package is loaded, which takes longer than most commands.
 */
export function createDefaultCredentials(options: DefaultCredentialsOptions): CredentialsProvider {
  const { clock, profile, env = process.env } = options;
  const fromKeys = profile === undefined ? readEnvironment(env) : undefined;
  return cacheCredentials(async () => fromKeys ?? (await askAwsChain(profile)), clock);
}

function readEnvironment(env: Readonly<Record<string, string | undefined>>): S3Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = env;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

async function askAwsChain(profile: string | undefined): Promise<S3Credentials> {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  try {
    return await defaultProvider(profile === undefined ? {} : { profile })();
  } catch (error) {
    const what =
      profile === undefined ? 'Cannot find AWS credentials' : `Cannot find AWS credentials in profile ${JSON.stringify(profile)}`;
    throw new BucketError('credentials-missing', `${what}: neither the environment, nor a profile, nor a role gave any`, {
      cause: error,
      hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or log in with "aws sso login".',
    });
  }
}
