import { RegistryError } from '../../errors/registry-error.ts';
import { checkLogin } from '../../remote/check-login.ts';
import { storeLogin } from '../../remote/credential-store.node.ts';
import { openRegistryHttp } from '../../runtime/open-registry.node.ts';
import { systemClock } from '../../streams/clock.ts';
import { ask, canAsk, readSecretInput } from '../ask.node.ts';
import { type Command, defineCommand, type ResultDoc } from '../command.ts';
import { connectionFlags, readConnectionFlags } from '../connection-flags.ts';
import { parseRegistryHost } from '../parse-registry-host.ts';

/** The JSON result of `bucketry login`. */
export interface LoginResult {
  readonly host: string;
  readonly username: string;
  readonly file: string;
  readonly helper?: string | undefined;
}

const resultDoc: ResultDoc<LoginResult> = {
  host: 'The registry.',
  username: 'Who is logged in.',
  file: 'The file of logins that names it.',
  helper: 'The credential helper that keeps it; absent where the file itself does.',
};

export const login: Command = defineCommand({
  name: 'login',
  doc: [
    'Logs in to a registry, for `docker://` places. The login is checked with the registry first, then kept where Docker keeps its own: Docker, crane and others find it, as their logins are found here.',
    'The password is asked for, or read from standard input; no command line takes it, since others on the machine could read it there.',
  ],
  arguments: { host: { value: 'HOST', doc: 'The registry: `ghcr.io`, `localhost:5000`; `docker.io` is Docker Hub.', required: true } },
  flags: {
    username: { kind: 'text', short: 'u', value: 'NAME', doc: 'Who logs in; asked for if left out.' },
    'password-stdin': { kind: 'switch', doc: 'Read the password, or a token in its place, from standard input.' },
    ...connectionFlags,
  },
  examples: ['bucketry login ghcr.io -u ada', 'echo "$TOKEN" | bucketry login ghcr.io -u ada --password-stdin'],
  result: resultDoc,
  run: async ({ args, flags }, { environment, output, signal }) => {
    const host = parseRegistryHost(args.host);
    const username = flags.username ?? (await askFor('Username: ', '--username NAME', signal));
    const password = flags['password-stdin'] ? await readSecretInput(signal) : await askFor('Password: ', '--password-stdin', signal);
    if (username === '' || username.includes(':')) throw invalid(host, 'wanted a name without ":"');
    if (password === '') throw invalid(host, 'the password is empty');
    const { insecure = false, environment: connection } = readConnectionFlags(flags, { environment, output });
    const http = await openRegistryHttp(host, { environment: connection, insecure });
    const scheme = insecure ? 'either' : undefined;
    try {
      const verdict = await checkLogin({ host, http, scheme, clock: systemClock, username, password }, signal);
      if (verdict === 'unasked') output.note(`note: ${host} answers without a login, too: whether this one is right cannot be told.`);
    } finally {
      await http.close();
    }
    const { path, helper } = await storeLogin(host, username, password, { env: environment, signal });
    if (helper === undefined) output.note(plainWarning(path));
    const result: LoginResult = { host, username, file: path, helper };
    output.result(result, `Logged in to ${host} as ${username}`);
  },
});

function askFor(prompt: 'Username: ' | 'Password: ', flag: string, signal: AbortSignal): Promise<string> {
  if (canAsk()) return ask({ prompt, hidden: prompt === 'Password: ' }, signal);
  throw new RegistryError('usage-invalid', `Cannot ask for the ${prompt.slice(0, -2).toLowerCase()}: standard input is no terminal`, {
    hint: `Give ${flag}.`,
  });
}

function invalid(host: string, problem: string): RegistryError {
  return new RegistryError('usage-invalid', `Cannot log in to "${host}": ${problem}`);
}

function plainWarning(path: string): string {
  return [
    `warning: the password stands in ${path} as base64, for everyone who may read that file.`,
    '         A credential helper ("credsStore" in that file, docker-credential-…) keeps it safer.',
  ].join('\n');
}
