/** Instants as SAML writes them: UTC with `Z`, milliseconds (SAML Core 1.3.3). */
import { SamlError } from './saml-error.js';

const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?Z$/;

/** SAML Core 1.3.3: an xs:dateTime in UTC, written with `Z`. `2030-02-30T…` and second 60 are none. */
export const isInstant = (text: string): boolean => readInstant(text) !== undefined;

/** Milliseconds since 1970, finer digits dropped; `undefined` for what is not an instant. */
export function readInstant(text: string): number | undefined {
  const parts = form.exec(text);
  if (!parts) return undefined;
  const [year, month, day, hours, minutes, seconds] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hours, minutes, seconds, Number(`${parts[7] ?? ''}000`.slice(0, 3)));
  return date.toISOString().slice(0, 19) === text.slice(0, 19) ? date.getTime() : undefined;
}

const earliest = Date.parse('0001-01-01T00:00:00Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');

/** `now` and so many seconds, fractions of a millisecond rounded; throws `saml_setting_invalid` outside the years 1 to 9999. */
export function secondsFrom(now: Date, seconds: number, setting: { name: string; pointer: string }): Date {
  const time = Math.round(now.getTime() + seconds * 1000);
  if (time >= earliest && time <= latest) return new Date(time);
  const detail = 'leads outside the years 1 to 9999, which xs:dateTime cannot express';
  throw new SamlError('saml_setting_invalid', `${setting.name} ${detail}`, {
    errors: [{ pointer: setting.pointer, detail }],
  });
}

export const instant = (date: Date): string => date.toISOString();
