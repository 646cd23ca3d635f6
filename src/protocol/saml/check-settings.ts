/**
 * What can be said of the settings of one layer before anything else is known: PEMs parse, keys are long enough, halves that
 * are both there match, and no text is blank or beyond XML. A lone half passes, since another layer may bring the other.
 */
import { illegalCharacterFault, settingFault, type Fault } from './configuration-rules.js';
import {
  readEncryptionPair,
  readSigningPair,
  strongEnough,
  type KeyRules,
  type PairReaders,
} from './key-pairs.js';
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

interface NamedFault extends Fault {
  /** What is at fault, in the words of a message. */
  readonly what: string;
  /** Where it stands below the settings. */
  readonly at: readonly string[];
}

/** Throws SamlError that names every text at fault, or the first PEM; `rules.pointer` is where the settings stand. */
export function checkSettings(
  settings: SamlSettings,
  attributes: SetAttributes,
  rules: KeyRules,
  readers: PairReaders = { readSigningPair, readEncryptionPair },
): void {
  const faults = [...faultsOfSettings(settings), ...faultsOfAttributes(attributes)];
  const [first] = faults;
  if (first)
    throw new SamlError(first.code, `${first.what}: ${first.detail}`, {
      errors: faults.map(({ at, detail }) => ({ pointer: rules.pointer + jsonPointer(at), detail })),
    });
  checkKeys(settings, rules, readers);
}

const faultsOfSettings = (settings: SamlSettings): NamedFault[] =>
  WRITTEN.flatMap((name) => {
    const value = settings[name];
    const fault = value === undefined ? null : settingFault(name, value);
    return fault ? [{ ...fault, what: name, at: [name] }] : [];
  });

const faultsOfAttributes = (attributes: SetAttributes): NamedFault[] =>
  attributes.flatMap(({ name, value }) =>
    [name, ...[value].flat()].flatMap((text) => {
      const fault = typeof text === 'string' ? illegalCharacterFault(text) : null;
      return fault
        ? [{ ...fault, what: `the attribute ${JSON.stringify(name)}`, at: ['attributes', name] }]
        : [];
    }),
  );

function checkKeys(settings: SamlSettings, rules: KeyRules, readers: PairReaders): void {
  const { cert, key, encryptionCert, encryptionPublicKey, signingCert } = settings;
  const field = (name: string): PemField => ({ name, pointer: `${rules.pointer}/${name}` });
  if (cert !== undefined && key !== undefined) readers.readSigningPair(cert, key, rules);
  else if (cert !== undefined) readCertificate(cert, field('cert'));
  else if (key !== undefined) strongEnough(readPrivateKey(key, field('key')), 'key', rules);
  if (encryptionCert !== undefined && encryptionPublicKey !== undefined)
    readers.readEncryptionPair(encryptionCert, encryptionPublicKey, rules);
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
