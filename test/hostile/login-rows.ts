import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createNodeHttpClient } from '../../src/http/node-http-client.node.ts';
import { checkLogin } from '../../src/remote/check-login.ts';
import { createCredentialsLookup } from '../../src/remote/credential-files.node.ts';
import { removeLogin, storeLogin } from '../../src/remote/credential-store.node.ts';
import { authOf, createCredentialHome, type CredentialHome } from '../credentials/credential-home.ts';
import type { HostileRow } from './hostile-row.ts';
import { hastyClock } from './lying-registry.ts';
import { startLyingServer } from './lying-server.ts';

/*
 * Files and programs that keep logins, and lie.
 */

const secret = 'sesame-7f3a';

/** A row of a home in which something about logins is wrong. */
function homeRow(
  lie: string,
  operation: string,
  code: HostileRow['code'],
  prepare: (home: CredentialHome) => Promise<unknown>,
  use: (home: CredentialHome) => Promise<unknown>,
): HostileRow {
  return {
    liar: 'login',
    lie,
    operation,
    code,
    async run() {
      const home = await createCredentialHome();
      try {
        await prepare(home);
        await use(home);
      } catch (error) {
        if (String(error).includes(secret)) throw new Error('The message holds the secret', { cause: error });
        throw error;
      } finally {
        await home.remove();
      }
    },
  };
}

const lookUp = (home: CredentialHome): Promise<unknown> => createCredentialsLookup(home.env, { helperTimeoutMs: 700 })('registry.test');
const logIn = (home: CredentialHome): Promise<unknown> => storeLogin('registry.test', 'ada', secret, { env: home.env });
const logOut = (home: CredentialHome): Promise<unknown> => removeLogin('registry.test', { env: home.env });

function fileRow(lie: string, content: unknown): HostileRow {
  return homeRow(
    `a file of logins that is ${lie}`,
    'look up a login',
    'input-invalid',
    (home) => home.write(home.dockerConfig, content),
    lookUp,
  );
}

function helperRow(lie: string, script: string, use = lookUp, operation = 'look up a login'): HostileRow {
  const prepare = async (home: CredentialHome): Promise<void> => {
    await home.addHelper('evil', script);
    await home.write(home.dockerConfig, { credsStore: 'evil' });
  };
  return homeRow(`a helper that ${lie}`, operation, 'credential-helper-failed', prepare, use);
}

const files: readonly HostileRow[] = [
  fileRow('no JSON', `{"auths":{"registry.test":{"auth":"${secret}`),
  fileRow('a list', []),
  fileRow('a text', '"text"'),
  fileRow('nested 100,000 deep', '['.repeat(100_000)),
  fileRow('a login that is a number', { auths: { 'registry.test': 7 } }),
  fileRow('a login that is no base64', { auths: { 'registry.test': { auth: `*${secret}*` } } }),
  fileRow('a login without a colon', { auths: { 'registry.test': { auth: authOf(secret) } } }),
  fileRow('a helper that is a number', { credsStore: 7 }),
  fileRow('a helper elsewhere', { credsStore: '../../bin/sh' }),
  fileRow('a helper with a blank', { credHelpers: { 'registry.test': 'sh -c evil' } }),
  homeRow(
    'a folder in place of a file of logins',
    'look up a login',
    'input-invalid',
    async (home) => mkdir(home.dockerConfig, { recursive: true }),
    lookUp,
  ),
  homeRow(
    'a file of logins that leads to itself',
    'look up a login',
    'input-invalid',
    async (home) => {
      await mkdir(join(home.path, '.docker'));
      await symlink(home.dockerConfig, home.dockerConfig);
    },
    lookUp,
  ),
  homeRow(
    'a file of logins that is no JSON, and is to hold one more',
    'bucketry login',
    'input-invalid',
    (home) => home.write(home.dockerConfig, `${secret}{`),
    logIn,
  ),
  homeRow(
    'a file of logins whose logins are a list',
    'bucketry logout',
    'input-invalid',
    (home) => home.write(home.dockerConfig, { auths: [7] }),
    logOut,
  ),
  homeRow(
    'a file in place of the folder of logins',
    'bucketry login',
    'output-failed',
    (home) => writeFile(join(home.path, '.docker'), ''),
    logIn,
  ),
];

const helpers: readonly HostileRow[] = [
  helperRow('hangs', 'sleep 4'),
  helperRow('hangs, and its children with it', 'sleep 4 & wait'),
  helperRow('writes without end', 'yes'),
  helperRow('writes 65 KiB', `head -c 66560 /dev/zero | tr '\\0' x`),
  helperRow('writes nothing', 'exit 0'),
  helperRow('writes rubbish', `echo ${secret}`),
  helperRow('writes a list', 'echo []'),
  helperRow('writes a secret that is a number', `echo '{"Username":"ada","Secret":7}'`),
  helperRow('fails with the secret on its lips', `echo ${secret}; echo ${secret} >&2; exit 3`),
  helperRow('is killed', 'kill -9 $$'),
  helperRow('fails to keep a login', 'exit 1', logIn, 'bucketry login'),
  helperRow('fails to forget a login', 'exit 1', logOut, 'bucketry logout'),
  homeRow(
    'a helper that is not there',
    'look up a login',
    'credential-helper-failed',
    (home) => home.write(home.dockerConfig, { credsStore: 'nowhere' }),
    lookUp,
  ),
  homeRow(
    'a helper that may not be run',
    'look up a login',
    'credential-helper-failed',
    async (home) => {
      await home.addHelper('evil', '');
      await chmod(join(home.path, 'bin', 'docker-credential-evil'), 0o644);
      await home.write(home.dockerConfig, { credsStore: 'evil' });
    },
    lookUp,
  ),
];

/** A login whose token cannot stand in a header. */
const unspeakable = homeRow(
  'a file of logins with a token that breaks its header',
  'ask a registry',
  'input-invalid',
  (home) => home.write(home.dockerConfig, { auths: { 'registry.test': { registrytoken: `${secret}\r\nx-evil: 1` } } }),
  async (home) => {
    const credentials = (await createCredentialsLookup(home.env)('registry.test')) ?? { kind: 'registry-token', token: '' };
    const token = credentials.kind === 'registry-token' ? credentials.token : '';
    const http = createNodeHttpClient({ env: {} });
    await http.send({ method: 'GET', url: new URL('http://127.0.0.1:1/'), headers: { authorization: `Bearer ${token}` } });
  },
);

/** A registry that is asked whether a login is right. */
function checkRow(lie: string, code: HostileRow['code'], status: number, headers: Readonly<Record<string, string>> = {}): HostileRow {
  return homeRow(
    lie,
    'bucketry login',
    code,
    async () => undefined,
    async () => {
      const server = await startLyingServer(
        ({ response }) => response.writeHead(status, headers).end(secret).writableEnded,
        () => false,
      );
      const http = createNodeHttpClient({ env: {} });
      try {
        const host = `127.0.0.1:${server.port}`;
        await checkLogin({ host, http, clock: hastyClock, scheme: 'http', username: 'ada', password: secret }, undefined);
      } finally {
        await http.close();
        await server.close();
      }
    },
  );
}

const checks: readonly HostileRow[] = [
  checkRow('a registry that refuses every login', 'unauthorized', 401, { 'www-authenticate': 'Basic realm="x"' }),
  checkRow('a registry that is none', 'registry-invalid', 404),
  checkRow('a registry that fails for ever', 'registry-unavailable', 500),
  checkRow('a registry whose realm is a cloud of credentials', 'registry-invalid', 401, {
    'www-authenticate': 'Bearer realm="http://169.254.169.254/"',
  }),
];

export const loginRows: readonly HostileRow[] = [...files, ...helpers, unspeakable, ...checks];
