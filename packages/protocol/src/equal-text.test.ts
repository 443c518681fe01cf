import { test } from 'node:test';
import fc from 'fast-check';
import { equalText } from './equal-text.ts';

test('two texts are equal exactly if they are the same', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => equalText(a, b) === (a === b)));
  fc.assert(fc.property(fc.string(), (a) => equalText(a, `${a}`)));
});
