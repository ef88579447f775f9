import { openDirectoryBucket } from '../../src/bucket/directory/directory-bucket.node.ts';
import { toObjectKey } from '../../src/bucket/object-key.ts';
import { hasCode } from '../../src/errors/coded-error.ts';
import { readText, textSource } from './bucket-contract-harness.ts';

/*
 * A process of its own that writes into a directory bucket, for tests of several at once:
 *   increment KEY COUNT   adds 1 to the number in an object, COUNT times, by compare and swap
 *   create PREFIX COUNT   creates PREFIX/0 … where nothing is; prints the numbers of those that it won
 *   rewrite KEY           rewrites an object again and again, each time as another type, until it is killed
 */
const [root = '', command, target = '', count = '0'] = process.argv.slice(2);
const bucket = await openDirectoryBucket({ root });
const key = toObjectKey(target);

switch (command ?? '') {
  case 'increment':
    for (let done = 0; done < Number(count);) done += (await tryIncrement()) ? 1 : 0;
    break;
  case 'create': {
    const won: number[] = [];
    for (let index = 0; index < Number(count); index++) if (await tryCreate(index)) won.push(index);
    console.log(JSON.stringify(won));
    break;
  }
  case 'rewrite':
    for (let version = 0; ; version++) {
      const text = `${process.pid}-${version}-${'x'.repeat(version % 50)}`;
      await bucket.put(key, textSource(text), { contentType: `text/${text.length % 2 ? 'odd' : 'even'}`, metadata: { text } });
      if (version === 0) console.log('writing');
    }
  default:
    throw new Error(`Unknown command "${command}"`);
}

async function tryIncrement(): Promise<boolean> {
  const info = await bucket.head(key);
  const before = Number(await readText(bucket, key));
  return succeeds(bucket.put(key, textSource(String(before + 1)), { ifMatch: info?.etag }));
}

function tryCreate(index: number): Promise<boolean> {
  return succeeds(bucket.put(toObjectKey(`${target}/${index}`), textSource(String(process.pid)), { ifNoneMatch: '*' }));
}

async function succeeds(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (hasCode(error, 'precondition-failed')) return false;
    throw error;
  }
}
