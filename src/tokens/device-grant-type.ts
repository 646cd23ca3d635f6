/** RFC 8628 3.4: `grant_type` of a device that asks whether it was let in, and what of a client's `grant_types` allows it to. */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
