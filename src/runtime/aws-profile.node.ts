import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseAwsConfig } from './parse-aws-config.ts';
import { type AwsProfile, findS3Settings, type S3Settings, type StoreAddress } from './s3-settings.ts';

/**
 * As `findS3Settings`, with what the profile of AWS's configuration says where the environment says nothing.
 * @throws BucketError `location-invalid`
 */
export async function resolveS3Settings(
  address: StoreAddress,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<S3Settings> {
  return findS3Settings(address, environment, address.kind === 's3' ? await readAwsProfile(environment) : {});
}

/** The place that the profile of `AWS_PROFILE` names, in `AWS_CONFIG_FILE` or `~/.aws/config`. A file that cannot be read says nothing: the credentials' own chain complains of it, if they are wanted from there. */
async function readAwsProfile(environment: Readonly<Record<string, string | undefined>>): Promise<AwsProfile> {
  const path = environment['AWS_CONFIG_FILE'] || join(environment['HOME'] || homedir(), '.aws', 'config');
  const config = parseAwsConfig(await readFile(path, 'utf8').catch(() => ''));
  const name = environment['AWS_PROFILE'] || 'default';
  const profile = config.get(`profile ${name}`) ?? (name === 'default' ? config.get('default') : undefined);
  const services = config.get(`services ${profile?.get('services') ?? ''}`);
  return { region: profile?.get('region'), endpoint: services?.get('s3.endpoint_url') ?? profile?.get('endpoint_url') };
}
