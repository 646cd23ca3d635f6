/** The worker's two pipes: 3 brings runs, 4 takes what becomes of them. */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { encodeFrame, FrameReader } from '../frames.js';
import { BOUNDS, type RunMessage, type WorkerMessage } from '../messages.js';

const FROM_SERVER = 3;
const TO_SERVER = 4;

// Taken before fs is closed to everybody.
const write = writeSync;

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Written before it returns, so that nothing is lost where the author's code never lets go. Throws FrameError where it is too large. */
export function send(message: WorkerMessage): void {
  const frame = encodeFrame(message);
  let sent = 0;
  while (sent < frame.length) {
    try {
      sent += write(TO_SERVER, frame, sent);
    } catch (error) {
      // The server reads as fast as it can; a pipe that is full has room again soon.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

/** Calls `take` for each run, and `gone` when the server has closed the pipe. */
export function listen(take: (message: RunMessage) => void, gone: () => void): Socket {
  const reader = new FrameReader(BOUNDS.runFrameBytes);
  const pipe = new Socket({ fd: FROM_SERVER, readable: true, writable: false });
  pipe.on('data', (piece) => {
    for (const message of reader.push(piece)) take(message as RunMessage);
  });
  pipe.on('error', gone);
  pipe.on('close', gone);
  pipe.on('end', gone);
  return pipe;
}

const STDERR = 2;
/** For whoever reads what a worker said last. */
export function complain(error: unknown): void {
  try {
    write(STDERR, `${error instanceof Error ? error.stack : String(error)}\n`);
  } catch {
    // Nobody reads it.
  }
}
