import type { RateLimit } from '../remote/rate-limit.ts';

/** How other registries are reached. */
export interface ConnectionOptions {
  /** Also names proxies, a file of authorities, logins and mirrors. */
  readonly environment: NodeJS.ProcessEnv;
  /** Takes a registry that has no TLS, or a certificate that is not trusted. */
  readonly insecure?: boolean | undefined;
  /** Is told what the user should know, in a line: a limit that is nearly used up, a mirror that failed. */
  readonly note?: ((line: string) => void) | undefined;
  /** Hears what each answer to a pull tells of a rate limit. */
  readonly onRateLimit?: ((limit: RateLimit) => void) | undefined;
}
