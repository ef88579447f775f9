import { expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { openArchiveStream } from './archive-file.node.ts';

test('an archive of an unknown compression that still comes is closed, not waited for', async () => {
  let isClosed = false;
  async function* comeSlowly(): ByteStream {
    try {
      yield Buffer.from('\xfd7zXZ\0and so on', 'latin1');
      await new Promise(() => undefined);
    } finally {
      isClosed = true;
    }
  }
  expect((await rejection(openArchiveStream(comeSlowly(), 'docker-archive:-'))).code).toBe('archive-invalid');
  expect(isClosed).toBe(true);
});
