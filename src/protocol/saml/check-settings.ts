/**
 * What can be said of the settings of one layer before anything else is known: PEMs parse, keys are long enough, halves that
 * are both there match, and no text is blank or beyond XML. A lone half passes, since another layer may bring the other.
 */
import type { FieldError } from '../mintmark-error.js';
import { illegalCharacter } from '../xml/characters.js';
import { readEncryptionPair, readSigningPair, strongEnough, type KeyRules } from './key-pairs.js';
import { readCertificate, readPrivateKey, readPublicKey, type PemField } from './pem.js';
import { SamlError } from './saml-error.js';
import type { SamlSettings, SetAttributes, SettingName } from './settings.js';
import { jsonPointer } from '../field-errors.js';

/** Settings whose text goes into the document as it is. */
const WRITTEN = [
  'audience',
  'recipient',
  'destination',
  'issuer',
  'nameIdentifierFormat',
  'authnContextClassRef',
] as const satisfies readonly SettingName[];

/** Throws SamlError that names every text at fault, or the first PEM; `rules.pointer` is where the settings stand. */
export function checkSettings(settings: SamlSettings, attributes: SetAttributes, rules: KeyRules): void {
  const errors: FieldError[] = [];
  const look = (text: string, ...members: readonly string[]): void => {
    const character = illegalCharacter(text);
    if (character === null) return;
    const detail = `holds ${character}, which XML 1.0 cannot carry, not even escaped`;
    errors.push({ pointer: rules.pointer + jsonPointer(members), detail });
  };
  for (const name of WRITTEN) {
    const value = settings[name];
    if (value === undefined) continue;
    look(value, name);
    if (value.trim() === '')
      errors.push({
        pointer: `${rules.pointer}/${name}`,
        detail: 'must NOT be blank; leave it out for the default',
      });
  }
  for (const { name, value } of attributes)
    for (const text of [name, ...[value].flat()]) if (typeof text === 'string') look(text, 'attributes', name);
  const [first] = errors;
  if (first) {
    const blank = errors.every(({ detail }) => detail.startsWith('must NOT be blank'));
    const code = blank ? 'saml_setting_invalid' : 'saml_illegal_characters';
    throw new SamlError(code, `${first.pointer.split('/').at(-1)}: ${first.detail}`, { errors });
  }
  checkKeys(settings, rules);
}

function checkKeys(settings: SamlSettings, rules: KeyRules): void {
  const { cert, key, encryptionCert, encryptionPublicKey, signingCert } = settings;
  const field = (name: string): PemField => ({ name, pointer: `${rules.pointer}/${name}` });
  if (cert !== undefined && key !== undefined) readSigningPair(cert, key, rules);
  else if (cert !== undefined) readCertificate(cert, field('cert'));
  else if (key !== undefined) strongEnough(readPrivateKey(key, field('key')), 'key', rules);
  if (encryptionCert !== undefined && encryptionPublicKey !== undefined)
    readEncryptionPair(encryptionCert, encryptionPublicKey, rules);
  else if (encryptionCert !== undefined) readCertificate(encryptionCert, field('encryptionCert'));
  else if (encryptionPublicKey !== undefined)
    strongEnough(
      readPublicKey(encryptionPublicKey, field('encryptionPublicKey')),
      'encryptionPublicKey',
      rules,
    );
  if (signingCert !== undefined)
    strongEnough(readCertificate(signingCert, field('signingCert')).publicKey, 'signingCert', rules);
}
