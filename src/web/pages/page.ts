/** The frame of every page, and the policy under which a browser shows it: no scripts, no frames, nothing from elsewhere. */
import type { FastifyReply } from 'fastify';
import { html, Html } from './html.js';
import { BASE_STYLE, FULL_STYLE, type Stylesheet } from './style.js';

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%230a6b51'/%3E%3Cpath d='M4.5 11V5.5L8 9l3.5-3.5V11' fill='none' stroke='white' stroke-width='1.6'/%3E%3C/svg%3E";

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src '${FULL_STYLE.hash}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
} as const;

/** To the letter what the hash was made of. */
const styleElement = ({ css }: Stylesheet): Html => Html.constant(`<style>${css}</style>`);
const FULL = styleElement(FULL_STYLE);
const BASE = styleElement(BASE_STYLE);

/** A whole document. */
export const page = (title: string, content: Html): string =>
  String(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>${title} · Mintmark</title>
          <link rel="icon" href="${ICON}" />
          ${FULL}
        </head>
        <body>
          <a class="skip" href="#content">Skip to content</a>
          <header>
            <a class="name" href="/">Mintmark</a>
            <nav aria-label="Mintmark">
              <a href="/debug/transactions">Transactions</a>
              <a href="/debug/logouts">Logouts</a>
              <a href="/debug/clients">Clients</a>
              <a href="/docs">API</a>
            </nav>
          </header>
          <main id="content">${content}</main>
        </body>
      </html>`,
  );

/** A document that is passed through: the base of the style, and nowhere else to go. */
export const passingPage = (title: string, content: Html): string =>
  String(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>${title} · Mintmark</title>
          ${BASE}
        </head>
        <body>
          <main>${content}</main>
        </body>
      </html>`,
  );

/** Sets the headers of a page on `reply`, and yields what to send. */
export function sendPage(reply: FastifyReply, markup: string): string {
  reply.headers(HEADERS);
  return markup;
}
