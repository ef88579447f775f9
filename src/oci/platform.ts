import { RegistryError } from '../errors/registry-error.ts';

/** What an image runs on (image-spec image-index.md, "platform"). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
  readonly 'os.version'?: string | undefined;
  readonly 'os.features'?: readonly string[] | undefined;
}

const component = /^[A-Za-z0-9_.-]+$/;
/** Names that `uname` and users write for architectures, by Go's names, which the specification uses. */
const architectures: ReadonlyMap<string, Pick<Platform, 'architecture' | 'variant'>> = new Map([
  ['x86_64', { architecture: 'amd64' }],
  ['x86-64', { architecture: 'amd64' }],
  ['x64', { architecture: 'amd64' }],
  ['aarch64', { architecture: 'arm64' }],
  ['i386', { architecture: '386' }],
  ['i686', { architecture: '386' }],
  ['ia32', { architecture: '386' }],
  ['armhf', { architecture: 'arm', variant: 'v7' }],
  ['armel', { architecture: 'arm', variant: 'v6' }],
]);

/**
 * Reads `os/architecture[/variant]`, or an architecture alone (of Linux).
 * @throws RegistryError `platform-invalid`
 */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/');
  if (parts.length > 3 || parts.some((part) => !component.test(part))) {
    throw new RegistryError(
      'platform-invalid',
      `Cannot read ${JSON.stringify(text.slice(0, 100))} as a platform: wanted os/architecture[/variant], such as linux/arm64`,
    );
  }
  const [first = '', second, variant] = parts;
  const os = second === undefined ? 'linux' : first;
  return normalizePlatform({ os, architecture: second ?? first, variant });
}

/** The same platform in Go's names, without a variant that only says the default (arm64/v8, amd64/v1). */
export function normalizePlatform(platform: Platform): Platform {
  const architecture = platform.architecture.toLowerCase();
  const known = architectures.get(architecture) ?? { architecture };
  const variant = platform.variant ?? known.variant;
  const isDefault = (known.architecture === 'arm64' && variant === 'v8') || (known.architecture === 'amd64' && variant === 'v1');
  return { ...platform, os: platform.os.toLowerCase(), architecture: known.architecture, variant: isDefault ? undefined : variant };
}

/** `os/architecture[/variant]`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== undefined && part !== '').join('/');
}

/** Whether an image for `offered` answers a wish for `wanted`: same system and architecture, and the same variant where one was asked for. */
export function isPlatformMatch(offered: Platform, wanted: Platform): boolean {
  const [a, b] = [normalizePlatform(offered), normalizePlatform(wanted)];
  return a.os === b.os && a.architecture === b.architecture && (b.variant === undefined || a.variant === b.variant);
}
