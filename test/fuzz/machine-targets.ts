import { push } from '../../src/cli/commands/push.ts';
import { parseBytes } from '../../src/cli/parse-bytes.ts';
import { parseCommandLine } from '../../src/cli/parse-command-line.node.ts';
import { parseDuration } from '../../src/cli/parse-duration.ts';
import { parseListen } from '../../src/cli/parse-listen.ts';
import { parseRegistryHost } from '../../src/cli/parse-registry-host.ts';
import { parseMirrorFile } from '../../src/mirror/parse-mirror-file.ts';
import { parseShard } from '../../src/mirror/shard.ts';
import { parseTagPatterns } from '../../src/mirror/tag-pattern.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { findCredentials, findHelper, parseCredentialFile } from '../../src/remote/credential-file.ts';
import { parseHostsToml } from '../../src/remote/hosts-toml.ts';
import { findConfiguredEndpoints, parseRegistriesConf } from '../../src/remote/registries-conf.ts';
import { parseAwsConfig } from '../../src/runtime/parse-aws-config.ts';
import { readOtelSettings } from '../../src/telemetry/otel-settings.ts';
import type { FuzzTarget } from './fuzz-target.ts';

/** What a person types, or writes into a file by hand. */
const maxWordBytes = 32 * 1024;
const name = parseRepositoryName('team/app');

const files: readonly FuzzTarget[] = [
  {
    name: "Docker's logins",
    examples: [
      '{"auths":{"a.test":{"auth":"YWRhOmI="},"https://b.test/v1/":{"identitytoken":"t"}},"credHelpers":{"c.test":"d"},"credsStore":"e"}',
    ],
    parse: (text) => {
      const file = parseCredentialFile(text, 'config.json');
      return [findHelper(file, ['a.test', '__proto__'], 'a.test'), findCredentials(file, ['a.test', 'b.test'], 'config.json')];
    },
  },
  {
    name: 'hosts.toml',
    examples: [
      'server = "https://a.test"\n[host."https://m.test/v2"]\n  capabilities = ["pull"]\n  ca = ["a.pem"]\n  skip_verify = true\n  [host."https://m.test/v2".header]\n    x-a = "b"\n',
    ],
    parse: (text) => parseHostsToml({ text, path: 'hosts.toml', resolve: (relative) => relative }, 'a.test', name),
  },
  {
    name: 'registries.conf',
    examples: [
      '[[registry]]\nprefix = "*.test"\nlocation = "b.test/x"\ninsecure = true\n[[registry.mirror]]\nlocation = "m.test:5000/y"\npull-from-mirror = "digest-only"\n',
    ],
    parse: (text) => findConfiguredEndpoints(parseRegistriesConf(text, 'registries.conf'), 'a.test', name),
  },
  {
    name: "AWS's configuration",
    examples: ['[default]\nregion = eu-central-1 # near\n[profile a]\ns3 =\n  endpoint_url = https://a.test\nservices = b\n[services b]\n'],
    parse: parseAwsConfig,
  },
  {
    name: 'a mirror file',
    examples: [
      'bucket: s3://a\ndefaults:\n  platforms: [linux/amd64]\nrepositories:\n  - from: docker.io/library/alpine\n    tags: ["3.*"]\n',
      'defaults:\n  tags: &a [x]\nrepositories:\n  - from: a.test/a\n    tags: *a\n  - from: a.test/b\n    tags: *a\n',
    ],
    parse: (text) => parseMirrorFile(text, 'mirror.yaml'),
    maxBytes: maxWordBytes,
  },
];

const words: readonly FuzzTarget[] = [
  {
    name: 'a command line',
    examples: ['oci:a s3://b/c:1 --json --max-connections 8', '--part-size=5MiB -- -a b'],
    parse: (text) => parseCommandLine(push, text.split(' '), {}),
    maxBytes: maxWordBytes,
  },
  {
    name: 'a size',
    examples: ['5MiB', '1.5 GB', '100'],
    parse: (text) => parseBytes('--size', text, { least: 0 }),
    maxBytes: maxWordBytes,
  },
  { name: 'a duration', examples: ['90s', '2h', '7d'], parse: (text) => parseDuration('--age', text), maxBytes: maxWordBytes },
  { name: 'an address to listen at', examples: ['127.0.0.1:8080', 'localhost:80', '[::1]:0'], parse: parseListen, maxBytes: maxWordBytes },
  { name: 'a registry', examples: ['a.test:5000', 'docker.io', '[::1]:5000'], parse: parseRegistryHost, maxBytes: maxWordBytes },
  { name: 'a shard', examples: ['1/4', '3/3'], parse: parseShard, maxBytes: maxWordBytes },
  { name: 'a pattern of tags', examples: ['3.*', 'v?.?', '!*-rc?'], parse: (text) => parseTagPatterns([text]), maxBytes: maxWordBytes },
  {
    name: "OpenTelemetry's settings",
    examples: ['http://a.test:4318', 'a=b,c=d%20e', '1000', 'true'],
    parse: (text) =>
      readOtelSettings({
        OTEL_EXPORTER_OTLP_ENDPOINT: text,
        OTEL_EXPORTER_OTLP_HEADERS: text,
        OTEL_RESOURCE_ATTRIBUTES: text,
        OTEL_EXPORTER_OTLP_TIMEOUT: text,
      }),
    maxBytes: maxWordBytes,
  },
];

/** Files of the machine, and what is typed. */
export const machineTargets: readonly FuzzTarget[] = [...files, ...words];
