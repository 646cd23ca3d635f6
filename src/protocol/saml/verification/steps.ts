/**
 * The transcript, in order. The first step that fails is the cause: so the document is understood before its signature is trusted,
 * the ciphertext's signature is checked before it is decrypted, and what the assertion says comes last.
 */
import {
  audience,
  authnStatement,
  conditions,
  destination,
  inResponseTo,
  issuer,
  nameId,
  recipient,
  subjectConfirmation,
} from './content.js';
import { decryption } from './decryption.js';
import type { SamlResponseInput, Step } from './evidence.js';
import { decode, parse, root, status } from './message.js';
import { schemaOrder } from './schema-order.js';
import { signatureSteps } from './signature-steps.js';
import {
  comments,
  decryptedComments,
  decryptedIdUniqueness,
  decryptedSignaturePosition,
  idUniqueness,
  signaturePosition,
} from './structure.js';

export const stepsFor = (input: SamlResponseInput): readonly Step[] => [
  decode(input),
  parse,
  root,
  status,
  comments,
  idUniqueness,
  signaturePosition,
  ...signatureSteps('Response'),
  decryption,
  decryptedComments,
  decryptedIdUniqueness,
  decryptedSignaturePosition,
  ...signatureSteps('Assertion'),
  schemaOrder,
  issuer,
  nameId,
  subjectConfirmation,
  conditions,
  audience,
  destination,
  recipient,
  inResponseTo,
  authnStatement,
];
