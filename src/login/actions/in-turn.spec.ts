import { expect, test } from 'vitest';
import { InTurn } from './in-turn.js';

test('so many go on at once, the others in their order, one that fails included', async () => {
  const turns = new InTurn(2);
  const began: number[] = [];
  const ends: ((fails: boolean) => void)[] = [];
  const work = [0, 1, 2, 3].map((index) =>
    turns.run(() => {
      began.push(index);
      return new Promise<number>((resolve, reject) => {
        ends[index] = (fails) => (fails ? reject(new Error(String(index))) : resolve(index));
      });
    }),
  );
  expect(began).toEqual([0, 1]);
  ends[1]!(true);
  await expect(work[1]).rejects.toThrow('1');
  expect(began).toEqual([0, 1, 2]);
  ends[0]!(false);
  ends[2]!(false);
  expect(await Promise.all([work[0], work[2]])).toEqual([0, 2]);
  expect(began).toEqual([0, 1, 2, 3]);
  ends[3]!(false);
  expect(await work[3]).toBe(3);
});
