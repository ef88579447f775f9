import fc from 'fast-check';
import { expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../../test/coded-errors.ts';
import { childElements, childText, copyElement, formatElement, parseS3Xml, requireText } from './s3-xml.ts';

/** What XML 1.0 can hold at all. */
const xmlText = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/gu, ''));

test('what is built is read back, whatever the texts', () => {
  fc.assert(
    fc.property(fc.array(xmlText), (texts) => {
      const { xml } = formatElement(
        'Root',
        texts.map((text) => formatElement('Text', text)),
        'urn:x&"y',
      );
      const root = parseS3Xml(xml, 'test');
      expect(childElements(root, 'Text').map(({ text }) => text)).toEqual(texts);
      expect(root.attributes).toEqual({ xmlns: 'urn:x&"y' });
    }),
  );
});

test('a copy of what was read says the same', () => {
  fc.assert(
    fc.property(xmlText, xmlText, (text, attribute) => {
      const original = `<Rule a="${attribute.replace(/[&<"\t\n\r]/g, ' ')}"><!-- note --><Filter><Prefix>${formatElement('P', text).xml}</Prefix></Filter><Empty/></Rule>`;
      const root = parseS3Xml(original, 'test');
      const again = parseS3Xml(copyElement(root).xml, 'test');
      expect(again.attributes).toEqual(root.attributes);
      expect(again.text).toBe(root.text);
      expect(copyElement(again)).toEqual(copyElement(root));
    }),
  );
});

test('any text is read as XML, or refused with response-invalid', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const outcome = parseOrCode(() => parseS3Xml(text, 'test'));
      expect('value' in outcome || outcome.code === 'response-invalid').toBe(true);
    }),
  );
});

test('a child that is not there is undefined, or an error where it must be', () => {
  const root = parseS3Xml('<Root><A>1</A><A>2</A></Root>', 'test');
  expect([childText(root, 'A'), childText(root, 'B')]).toEqual(['1', undefined]);
  expect(codeOf(() => requireText(root, 'B', 'test'))).toBe('response-invalid');
});

test('the text of an element is its own, whatever is nested in it', () => {
  const depth = 4000;
  const root = parseS3Xml(`<Root><Text>a${'<b>'.repeat(depth)}x${'</b>'.repeat(depth)}<![CDATA[<c>]]></Text></Root>`, 'test');
  expect(childText(root, 'Text')).toBe('a<c>');
});
