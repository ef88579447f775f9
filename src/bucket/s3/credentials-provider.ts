import type { Clock } from '../../streams/clock.ts';

/** What requests are signed with. Never logged, never part of an error. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Goes with temporary credentials. */
  readonly sessionToken?: string | undefined;
  /** When temporary credentials end; absent for those that do not. */
  readonly expiration?: Date | undefined;
}

/**
 * Finds credentials; asked before every request, so that temporary ones are renewed in time.
 * @throws BucketError `credentials-missing`
 */
export type CredentialsProvider = () => Promise<S3Credentials>;

/** Temporary credentials are renewed this long before they end, so that none ends within a long request. */
const renewalMs = 5 * 60_000;

/**
 * Keeps what a provider found until shortly before it expires. Those who ask meanwhile wait for one and the same answer; a failed renewal is no failure while the old credentials
 * still hold.
 */
export function cacheCredentials(provider: CredentialsProvider, clock: Clock): CredentialsProvider {
  let known: S3Credentials | undefined;
  let asking: Promise<S3Credentials> | undefined;

  const holdsFor = (durationMs: number): S3Credentials | undefined => {
    const endMs = known?.expiration?.getTime() ?? Infinity;
    return endMs - clock.now() > durationMs ? known : undefined;
  };
  const renew = async (): Promise<S3Credentials> => {
    try {
      known = await provider();
      return known;
    } catch (error) {
      const old = holdsFor(0);
      if (old) return old;
      throw error;
    } finally {
      asking = undefined;
    }
  };
  return async () => holdsFor(renewalMs) ?? (await (asking ??= renew()));
}

/** Credentials that are given, for tests and for programs that have their own way to find them. */
export function staticCredentials(credentials: S3Credentials): CredentialsProvider {
  return async () => credentials;
}
