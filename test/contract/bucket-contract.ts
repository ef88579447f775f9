import { describe } from 'vitest';
import { maxKeyBytes } from '../../src/bucket/object-key.ts';
import { defineAbortTests } from './bucket-contract-abort.ts';
import { defineConditionTests } from './bucket-contract-conditions.ts';
import { defineDeleteTests } from './bucket-contract-delete.ts';
import { type ContractOptions, createHarness, type OpenedBucket } from './bucket-contract-harness.ts';
import { defineListTests } from './bucket-contract-list.ts';
import { defineMultipartTests } from './bucket-contract-multipart.ts';
import { defineReadTests } from './bucket-contract-read.ts';
import { defineWriteTests } from './bucket-contract-write.ts';

/**
 * The contract of the `Bucket` port as one suite, for every adapter and every decorator. It follows the abilities that a bucket declares: what is not declared is
 * tested to be refused (or ignored, where that is what is declared); a member that is absent shows as a skipped test.
 * @param open makes an empty bucket; called once for the suite, and once more for the test of `close`
 */
export function describeBucketContract(name: string, open: () => Promise<OpenedBucket>, options: ContractOptions = {}): void {
  describe(`${name}: the bucket contract`, () => {
    const { define, end } = createHarness(open, options);
    defineReadTests(define);
    defineWriteTests(define, open, options.maxKeyBytes ?? maxKeyBytes);
    defineConditionTests(define);
    defineDeleteTests(define);
    defineListTests(define);
    defineMultipartTests(define);
    defineAbortTests(define);
    end();
  });
}
