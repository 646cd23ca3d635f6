/** Whether a person with a browser asks, or a program (RFC 9110 12.5.1). */

interface Range {
  readonly type: string;
  readonly quality: number;
}

const rangesOf = (accept: string): Range[] =>
  accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const weight = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(
      parameters.find((parameter) => parameter.startsWith('q=')) ?? 'q=1',
    );
    return { type, quality: Number(weight?.[1] ?? 0) };
  });

/** The most specific range that covers the type decides. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  const [family] = type.split('/');
  for (const name of [type, `${family}/*`, '*/*']) {
    const found = ranges.find((range) => range.type === name);
    if (found) return found.quality;
  }
  return 0;
}

/** JSON is what a program gets that names no type; HTML must be named, and wanted more. */
export function prefersHtml(accept: string | undefined): boolean {
  const ranges = rangesOf(accept ?? '*/*');
  const named = ranges.some(({ type }) => type === 'text/html');
  return named && qualityOf('text/html', ranges) > qualityOf('application/json', ranges);
}
