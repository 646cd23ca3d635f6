import type { KeyRules } from '../protocol/saml/key-pairs.js';
import { readEncryptionPair, readSigningPair } from '../protocol/saml/key-pairs.js';
import { settingPointer } from '../protocol/saml/configuration-rules.js';
import type { EffectiveConfiguration } from '../protocol/saml/layers.js';
import type { Circumstances } from './circumstances.js';

/** Clients that bring pairs along are few; a test suite that makes a pair a test must not fill the memory. */
const REMEMBERED = 200;

/** Reads the pairs of configurations, each text once: parsing a certificate and a key costs more than signing with it. */
export class PairReader implements Pick<Circumstances, 'readSigningPair' | 'readEncryptionPair'> {
  readonly #read = new Map<string, unknown>();

  constructor(private readonly minimumRsaBits: number) {}

  readonly readSigningPair: Circumstances['readSigningPair'] = (configuration) =>
    this.#pair(configuration, 'cert', 'key', readSigningPair);

  readonly readEncryptionPair: Circumstances['readEncryptionPair'] = (configuration) =>
    this.#pair(configuration, 'encryptionCert', 'encryptionPublicKey', readEncryptionPair);

  #pair<Pair>(
    { settings }: EffectiveConfiguration,
    first: 'cert' | 'encryptionCert',
    second: 'key' | 'encryptionPublicKey',
    read: (cert: string | undefined, key: string | undefined, rules: KeyRules) => Pair,
  ): Pair {
    const [cert, key] = [settings[first], settings[second]];
    const layer = cert.value === undefined ? key.layer : cert.layer;
    const rules = { minimumRsaBits: this.minimumRsaBits, pointer: settingPointer(layer) };
    if (cert.value === undefined || key.value === undefined) return read(cert.value, key.value, rules);
    const name = JSON.stringify([first, cert.value, key.value]);
    const known = this.#read.get(name) as Pair | undefined;
    if (known !== undefined) return known;
    const pair = read(cert.value, key.value, rules);
    if (this.#read.size >= REMEMBERED) this.#read.delete(this.#read.keys().next().value!);
    this.#read.set(name, pair);
    return pair;
  }
}
