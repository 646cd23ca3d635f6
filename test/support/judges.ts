/**
 * The foreign judges: software of others that says whether we are right.
 * A bare machine lacks Debian's, so their tests are skipped there by name; under CI=true a missing judge is a failure.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'vitest';

const onPath = (program: string): boolean => {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

export interface Judge {
  readonly name: string;
  readonly present: boolean;
  /** How to get it. */
  readonly install: string;
}
export const xmlsec1: Judge = {
  name: 'xmlsec1',
  present: onPath('xmlsec1'),
  install: 'apt-get install xmlsec1',
};
/** Debian's opensaml-schemas and xmltooling-schemas install here. */
export const SCHEMA_FOLDERS = ['/usr/share/xml/opensaml', '/usr/share/xml/xmltooling'] as const;
export const xmllint: Judge = {
  name: 'xmllint with the OASIS schemas',
  present: onPath('xmllint') && SCHEMA_FOLDERS.every((folder) => existsSync(folder)),
  install: 'apt-get install libxml2-utils opensaml-schemas xmltooling-schemas',
};
export const python3: Judge = {
  name: 'Python 3',
  present: onPath('python3'),
  install: 'apt-get install python3',
};
export const openssl: Judge = {
  name: 'openssl',
  present: onPath('openssl'),
  install: 'apt-get install openssl',
};
export const CHROMIUM = '/usr/bin/chromium';
export const chromium: Judge = {
  name: 'chromium',
  present: existsSync(CHROMIUM),
  install: 'apt-get install chromium',
};
/** `.ci/run` starts one and hands its URL over. */
export const POSTGRES_URL = process.env['MINTMARK_TEST_POSTGRES'];
export const postgres: Judge = {
  name: 'PostgreSQL',
  present: POSTGRES_URL !== undefined,
  install: 'apt-get install postgresql, and MINTMARK_TEST_POSTGRES=postgres://…',
};

/** `test`, where the judge is there; else a test that is skipped by name, or that fails under CI. */
export function judgedBy(judge: Judge): (title: string, run: () => unknown, timeout?: number) => void {
  return (title, run, timeout) => {
    const named = `${title} [${judge.name}]`;
    if (judge.present) test(named, run, timeout);
    else if (process.env['CI'] === 'true')
      test(named, () => {
        throw new Error(`the judge ${judge.name} is missing: ${judge.install}`);
      });
    else test.skipIf(true)(`${named} is missing: ${judge.install}`, () => undefined);
  };
}
