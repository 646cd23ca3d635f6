import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFrame, FrameError, FrameReader } from './frames.js';

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof FrameError) return error.code;
    throw error;
  }
  return 'nothing thrown';
};

test('messages come out as they went in, however the pipe cuts them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (values, sizes) => {
        const bytes = Buffer.concat(values.map((value) => encodeFrame(value)));
        const reader = new FrameReader();
        const read: unknown[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length]!;
          read.push(...reader.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(JSON.stringify(read)).toBe(JSON.stringify(values));
      },
    ),
  );
});

test('the length counts bytes, big-endian', () => {
  expect(encodeFrame('ö').toString('hex')).toBe('0000000422c3b622');
});

test('a frame beyond the bound is refused by its length alone, before its body is there', () => {
  expect(codeOf(() => new FrameReader(8).push(Buffer.from([0, 0, 0, 9])))).toBe('frame_too_large');
  expect(new FrameReader(8).push(Buffer.from([0, 0, 0, 8]))).toEqual([]);
  expect(codeOf(() => encodeFrame('12345678', 8))).toBe('frame_too_large');
});

test('a frame that is no JSON is refused, and not quoted', () => {
  const hostile = Buffer.concat([Buffer.from([0, 0, 0, 6]), Buffer.from('secret')]);
  expect(codeOf(() => new FrameReader().push(hostile))).toBe('frame_not_json');
  expect(() => new FrameReader().push(hostile)).not.toThrow(/secret/);
  expect(codeOf(() => new FrameReader().push(Buffer.from([0, 0, 0, 0])))).toBe('frame_not_json');
});

test('what was said before a fault is heard before the fault', () => {
  const reader = new FrameReader();
  const fault = Buffer.from([0xff, 0xff, 0xff, 0xff]);
  expect(reader.push(Buffer.concat([encodeFrame({ type: 'start' }), fault]))).toEqual([{ type: 'start' }]);
  expect(() => reader.push(Buffer.alloc(0))).toThrow(FrameError);
  expect(() => reader.push(encodeFrame(1))).toThrow(FrameError);
});
