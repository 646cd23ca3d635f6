/** The error by which a wrong argument is refused: TypeError where its message says what type it must be of, Error where another rule is broken. */
export const refusal = (message: string): Error =>
  / must be (string|object|boolean|number|array)\b/.test(message)
    ? new TypeError(message)
    : new Error(message);
