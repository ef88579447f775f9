/** A login at a registry. Secrets: never in a message, a log or a bucket. */
export type RegistryCredentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** Docker's "identity token": buys bearer tokens. */
  | { readonly kind: 'refresh-token'; readonly refreshToken: string }
  /** Docker's "registry token": a bearer token that is used as it is. */
  | { readonly kind: 'registry-token'; readonly token: string };

/** What a login is looked up for. */
export interface CredentialsQuestion {
  /** Of the host: some logins are for a part of it only. */
  readonly repository?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Finds the login for a host such as `ghcr.io`; undefined: ask anonymously. */
export type CredentialsLookup = (host: string, question?: CredentialsQuestion) => Promise<RegistryCredentials | undefined>;

/** The value of `Authorization` for a basic challenge (RFC 7617, UTF-8). */
export function formatBasicAuthorization(username: string, password: string): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
