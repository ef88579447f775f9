import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { addImage, createGraph } from '../../test/images/build-image.ts';
import { folderTest } from '../../test/images/folder-test.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import { type DockerEngine, openDockerEngine } from '../remote/docker-engine.node.ts';
import { parseDockerHost } from '../remote/docker-host.node.ts';
import { copyImage } from '../transfer/copy-image.ts';
import { createDockerArchiveTarget, openDockerArchiveSource } from './docker-archive.node.ts';
import { createDockerDaemonTarget, openDockerDaemonSource } from './docker-daemon.node.ts';
import { createOciArchiveTarget } from './oci-archive.node.ts';

/** A daemon as far as its HTTP goes: gives one archive, keeps what it is sent. */
interface Daemon {
  readonly engine: DockerEngine;
  readonly paths: string[];
  received: Buffer | undefined;
}

interface DaemonOptions {
  readonly archive?: string;
  readonly loadAnswer?: string;
  readonly version?: string;
}

const test = folderTest.extend<{ startDaemon: (options?: DaemonOptions) => Promise<Daemon> }>({
  startDaemon: async ({ folder }, use) => {
    const servers: Server[] = [];
    await use(async ({ archive, loadAnswer = '{"stream":"Loaded image: app:1.0"}\n', version = '1.41' } = {}) => {
      const socket = join(folder, `daemon-${servers.length}.sock`);
      const daemon: Daemon = { engine: openDockerEngine(parseDockerHost(`unix://${socket}`)), paths: [], received: undefined };
      const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
        daemon.paths.push(`${request.method} ${request.url}`);
        if (request.url === '/_ping') response.setHeader('Api-Version', version).end('OK');
        else if (request.method === 'POST') {
          daemon.received = await buffer(request);
          response.end(loadAnswer);
        } else if (archive === undefined) {
          response.statusCode = 404;
          response.end('{"message":"No such image: app:1.0"}');
        } else createReadStream(archive).pipe(response);
      };
      const server = createServer((request, response) => void answer(request, response));
      servers.push(server);
      await new Promise<void>((resolve) => void server.listen(socket, resolve));
      return daemon;
    });
    for (const server of servers) server.close();
  },
});

async function makeImage() {
  const graph = createGraph();
  const root = await addImage(graph, 'linux/amd64');
  return { graph, root, source: createMemorySource(graph, root) };
}

test("an archive of containerd's store, which is a layout too, keeps its digest", async ({ folder, startDaemon }) => {
  const { root, source } = await makeImage();
  const archive = join(folder, 'saved.tar');
  await copyImage(source, createDockerArchiveTarget({ path: archive, reference: 'app:1.0' }));
  const { engine, paths } = await startDaemon({ archive });
  const opened = await openDockerDaemonSource({ name: 'app:1.0' }, engine, {});
  const again = join(folder, 'again.tar');
  expect((await copyImage(opened, createOciArchiveTarget({ path: again }))).root.digest).toBe(root.digest);
  await opened.close();
  expect(paths).toEqual(['GET /_ping', 'GET /v1.41/images/app%3A1.0/get']);
});

test('a layout without a manifest.json is read, too, and one that comes compressed', async ({ folder, startDaemon }) => {
  const { root, source } = await makeImage();
  const [plain, packed] = [join(folder, 'layout.tar'), join(folder, 'layout.tar.gz')];
  await copyImage(source, createOciArchiveTarget({ path: plain }));
  await writeFile(packed, gzipSync(await buffer(createReadStream(plain))));
  for (const archive of [plain, packed]) {
    const { engine } = await startDaemon({ archive });
    const opened = await openDockerDaemonSource({ name: 'app:1.0' }, engine, {});
    expect((await opened.root()).digest).toBe(root.digest);
    await opened.close();
  }
});

test('what is loaded is what `docker load` takes, under the tag "latest" where none is named', async ({ folder, startDaemon }) => {
  const { root, source } = await makeImage();
  const daemon = await startDaemon({ version: '1.99' });
  await copyImage(source, createDockerDaemonTarget({ name: 'team/app' }, daemon.engine));
  const path = join(folder, 'received.tar');
  await writeFile(path, daemon.received ?? '');
  const received = await openDockerArchiveSource({ path, reference: 'team/app:latest' });
  expect(await received.root()).toMatchObject({ digest: root.digest });
  await received.close();
  expect(daemon.paths).toEqual(['GET /_ping', 'POST /v1.47/images/load?quiet=1']);
});

test('a failure that is told after the answer has begun is one', async ({ startDaemon }) => {
  const { source } = await makeImage();
  const loadAnswer = '{"stream":"Loading"}\n{"errorDetail":{"message":"no space"},"error":"no space left on device"}\n';
  const { engine } = await startDaemon({ loadAnswer });
  const error = await rejection(copyImage(source, createDockerDaemonTarget({ name: 'app' }, engine)));
  expect(error).toMatchObject({ code: 'engine-failed', side: 'target' });
  expect(error.message).toContain('says "no space left on device"');
});

test('an image that is not there is missing, and an archive that breaks off is truncated', async ({ folder, startDaemon }) => {
  const missing = await rejection(openDockerDaemonSource({ name: 'app' }, (await startDaemon()).engine, {}));
  expect(missing.code).toBe('manifest-missing');
  const { source } = await makeImage();
  const archive = join(folder, 'saved.tar');
  await copyImage(source, createDockerArchiveTarget({ path: archive }));
  const whole = await buffer(createReadStream(archive));
  await writeFile(archive, whole.subarray(0, 700));
  const { engine } = await startDaemon({ archive });
  expect((await rejection(openDockerDaemonSource({ name: 'app' }, engine, {}))).code).toBe('archive-truncated');
});

test('nobody chooses a digest, and a stopped one has not begun', async ({ startDaemon }) => {
  const { engine } = await startDaemon();
  const name = `app@sha256:${'a'.repeat(64)}`;
  expect(() => createDockerDaemonTarget({ name }, engine)).toThrow(expect.objectContaining({ code: 'reference-invalid' }));
  const stopped = rejection(openDockerDaemonSource({ name: 'app' }, engine, { signal: AbortSignal.abort() }));
  expect((await stopped).code).toBe('aborted');
});
