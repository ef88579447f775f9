import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { authOf, createCredentialHome, type CredentialHome, keepingHelper } from '../../test/credentials/credential-home.ts';
import { parseCredentialFile } from './credential-file.ts';
import { createCredentialsLookup } from './credential-files.node.ts';

let home: CredentialHome;
beforeEach(async () => {
  home = await createCredentialHome();
});
afterEach(() => home.remove());

const password = (login: string): unknown => {
  const [username, secret] = login.split(':');
  return { kind: 'password', username, password: secret };
};

describe("Docker's file", () => {
  it('has logins by host, by URL, and for Docker Hub by its old key', async () => {
    const auth = authOf('ada:pä');
    await home.write(home.dockerConfig, {
      auths: { 'ghcr.io': { auth }, 'https://quay.io/v2/': { auth }, 'old.test/v1/': { auth }, 'https://index.docker.io/v1/': { auth } },
    });
    const lookup = createCredentialsLookup(home.env);
    for (const host of ['ghcr.io', 'quay.io', 'old.test', 'docker.io', 'index.docker.io'])
      expect(await lookup(host)).toEqual(password('ada:pä'));
    for (const host of ['example.org', 'io', 'auth.docker.io']) expect(await lookup(host)).toBeUndefined();
  });

  it('has logins of other kinds, too', async () => {
    await home.write(home.dockerConfig, {
      auths: {
        'refresh.test': { auth: authOf('ada:'), identitytoken: 'long-lived' },
        'token.test': { registrytoken: 'bearer' },
        'plain.test': { username: 'ada', password: 'sesame' },
        'colon.test': { auth: authOf('ada:a:b') },
      },
    });
    const lookup = createCredentialsLookup(home.env);
    expect(await lookup('refresh.test')).toEqual({ kind: 'refresh-token', refreshToken: 'long-lived' });
    expect(await lookup('token.test')).toEqual({ kind: 'registry-token', token: 'bearer' });
    expect(await lookup('plain.test')).toEqual(password('ada:sesame'));
    expect(await lookup('colon.test')).toEqual({ kind: 'password', username: 'ada', password: 'a:b' });
  });

  it('lies where DOCKER_CONFIG says', async () => {
    const folder = join(home.path, 'elsewhere');
    await home.write(join(folder, 'config.json'), { auths: { 'ghcr.io': { auth: authOf('ada:1') } } });
    expect(await createCredentialsLookup({ ...home.env, DOCKER_CONFIG: folder })('ghcr.io')).toEqual(password('ada:1'));
  });

  it('may be missing or empty', async () => {
    expect(await createCredentialsLookup(home.env)('ghcr.io')).toBeUndefined();
    for (const content of ['', '{}', '{"auths":{}}', '{"auths":{"ghcr.io":{}}}']) {
      await home.write(home.dockerConfig, content);
      expect(await createCredentialsLookup(home.env)('ghcr.io')).toBeUndefined();
    }
  });

  it('is refused when it is broken, without being quoted', async () => {
    for (const content of [
      '{"auths": {"ghcr.io": {"auth": "c2VjcmV0"',
      '{"auths":{"ghcr.io":{"auth":"c2VjcmV0"}}}',
      '{"auths":{"ghcr.io":"c2VjcmV0"}}',
    ]) {
      await home.write(home.dockerConfig, content);
      const error = await rejection(createCredentialsLookup(home.env)('ghcr.io'));
      expect(error).toMatchObject({ code: 'input-invalid' });
      expect(`${String(error)}${String((error as Error).cause)}`).not.toMatch(/c2VjcmV0|secret/);
    }
  });

  it('is never anything but read or refused, whatever it holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (content) => {
        try {
          parseCredentialFile(content, 'config.json');
        } catch (error) {
          expect(error).toMatchObject({ code: 'input-invalid' });
        }
      }),
    );
  });
});

describe("podman's file", () => {
  it('may have a login for a part of a host, which goes before that of the whole', async () => {
    await home.write(home.authFile, {
      auths: {
        'quay.io': { auth: authOf('ada:host') },
        'quay.io/team': { auth: authOf('ada:team') },
        'quay.io/team/app': { auth: authOf('ada:app') },
        'docker.io/team': { auth: authOf('ada:hub') },
      },
    });
    const lookup = createCredentialsLookup(home.env);
    const cases = [
      ['quay.io', 'team/app', 'app'],
      ['quay.io', 'team/other', 'team'],
      ['quay.io', 'teams/app', 'host'],
      ['quay.io', undefined, 'host'],
      ['docker.io', 'team/app', 'hub'],
    ] as const;
    for (const [host, repository, wanted] of cases) expect(await lookup(host, { repository })).toEqual(password(`ada:${wanted}`));
    expect(await lookup('docker.io', { repository: 'library/alpine' })).toBeUndefined();
  });

  it("is read after Docker's, and the one of REGISTRY_AUTH_FILE before both", async () => {
    const named = join(home.path, 'named.json');
    const entry = (login: string): object => ({ auths: { 'quay.io': { auth: authOf(login) } } });
    await home.write(join(home.path, '.config', 'containers', 'auth.json'), entry('ada:config'));
    expect(await createCredentialsLookup(home.env)('quay.io')).toEqual(password('ada:config'));
    await home.write(home.authFile, entry('ada:runtime'));
    expect(await createCredentialsLookup(home.env)('quay.io')).toEqual(password('ada:runtime'));
    await home.write(home.dockerConfig, entry('ada:docker'));
    expect(await createCredentialsLookup(home.env)('quay.io')).toEqual(password('ada:docker'));
    await home.write(named, entry('ada:named'));
    expect(await createCredentialsLookup({ ...home.env, REGISTRY_AUTH_FILE: named })('quay.io')).toEqual(password('ada:named'));
  });
});

describe('a credential helper', () => {
  const get = (helper: string, config: object = { credsStore: helper }): Promise<unknown> =>
    home
      .write(home.dockerConfig, config)
      .then(() => createCredentialsLookup(home.env, { helperTimeoutMs: 2000 })('ghcr.io', { signal: AbortSignal.timeout(8000) }));

  it('is asked before the file, that of the host before that for all', async () => {
    await home.addHelper('one', `echo '{"ServerURL":"x","Username":"one","Secret":"s"}'`);
    await home.addHelper('all', `read -r key; [ "$key" = ghcr.io ] && echo '{"Username":"all","Secret":"s"}'`);
    const auths = { 'ghcr.io': { auth: authOf('file:s') } };
    expect(await get('all', { auths, credsStore: 'all', credHelpers: { 'ghcr.io': 'one' } })).toEqual(password('one:s'));
    expect(await get('all', { auths, credsStore: 'all', credHelpers: { 'quay.io': 'one' } })).toEqual(password('all:s'));
  });

  it('may have none, so that the file decides', async () => {
    await home.addHelper('empty', keepingHelper);
    expect(await get('empty')).toBeUndefined();
    expect(await get('empty', { credsStore: 'empty', auths: { 'ghcr.io': { auth: authOf('file:s') } } })).toEqual(password('file:s'));
  });

  it('may answer with a refresh token', async () => {
    await home.addHelper('token', `echo '{"Username":"<token>","Secret":"long-lived"}'`);
    expect(await get('token')).toEqual({ kind: 'refresh-token', refreshToken: 'long-lived' });
  });

  it.each([
    ['prints rubbish', 'echo password=sesame', 'not the JSON'],
    ['prints too much', 'yes sesame', 'over 65536 bytes'],
    ['fails', 'echo sesame; echo sesame >&2; exit 3', 'code 3'],
    ['is killed', 'kill -9 $$', 'SIGKILL'],
    ['hangs', 'sleep 60', 'no answer within 2000 ms'],
    ['hangs, and does not want to die', 'trap "" TERM INT; sleep 60; sleep 60', 'no answer within 2000 ms'],
    ['leaves something behind that hangs', 'sleep 60 & exit 0', 'no answer within 2000 ms'],
  ])('that %s ends in an error that tells no secret', async (_what, script, words) => {
    await home.addHelper('bad', script);
    const error = await rejection(get('bad'));
    expect(error).toMatchObject({ code: 'credential-helper-failed', message: expect.stringContaining(words) as unknown });
    expect(String(error)).not.toContain('sesame');
  });

  it('has to be there, and to have a name', async () => {
    expect(await rejection(get('missing'))).toMatchObject({
      code: 'credential-helper-failed',
      message: expect.stringContaining('PATH') as unknown,
    });
    expect(await rejection(get('../evil'))).toMatchObject({ code: 'input-invalid' });
  });

  it('is ended when the caller wants no more', async () => {
    await home.addHelper('slow', 'sleep 60');
    await home.write(home.dockerConfig, { credsStore: 'slow' });
    const asked = createCredentialsLookup(home.env)('ghcr.io', { signal: AbortSignal.timeout(100) });
    expect(await rejection(asked)).toMatchObject({ code: 'aborted' });
  });
});
