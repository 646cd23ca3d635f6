/** CPU time, which load on the machine's other cores leaves alone far more than it does wall time. */
import { readFileSync } from 'node:fs';

/** Microseconds of CPU, all threads, that one call of `work` takes. */
export async function cpuOf(work, runs) {
  const before = process.cpuUsage();
  for (let run = 0; run < runs; run++) await work(run);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / runs;
}

/** Seconds of CPU that a child has taken so far (proc(5): ticks of 10 ms). */
export function cpuOfProcess(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The same with its children, those that have ended included. */
export function cpuOfFamily(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const own = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0) / 100;
  return children.reduce((sum, child) => sum + cpuOfProcess(child), own);
}

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** The just-in-time compiler has settled after so long. */
const WARM_UP_MS = 3000;
async function warmUp(work) {
  const end = performance.now() + WARM_UP_MS;
  while (performance.now() < end) await work();
}

/** The median over rounds of each contestant's cost divided by the baseline's in the same round. */
export async function compare(baseline, contestants, { rounds, runs }) {
  process.stderr.write('  warming up   ');
  for (const work of [baseline, ...Object.values(contestants)]) await warmUp(work);
  const ratios = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  const bases = [];
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`\r  round ${round + 1} of ${rounds}   `);
    const base = await cpuOf(baseline, runs);
    bases.push(base);
    for (const [name, work] of Object.entries(contestants))
      ratios[name].push((await cpuOf(work, runs)) / base);
  }
  process.stderr.write('\r');
  return {
    base: median(bases),
    ratios: Object.fromEntries(Object.entries(ratios).map(([name, all]) => [name, median(all)])),
  };
}
