import { VARIABLES } from '../../src/config.js';

interface Row {
  readonly initial: unknown;
  readonly otherwise?: string;
  readonly allowed: string;
  readonly description: string;
}
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const code = (text: string): string =>
  text.replaceAll(/`[^`]*`|</g, (found) => (found === '<' ? '&lt;' : found));

/** `docs/configuration.md`, as Markdown, from the table of variables. */
export function configurationPage(): string {
  const rows = Object.entries(VARIABLES as Readonly<Record<string, Row>>).map(
    ([name, { initial, otherwise, allowed, description }]) =>
      `| \`${name}\` | ${code(otherwise ?? `\`${String(initial)}\``)} | ${cell(allowed)} | ${cell(description)} |`,
  );
  return `# Configuration

Mintmark is configured by environment variables, read once at start. A wrong one is refused with what is allowed; so is an unknown name that
begins with \`MINTMARK_\`. An empty variable is an unset one. Relative paths start at the working directory.

| variable | default | allowed | what it does |
| --- | --- | --- | --- |
${rows.join('\n')}

What the tenant holds (settings, clients, users, Actions) is in the seed file; see \`examples/demo/mintmark.yaml\`.

## Applications on localhost

The default base URL is on 127.0.0.1, and is the issuer whatever name a request comes by. An application on \`http://localhost:…\` is another site
to a browser: its pages cannot ask silently whether somebody is logged in, and some SDKs refuse an issuer that is an IP address. Start with
\`BASE_URL=http://localhost:3000\` for it; the server goes on listening on 127.0.0.1, where localhost leads.

## Reaching it from elsewhere

On loopback \`/api\` and \`/debug\` ask for no token: who can open a socket there is trusted, and pages of other origins are turned away by their
Host, Origin and Sec-Fetch-Site headers. With any other \`HOST\` they ask for the admin token. A reverse proxy on the same machine reaches the
server over loopback and would hand that trust to the network, so behind one set \`HOST=0.0.0.0\` (or refuse \`/api\` and \`/debug\` in the proxy)
and \`BASE_URL\` to the address that browsers see.
`;
}
