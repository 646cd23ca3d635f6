/** Frames of the pipe between server and worker: a 4-byte big-endian length and that many bytes of JSON. */
import { MintmarkError } from '../protocol/mintmark-error.js';
import { BOUNDS } from './messages.js';

const HEADER = 4;

export type FrameErrorCode = 'frame_too_large' | 'frame_not_json';

/** A pipe that says what no peer of ours says: what follows in it means nothing, so it is to be closed. */
export class FrameError extends MintmarkError<FrameErrorCode> {}

const tooLarge = (length: number, limit: number): FrameError =>
  new FrameError(
    'frame_too_large',
    `a frame of ${length} bytes is larger than the ${limit} that one may have`,
  );

/** One message as it goes over the pipe. */
export const encodeFrame = (value: unknown, limit: number = BOUNDS.frameBytes): Buffer => {
  const json = JSON.stringify(value);
  const length = Buffer.byteLength(json);
  if (length > limit) throw tooLarge(length, limit);
  const frame = Buffer.allocUnsafe(HEADER + length);
  frame.writeUInt32BE(length);
  frame.write(json, HEADER);
  return frame;
};

const parsed = (json: Buffer): unknown => {
  try {
    return JSON.parse(json.toString());
  } catch {
    // What it said is not repeated: it may be anything.
    throw new FrameError('frame_not_json', `a frame of ${json.length} bytes is no JSON`);
  }
};

/** Cuts what comes out of a pipe, in pieces of any size, into messages. */
export class FrameReader {
  // Pieces are joined when a frame is whole, and not before: joining at each would cost the square of their number.
  #pieces: Buffer[] = [];
  #held = 0;
  #needed = HEADER;
  #inBody = false;
  #failure: FrameError | null = null;

  constructor(private readonly limit: number = BOUNDS.frameBytes) {}

  /**
   * The messages that are complete with this piece. Throws a FrameError, then and ever after; what was whole before the fault is handed
   * out first, so that it is thrown by the next call (with an empty piece, too).
   */
  push(piece: Buffer): unknown[] {
    if (this.#failure) throw this.#failure;
    this.#pieces.push(piece);
    this.#held += piece.length;
    const messages: unknown[] = [];
    try {
      this.#cut(messages);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#failure = error;
      if (messages.length === 0) throw error;
    }
    return messages;
  }

  #cut(messages: unknown[]): void {
    while (this.#held >= this.#needed) {
      const part = this.#take(this.#needed);
      if (this.#inBody) {
        messages.push(parsed(part));
        this.#needed = HEADER;
      } else {
        const length = part.readUInt32BE();
        if (length > this.limit) throw tooLarge(length, this.limit);
        this.#needed = length;
      }
      this.#inBody = !this.#inBody;
    }
  }

  #take(count: number): Buffer {
    const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#held = whole.length - count;
    this.#pieces = this.#held > 0 ? [whole.subarray(count)] : [];
    return whole.subarray(0, count);
  }
}
