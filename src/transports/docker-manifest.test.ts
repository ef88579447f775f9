import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../test/coded-errors.ts';
import { parseRegistryReference } from '../oci/reference.ts';
import { chooseDockerImage, type DockerImage, formatDockerManifest, parseDockerManifest } from './docker-manifest.ts';

const image = (...RepoTags: string[]): DockerImage => ({ Config: 'c', RepoTags, Layers: [] });

describe('the manifest.json of an archive', () => {
  test('reads back as it was written', () => {
    const any = fc.record({
      Config: fc.string(),
      RepoTags: fc.option(fc.array(fc.string()), { nil: undefined }),
      Layers: fc.array(fc.string()),
    });
    fc.assert(
      fc.property(any, (written) => {
        expect(parseDockerManifest(formatDockerManifest(written))).toEqual([written]);
      }),
    );
  });

  test("takes Go's null for an empty list", () => {
    expect(parseDockerManifest(new TextEncoder().encode('[{"Config":"c","RepoTags":null,"Layers":null}]'))).toEqual([
      { Config: 'c', RepoTags: undefined, Layers: [] },
    ]);
  });

  test('is read with nothing but coded errors, whatever the JSON', () => {
    const near = fc.array(
      fc.dictionary(fc.constantFrom('Config', 'RepoTags', 'Layers'), fc.oneof(fc.string(), fc.array(fc.string()), fc.jsonValue())),
    );
    fc.assert(
      fc.property(
        fc.oneof(near, fc.jsonValue()),
        (value) => void parseOrCode(() => parseDockerManifest(new TextEncoder().encode(JSON.stringify(value)))),
      ),
    );
  });
});

describe('chooseDockerImage', () => {
  test.each(['app', 'app:latest', 'docker.io/app', 'docker.io/library/app:latest'])('finds by %j what is called "app:latest"', (name) => {
    const wanted = image('other:1', 'app:latest');
    expect(chooseDockerImage([image('app:1'), wanted], parseRegistryReference(name), 'x')).toBe(wanted);
  });

  test('bears names that are no references', () => {
    expect(codeOf(() => chooseDockerImage([image('<none>:<none>')], parseRegistryReference('app'), 'x'))).toBe('tag-missing');
  });

  test('does not choose where two are called so', () => {
    expect(codeOf(() => chooseDockerImage([image('app:1'), image('app:1')], parseRegistryReference('app:1'), 'x'))).toBe(
      'reference-ambiguous',
    );
  });
});
