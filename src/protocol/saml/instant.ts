/** Instants as SAML writes them: UTC with `Z`, milliseconds (SAML Core 1.3.3). */
import { SamlError } from './saml-error.js';

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
