import { RegistryError } from '../errors/registry-error.ts';
import { isLinkLocalHost, isLoopbackHost } from '../http/host-kind.ts';

/** Who sends us to a realm, and what would be taken there. */
export interface RealmReferral {
  readonly realm: string;
  /** The origin of the registry that was asked. */
  readonly registry: URL;
  /** Whether a login would be sent. */
  readonly hasCredentials: boolean;
}

/**
 * Where a token is to be bought. The address comes from the registry, so it is held to what a login may be sent to: over TLS, or over the same open wire that the user chose for
 * the registry itself. A machine on the Internet has no business at our loopback or at link-local addresses, where clouds keep the credentials of their machines.
 * @throws RegistryError `registry-invalid`
 */
export function parseRealm({ realm, registry, hasCredentials }: RealmReferral): URL {
  const url = URL.parse(realm);
  const refuse = (problem: string): RegistryError =>
    new RegistryError(
      'registry-invalid',
      `Cannot get a token for "${registry.host}": its realm ${JSON.stringify(withoutQuery(realm))} ${problem}`,
    );
  if (!url || url.username !== '' || url.password !== '') throw refuse('is not an https URL');
  const isPlain = url.protocol === 'http:' && registry.protocol === 'http:';
  if (url.protocol !== 'https:' && !isPlain) throw refuse('is not an https URL');
  if (isLinkLocalHost(url.hostname)) throw refuse('is a link-local address');
  const isLocal = isLoopbackHost(url.hostname);
  if (isLocal && !isLoopbackHost(registry.hostname)) throw refuse('is on this machine, the registry is not');
  if (isPlain && hasCredentials && url.origin !== registry.origin && !isLocal)
    throw refuse('is another origin, without TLS: no login is sent there');
  return url;
}

function withoutQuery(text: string): string {
  return (
    text
      .split('?')[0]
      ?.replace(/\/\/[^/]*@/, '//…@')
      .slice(0, 200) ?? ''
  );
}
