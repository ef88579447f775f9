/** How servers are believed, and how we are believed by them. */
export interface TlsTrust {
  /** Certificates of authorities (PEM) to trust instead of those that Node trusts. */
  readonly ca?: string | readonly string[] | undefined;
  /** What we prove ourselves with (PEM), to those that ask for it. */
  readonly certificates?: readonly { readonly cert: string; readonly key: string }[] | undefined;
  /** `false`: any certificate will do. For who has said so in as many words. */
  readonly verifies?: boolean | undefined;
}

/** Members of Node's options for TLS; those that say nothing are left out, since Node would take them for an answer. */
export interface TlsOptions {
  readonly ca?: string | string[];
  readonly cert?: string[];
  readonly key?: string[];
  readonly rejectUnauthorized?: false;
}

/** The same in Node's words. */
export function toTlsOptions({ ca, certificates = [], verifies }: TlsTrust): TlsOptions {
  return {
    ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...(certificates.length > 0 && { cert: certificates.map(({ cert }) => cert), key: certificates.map(({ key }) => key) }),
    ...(verifies === false && { rejectUnauthorized: false }),
  };
}
