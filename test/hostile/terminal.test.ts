import { describe, expect } from 'vitest';
import { run } from '../../src/cli/main.node.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { type DamagedImage, writeLayout } from '../faults/bad-images.ts';
import { folderTest } from '../images/folder-test.ts';
import { addBlob, addManifest, createGraph } from '../images/build-image.ts';

/** Clears the screen, renames the window, and goes back to the begin of the line; by C0 and by C1. */
const evil = '\u001b[2J\u001b]0;owned\u0007\r\u009b1mü';

/** An image that writes such things wherever it may write at all. */
function createEvilImage(): DamagedImage {
  const graph = createGraph();
  const settings = { User: evil, WorkingDir: evil, Entrypoint: [evil], Cmd: [evil] };
  const config = addBlob(graph, mediaTypes.imageConfig, JSON.stringify({ os: evil, architecture: evil, created: evil, config: settings }));
  const image = addManifest(graph, mediaTypes.imageManifest, { config, layers: [], annotations: { evil }, artifactType: evil });
  const child = { ...image, platform: { os: evil, architecture: evil }, annotations: { 'vnd.docker.reference.type': evil } };
  return { graph, root: addManifest(graph, mediaTypes.imageIndex, { manifests: [child], annotations: { [evil]: evil } }) };
}

/** All that a command line writes. */
async function write(words: readonly string[], home: string): Promise<string> {
  let written = '';
  const sink = { write: (content: string | Uint8Array) => void (written += Buffer.from(content).toString()) };
  const environment = { HOME: home, XDG_CONFIG_HOME: home };
  await run({ words, environment, stdout: sink, stderr: sink, signal: new AbortController().signal });
  return written;
}

describe('what others wrote does nothing to the terminal', () => {
  folderTest.for([['inspect'], ['inspect', '--json'], ['inspect', '--debug']])('%s', async (words, { folder }) => {
    await writeLayout(`${folder}/image`, createEvilImage());
    const written = await write([...words, `oci:${folder}/image`], folder);
    expect(written).toContain('owned');
    expect(written).not.toMatch(/[^\n\P{Cc}]/u);
  });

  folderTest('in an error, with and without --json and --debug', async ({ folder }) => {
    const image = createEvilImage();
    const root = { ...image.root, annotations: { 'org.opencontainers.image.ref.name': evil } };
    await writeLayout(`${folder}/image`, { ...image, root });
    for (const words of [[], ['--json'], ['--debug']]) {
      const written = await write(['inspect', `oci:${folder}/image:other`, ...words], folder);
      expect(written).toContain('tag-missing');
      expect(written).not.toMatch(/[^\n\P{Cc}]/u);
    }
  });
});
