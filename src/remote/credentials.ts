/** A login at a registry: a name with a password, or a refresh token that buys bearer tokens. Secrets: never in a message, a log or a bucket. */
export type RegistryCredentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  | { readonly kind: 'refresh-token'; readonly refreshToken: string };

/** Finds the login for a host such as `ghcr.io`; undefined: ask anonymously. */
export type CredentialsLookup = (host: string, signal?: AbortSignal) => Promise<RegistryCredentials | undefined>;

/** The value of `Authorization` for a basic challenge (RFC 7617, UTF-8). */
export function formatBasicAuthorization(username: string, password: string): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
