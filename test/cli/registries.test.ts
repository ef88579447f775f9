import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientCertificate, serverCertificate, testAuthority } from '../certificates.ts';
import { createCredentialHome, type CredentialHome } from '../credentials/credential-home.ts';
import { type HttpProxy, startHttpProxy } from '../http-proxy.ts';
import { bucketryCommand } from '../interop/bucketry.ts';
import { type CommandResult, runCommand } from '../peers/run-command.ts';
import { startS3Server } from '../s3-server/server.ts';
import { startTlsFront } from '../tls-front.ts';
import { startTokenRegistry, type TokenRegistry, type TokenRegistryOptions } from '../token-registry/token-registry.ts';

const indexType = 'application/vnd.oci.image.index.v1+json';
const closers: (() => Promise<unknown>)[] = [];
let home: CredentialHome;
beforeEach(async () => {
  home = await createCredentialHome();
  closers.push(() => home.remove());
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Holds `team/app:1.0`. */
async function startRegistry(options: Partial<TokenRegistryOptions> = {}): Promise<TokenRegistry> {
  const registry = await startTokenRegistry({ login: { kind: 'none' }, ...options });
  closers.push(() => registry.close());
  registry.addManifest(indexType, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [] })), '1.0');
  return registry;
}

/** A registry that speaks TLS, with a certificate that nobody trusts. @returns its port */
async function startTlsRegistry(tls: TlsOptions = {}): Promise<string> {
  const { host } = await startRegistry();
  const front = await startTlsFront(`http://${host}`, { ...serverCertificate, ...tls });
  closers.push(() => front.close());
  return new URL(front.endpoint).port;
}

async function startProxy(): Promise<HttpProxy> {
  const proxy = await startHttpProxy({ login: 'ada:sesame' });
  closers.push(() => proxy.close());
  return proxy;
}

function inspect(image: string, words: readonly string[] = [], environment: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  const command = bucketryCommand(['inspect', `docker://${image}`, ...words]);
  return runCommand(command, { cwd: home.path, env: { ...home.env, ...environment } });
}

const found = { code: 0, stdout: expect.stringContaining('sha256:') as unknown };

describe('a registry with a certificate of an authority that is not known', () => {
  test('is refused at once, without a try without TLS, and the error says what to do', async () => {
    const { code, stderr } = await inspect(`127.0.0.1:${await startTlsRegistry()}/team/app:1.0`);
    expect(code).toBe(8);
    expect(stderr).toContain('its TLS certificate is not trusted');
    expect(stderr).toContain('--ca-file');
  });

  test('is taken with --ca-file, SSL_CERT_FILE, certs.d, or --insecure', async () => {
    const image = `127.0.0.1:${await startTlsRegistry()}/team/app:1.0`;
    const file = join(home.path, 'ca.pem');
    await home.write(file, testAuthority);
    expect(await inspect(image, ['--ca-file', file])).toMatchObject(found);
    expect(await inspect(image, [], { SSL_CERT_FILE: file })).toMatchObject(found);
    expect(await inspect(image, ['--insecure'])).toMatchObject(found);
    await home.write(join(home.path, '.config/containers/certs.d', image.split('/')[0] ?? '', 'ca.crt'), testAuthority);
    expect(await inspect(image)).toMatchObject(found);
  });

  test('may want a certificate of its client, too', async () => {
    const port = await startTlsRegistry({ ca: testAuthority, requestCert: true, rejectUnauthorized: true });
    const folder = join(home.path, '.config/containers/certs.d', `127.0.0.1:${port}`);
    await home.write(join(folder, 'ca.crt'), testAuthority);
    await home.write(join(folder, 'client.cert'), clientCertificate.cert);
    await home.write(join(folder, 'client.key'), clientCertificate.key);
    expect(await inspect(`127.0.0.1:${port}/team/app:1.0`)).toMatchObject(found);
  });

  test('needs a file of certificates', async () => {
    const file = join(home.path, 'ca.pem');
    expect(await inspect('127.0.0.1:1/app', ['--ca-file', file])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(file) as unknown,
    });
    await home.write(file, 'no certificate');
    expect(await inspect('127.0.0.1:1/app', ['--ca-file', file])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('PEM') as unknown,
    });
  });
});

describe('a registry behind a proxy', () => {
  test('is reached through it, with the login of the proxy', async () => {
    const [proxy, port] = [await startProxy(), await startTlsRegistry()];
    const file = join(home.path, 'ca.pem');
    await home.write(file, testAuthority);
    const image = `registry.test:${port}/team/app:1.0`;
    const url = proxy.url.replace('//', '//ada:sesame@');
    expect(await inspect(image, ['--ca-file', file], { HTTPS_PROXY: url })).toMatchObject(found);
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT registry.test:${port}`]));
    const refused = await inspect(image, ['--ca-file', file, '--debug'], { HTTPS_PROXY: url.replace('sesame', 'opensesame') });
    expect(refused.code).toBe(8);
    expect(refused.stderr).toContain('HTTPS_PROXY');
    expect(refused.stderr).not.toMatch(/opensesame|b3BlbnNlc2FtZQ/);
  });
});

describe('a mirror', () => {
  test('of hosts.toml is asked in place of its registry', async () => {
    const mirror = await startRegistry();
    const file = join(home.path, '.config/containerd/certs.d/registry.test/hosts.toml');
    await home.write(file, `server = "https://registry.test"\n[host."http://${mirror.host}"]\n  capabilities = ["pull", "resolve"]\n`);
    expect(await inspect('registry.test/team/app:1.0')).toMatchObject(found);
    expect(mirror.requests.map(({ line }) => line)).toEqual(['GET /v2/team/app/manifests/1.0?ns=registry.test']);
  });

  test('of registries.conf is asked in place of its registry, under its own name, and the next when it fails', async () => {
    const mirror = await startRegistry();
    const conf = `[[registry]]\nprefix = "registry.test/apps"\n[[registry.mirror]]\nlocation = "127.0.0.1:1/team"\n[[registry.mirror]]\nlocation = "${mirror.host}/team"\n`;
    await home.write(join(home.path, '.config/containers/registries.conf'), conf);
    const { code, stderr } = await inspect('registry.test/apps/app:1.0');
    expect(stderr).toMatch(/^note: the mirror 127\.0\.0\.1:1 is passed over\./);
    expect(code).toBe(0);
  });

  test('cannot help where a registry is blocked', async () => {
    await home.write(join(home.path, '.config/containers/registries.conf'), '[[registry]]\nprefix = "*.test"\nblocked = true\n');
    expect(await inspect('registry.test/app')).toMatchObject({ code: 5, stderr: expect.stringContaining('registry-blocked') as unknown });
  });
});

describe('a registry with a limit', () => {
  const limits = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '4;w=21600' };

  test('is told of when little is left', async () => {
    const { host } = await startRegistry({ manifestHeaders: limits });
    const { code, stderr } = await inspect(`${host}/team/app:1.0`);
    expect(code).toBe(0);
    expect(stderr).toContain(`note: of the limit of ${host} 4 of 100 requests are left in 6 hours`);
    expect((await inspect(`${host}/team/app:1.0`, ['--quiet'])).stderr).toBe('');
  });

  test('is not waited for when it asks for too long', async () => {
    const registry = await startRegistry();
    const headers = { ...limits, 'ratelimit-remaining': '0;w=21600', 'retry-after': '21600' };
    registry.interruptions.push(...Array.from({ length: 2 }, () => ({ method: 'GET', status: 429, headers })));
    const { code, stderr } = await inspect(`${registry.host}/team/app:1.0`);
    expect(code).toBe(8);
    expect(stderr).toContain('code:  rate-limited');
    expect(stderr).toContain('0 of 100 requests are left in 6 hours');
  });
});

describe('a store with a certificate of an authority that is not known', () => {
  test('is taken with SSL_CERT_FILE, and with --ca-file where there is one', async () => {
    const store = await startS3Server({ buckets: ['pub'] });
    closers.push(() => store.close());
    const front = await startTlsFront(store.endpoint, serverCertificate);
    closers.push(() => front.close());
    const file = join(home.path, 'ca.pem');
    await home.write(file, testAuthority);
    const { accessKeyId, secretAccessKey } = store.credentials;
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const run = (command: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CommandResult> =>
      runCommand(bucketryCommand([command, `s3://pub?endpoint=${front.endpoint}`, ...words]), {
        cwd: home.path,
        env: { ...home.env, ...keys, ...environment },
      });
    expect(await run('ls', [])).toMatchObject({ code: 8, stderr: expect.stringContaining('not trusted') as unknown });
    const none = { code: 0, stderr: expect.stringContaining('no repository') as unknown };
    expect(await run('ls', [], { SSL_CERT_FILE: file })).toMatchObject(none);
    const seen = { code: 12, stdout: expect.stringContaining('no-public-address') as unknown };
    expect(await run('doctor', ['--ca-file', file])).toMatchObject(seen);
  });
});
