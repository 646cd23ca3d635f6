import {
  readEncryptionPair,
  readSigningPair,
  type KeyRules,
  type PairReaders,
} from '../protocol/saml/key-pairs.js';
import type { X509Certificate } from 'node:crypto';
import { settingPointer } from '../protocol/saml/configuration-rules.js';
import type { EffectiveConfiguration } from '../protocol/saml/layers.js';
import { readCertificate, type PemField } from '../protocol/saml/pem.js';
import type { Circumstances } from './circumstances.js';

/** Clients that bring pairs along are few; a test suite that makes a pair a test must not fill the memory. */
const REMEMBERED = 200;

type Half = string | undefined;

/** Reads pairs, each text once: parsing a certificate and a key costs more than signing with it. What is refused is not remembered. */
export class PairReader {
  readonly #read = new Map<string, unknown>();

  constructor(readonly minimumRsaBits: number) {}

  /** For a body whose settings are checked as they come. */
  readonly readers: PairReaders = {
    readSigningPair: (cert, key, rules) => this.#once('cert', cert, key, rules, readSigningPair),
    readEncryptionPair: (cert, key, rules) =>
      this.#once('encryptionCert', cert, key, rules, readEncryptionPair),
  };

  /** For the configuration that a login comes to. */
  readonly ofConfiguration: Pick<Circumstances, 'readSigningPair' | 'readEncryptionPair'> = {
    readSigningPair: (configuration) =>
      this.readers.readSigningPair(...this.#halves(configuration, 'cert', 'key')),
    readEncryptionPair: (configuration) =>
      this.readers.readEncryptionPair(
        ...this.#halves(configuration, 'encryptionCert', 'encryptionPublicKey'),
      ),
  };

  /** A certificate that only verifies; text that was read once is not read again. */
  readonly readCertificate = (pem: string, field: PemField): X509Certificate => {
    const name = `certificate ${pem}`;
    const known = this.#read.get(name) as X509Certificate | undefined;
    return known ?? this.#remember(name, readCertificate(pem, field));
  };

  #halves(
    { settings }: EffectiveConfiguration,
    first: 'cert' | 'encryptionCert',
    second: 'key' | 'encryptionPublicKey',
  ): [Half, Half, KeyRules] {
    const [cert, key] = [settings[first], settings[second]];
    const layer = cert.value === undefined ? key.layer : cert.layer;
    return [cert.value, key.value, { minimumRsaBits: this.minimumRsaBits, pointer: settingPointer(layer) }];
  }

  #once<Pair>(
    kind: string,
    cert: Half,
    key: Half,
    rules: KeyRules,
    read: (cert: Half, key: Half, rules: KeyRules) => Pair,
  ): Pair {
    if (cert === undefined || key === undefined) return read(cert, key, rules);
    const name = JSON.stringify([kind, cert, key]);
    const known = this.#read.get(name) as Pair | undefined;
    if (known !== undefined) return known;
    return this.#remember(name, read(cert, key, rules));
  }

  #remember<Value>(name: string, value: Value): Value {
    if (this.#read.size >= REMEMBERED) this.#read.delete(this.#read.keys().next().value!);
    this.#read.set(name, value);
    return value;
  }
}
