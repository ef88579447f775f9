import { tracingChannel } from 'node:diagnostics_channel';
import { expect, it, onTestFinished } from 'vitest';
import { bytesSource } from '../streams/byte-source.ts';
import { createLayerPacker } from './layer-packer.node.ts';

async function measure(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of stream) size += chunk.byteLength;
  return size;
}

it('tells the tracing channel how much was packed into how much, and packs to the same bytes unheard', async () => {
  const packer = createLayerPacker('gzip');
  const layer = bytesSource(new Uint8Array(3_000_000));
  const unheard = await measure(packer.pack(layer.open()));

  const heard: object[] = [];
  const ignore = (): void => {};
  const subscribers = {
    start: ignore,
    end: ignore,
    asyncStart: ignore,
    asyncEnd: (context: object) => void heard.push({ ...context }),
    error: ignore,
  };
  const channel = tracingChannel('bucketry:compress');
  channel.subscribe(subscribers);
  onTestFinished(() => channel.unsubscribe(subscribers));
  expect(await measure(packer.pack(layer.open()))).toBe(unheard);
  expect(heard).toEqual([{ format: 'gzip', bytesIn: 3_000_000, bytesOut: unheard, result: undefined }]);
});
