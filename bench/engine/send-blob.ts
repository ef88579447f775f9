// Sends one file as a blob whose digest is known, with the engine alone: no manifests, no tags, no command line. `buildPackage` makes a program of it.
//
//   node send-blob.js FILE DIGEST BUCKET REPOSITORY      with the store's address and keys in AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, …
import { parseDigest } from '../../src/oci/digest.ts';
import { parseRepositoryName } from '../../src/oci/repository-name.ts';
import { createDigestThread } from '../../src/parallel/digest-thread.node.ts';
import { createTransferEngine } from '../../src/parallel/transfer-engine.ts';
import { openRepository } from '../../src/registry/repository.ts';
import { openStore } from '../../src/runtime/open-store.node.ts';
import { systemClock } from '../../src/streams/clock.ts';
import { openFile } from '../../src/transports/file-source.node.ts';

async function sendBlob([path = '', digest = '', bucketName = '', repositoryName = '']: readonly string[]): Promise<void> {
  const file = await openFile(path);
  if (file === undefined) throw new Error(`Cannot send "${path}": there is no such file`);
  const engine = createTransferEngine({ clock: systemClock, digestFile: createDigestThread() });
  const { bucket } = await openStore({ kind: 's3', bucket: bucketName }, { environment: process.env, engine, forWriting: true });
  const repository = openRepository(bucket, parseRepositoryName(repositoryName), engine);
  const blob = { digest: parseDigest(digest), size: file.source.size, mediaType: 'application/octet-stream' };
  await repository.blobs.put(blob, file.source);
  await bucket.close();
  await file.close();
}

// Not awaited at the top: what is loaded on the way would wait for this module, and this module for it.
sendBlob(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
