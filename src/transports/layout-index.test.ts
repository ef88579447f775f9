import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../test/coded-errors.ts';
import { describeBytes } from '../../test/images/build-image.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { addToIndex, checkLayoutFile, chooseFromIndex, parseLayoutIndex, refNameAnnotation } from './layout-index.ts';

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const image = (name: string) => describeBytes(mediaTypes.imageManifest, encode(name));

describe('addToIndex', () => {
  test('finds the last image added under each name, whatever was added before', () => {
    const additions = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(5)), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(additions, (list) => {
        let bytes: Uint8Array | undefined;
        for (const [name, content] of list) bytes = addToIndex(bytes, image(String(content)), { [refNameAnnotation]: name });
        const images = parseLayoutIndex(bytes!);
        for (const [name, content] of new Map(list)) {
          expect(chooseFromIndex(images, name, 'x').digest).toBe(image(String(content)).digest);
        }
        expect(images).toHaveLength(new Map(list).size);
      }),
    );
  });

  test('adds an image without a name once, beside others', () => {
    let bytes = addToIndex(undefined, image('1'), {});
    bytes = addToIndex(bytes, image('1'), {});
    bytes = addToIndex(bytes, image('2'), {});
    expect(parseLayoutIndex(bytes).map(({ digest }) => digest)).toEqual([image('1').digest, image('2').digest]);
  });
});

describe('chooseFromIndex', () => {
  test('takes an image that is named twice, and the only one without a name', () => {
    const named = { ...image('1'), annotations: { [refNameAnnotation]: 'a' } };
    expect(chooseFromIndex([named, named], 'a', 'x')).toBe(named);
    expect(chooseFromIndex([named, { ...named, annotations: {} }], undefined, 'x')).toBe(named);
  });

  test('does not choose between two images of one name', () => {
    const annotations = { [refNameAnnotation]: 'a' };
    expect(
      codeOf(() =>
        chooseFromIndex(
          [
            { ...image('1'), annotations },
            { ...image('2'), annotations },
          ],
          'a',
          'x',
        ),
      ),
    ).toBe('reference-ambiguous');
  });
});

describe('what a layout holds', () => {
  test('is read with nothing but coded errors, whatever the JSON', () => {
    const near = fc.dictionary(
      fc.constantFrom('schemaVersion', 'manifests', 'imageLayoutVersion'),
      fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom([image('1')], 2)),
    );
    fc.assert(
      fc.property(fc.oneof(near, fc.jsonValue()), (value) => {
        const bytes = encode(value);
        parseOrCode(() => parseLayoutIndex(bytes));
        parseOrCode(() => checkLayoutFile(bytes, 'x'));
        parseOrCode(() => addToIndex(bytes, image('2'), { [refNameAnnotation]: 'a' }));
      }),
    );
  });
});
