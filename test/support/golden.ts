/** Golden files: what was issued once, compared byte for byte. `UPDATE_GOLDEN=1` writes them anew. */
import { readFileSync, writeFileSync } from 'node:fs';

const fileOf = (name: string): URL => new URL(`../golden/${name}`, import.meta.url);

/** The bytes that are kept under that name; with `UPDATE_GOLDEN=1` those that were issued now, written down. */
export function golden(name: string, issued: string): string {
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(fileOf(name), issued);
  return readFileSync(fileOf(name), 'utf8');
}
