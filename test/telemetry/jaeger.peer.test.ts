import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { openCommandLine } from '../cli/command-line.ts';
import { writeLargeLayout } from '../cli/image-layouts.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { describePeer } from '../peers/require-peer.ts';
import { type Jaeger, startJaeger } from './jaeger.ts';

const MIB = 2 ** 20;

describePeer('jaeger', 'Jaeger', () => {
  let jaeger: Jaeger;
  beforeAll(async () => void (jaeger = await startJaeger()));
  afterAll(() => jaeger.close());

  for (const compression of ['none', 'gzip']) {
    it(`takes the spans of a push and shows them as one tree (compression ${compression})`, async ({ folder }) => {
      await writeLargeLayout(folder, 'image', 12 * MIB);
      const traceId = compression === 'gzip' ? '11111111111111111111111111111111' : '22222222222222222222222222222222';
      const environment = {
        OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.otlpEndpoint,
        OTEL_EXPORTER_OTLP_COMPRESSION: compression,
        TRACEPARENT: `00-${traceId}-b7ad6b7169203331-01`,
      };
      const pushed = await openCommandLine({ folder, environment }).run('push', 'oci:image', 'file:b//app:1', '--trace', 'trace.json');
      expect(pushed, pushed.stderr).toMatchObject({ code: 0 });
      expect(pushed.stderr).not.toContain('Traces');

      await expect.poll(() => jaeger.findTrace(traceId), { timeout: 20_000, interval: 200 }).toBeDefined();
      const spans = (await jaeger.findTrace(traceId)) ?? [];
      // The trace file saw the same work, and has one event besides: the start of the process
      const events = JSON.parse(await readFile(join(folder, 'trace.json'), 'utf8')) as { readonly ph: string }[];
      expect(spans).toHaveLength(events.filter(({ ph }) => ph === 'X').length - 1);
      const parentOf = new Map(spans.map(({ spanID, references }) => [spanID, references[0]?.spanID]));
      const roots = spans.filter(({ references }) => references.every(({ spanID }) => !parentOf.has(spanID)));
      expect(roots.map(({ operationName }) => operationName)).toEqual(['push']);
      const parts = spans.filter(({ operationName }) => operationName === 'part');
      const bytes = parts.map(({ tags }) => Number(tags.find(({ key }) => key === 'bucketry.bytes')?.value));
      expect(bytes.toSorted((a, b) => a - b)).toEqual([2 * MIB, 5 * MIB, 5 * MIB]);
    });
  }
});
