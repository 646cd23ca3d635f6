/**
 * A browser without a script engine: keeps cookies, follows redirects, reads forms and fills them in. Cookies go by host and not by port,
 * as in a real one (RFC 6265 8.5), and `SameSite` is obeyed for posts that come from another site. Posts of a page name its origin.
 */

export interface Form {
  readonly action: string;
  readonly method: string;
  /** Hidden and filled-in fields, in their order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly forms: readonly Form[];
}

interface Cookie {
  readonly value: string;
  readonly sameSite: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };
const decoded = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hexadecimal, name) =>
    decimal !== undefined
      ? String.fromCodePoint(Number(decimal))
      : hexadecimal !== undefined
        ? String.fromCodePoint(Number.parseInt(hexadecimal, 16))
        : (ENTITIES[name] ?? whole),
  );
const attributeOf = (tag: string, name: string): string | undefined => {
  const value = new RegExp(`\\s${name}="([^"]*)"`, 'i').exec(tag)?.[1];
  return value === undefined ? undefined : decoded(value);
};

function formsIn(markup: string): Form[] {
  return [...markup.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/gi)].map(([form]) => {
    const start = /<form\b[^>]*>/i.exec(form)![0];
    return {
      action: attributeOf(start, 'action') ?? '',
      method: (attributeOf(start, 'method') ?? 'get').toLowerCase(),
      fields: [...form.matchAll(/<input\b[^>]*>/gi)].flatMap(([tag]) => {
        const name = attributeOf(tag, 'name');
        return name === undefined ? [] : [[name, attributeOf(tag, 'value') ?? ''] as const];
      }),
    };
  });
}

export class UserAgent {
  readonly #cookies = new Map<string, Map<string, Cookie>>();
  readonly #via: typeof fetch;

  /** `via` is how it sends: a browser may trust an authority that nobody else does. */
  constructor(via: typeof fetch = fetch) {
    this.#via = via;
  }

  /** `from` is the page that leads there; without it the address was typed. */
  get(url: string, from?: string): Promise<Page> {
    return this.#send('GET', url, undefined, from);
  }

  post(url: string, fields: readonly (readonly [string, string])[], from?: string): Promise<Page> {
    return this.#send(
      'POST',
      url,
      new URLSearchParams(fields.map(([name, value]) => [name, value] as [string, string])).toString(),
      from,
    );
  }

  /** A form of the page, with some of its fields filled in; by default the first. */
  submit(page: Page, filledIn: Readonly<Record<string, string>> = {}, index = 0): Promise<Page> {
    const form = page.forms[index];
    if (!form) throw new Error(`there is no form ${index} on ${page.url}: ${page.text.slice(0, 300)}`);
    const fields = form.fields.filter(([name]) => !(name in filledIn));
    const action = new URL(form.action === '' ? page.url : form.action, page.url).href;
    return this.post(action, [...fields, ...Object.entries(filledIn)], page.url);
  }

  cookie(url: string, name: string): string | undefined {
    return this.#cookies.get(new URL(url).hostname)?.get(name)?.value;
  }

  setCookie(url: string, name: string, value: string): void {
    this.#jar(url).set(name, { value, sameSite: 'lax' });
  }

  #jar(url: string): Map<string, Cookie> {
    const { hostname } = new URL(url);
    const jar = this.#cookies.get(hostname) ?? new Map<string, Cookie>();
    this.#cookies.set(hostname, jar);
    return jar;
  }

  async #send(
    method: string,
    url: string,
    body: string | undefined,
    from: string | undefined,
  ): Promise<Page> {
    const isForeign = from !== undefined && new URL(from).hostname !== new URL(url).hostname;
    const cookies = [...this.#jar(url)].filter(
      ([, { sameSite }]) => !isForeign || sameSite === 'none' || (sameSite === 'lax' && method === 'GET'),
    );
    const via = this.#via;
    const response = await via(url, {
      method,
      redirect: 'manual',
      headers: {
        accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        ...(cookies.length > 0 && {
          cookie: cookies.map(([name, { value }]) => `${name}=${value}`).join('; '),
        }),
        ...(method === 'POST' && from !== undefined && { origin: new URL(from).origin }),
        ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(body !== undefined && { body }),
    });
    this.#keepCookies(url, response.headers);
    const text = await response.text();
    const location = response.headers.get('location');
    if (location !== null && response.status >= 300 && response.status < 400)
      return this.#send('GET', new URL(location, url).href, undefined, from ?? url);
    return { url, status: response.status, headers: response.headers, text, forms: formsIn(text) };
  }

  #keepCookies(url: string, headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      const flags = new Map<string, string | undefined>(
        attributes.map((flag) => {
          const [attribute = '', its] = flag.toLowerCase().split('=');
          return [attribute, its];
        }),
      );
      const isOver =
        flags.get('max-age') === '0' ||
        (flags.has('expires') && Date.parse(/expires=([^;]+)/i.exec(line)![1]!) <= Date.now());
      if (isOver) this.#jar(url).delete(name);
      else this.#jar(url).set(name, { value, sameSite: flags.get('samesite') ?? 'lax' });
    }
  }
}
