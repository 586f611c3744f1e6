/**
 * HMAC and HKDF with SHA-256 for short inputs, without an object per step: in a ratchet, what general libraries spend on
 * their objects is more than the hashing. One call at a time uses the buffers below; nothing here is asynchronous.
 */
import { empty } from './bytes.js'
import { compress, initialState, schedule } from './sha256-block.js'

const state = new Int32Array(8)
const inner = new Int32Array(8)
const outer = new Int32Array(8)
/** Bytes of the block that is being filled, and how much was hashed before and in it. */
const block = new Uint8Array(64)
let filled = 0
let total = 0

function compressBlock(): void {
  for (let i = 0, at = 0; i < 16; i++, at += 4) {
    schedule[i] =
      ((block[at] as number) << 24) |
      ((block[at + 1] as number) << 16) |
      ((block[at + 2] as number) << 8) |
      (block[at + 3] as number)
  }
  compress(state)
}

function absorb(data: Uint8Array): void {
  total += data.length
  for (let i = 0; i < data.length; i++) {
    block[filled++] = data[i] as number
    if (filled === 64) {
      compressBlock()
      filled = 0
    }
  }
}

/** Padding and length (FIPS 180-4 §5.1.1), then the digest into `output`. */
function finish(output: Uint8Array): void {
  block[filled++] = 0x80
  if (filled > 56) {
    block.fill(0, filled)
    compressBlock()
    filled = 0
  }
  block.fill(0, filled, 56)
  const bits = total * 8
  for (let i = 0; i < 8; i++) block[63 - i] = i < 4 ? bits >>> (8 * i) : Math.floor(bits / 2 ** (8 * i))
  compressBlock()
  for (let i = 0; i < 32; i++) output[i] = (state[i >> 2] as number) >>> (24 - 8 * (i & 3))
}

const longKey = new Uint8Array(32)

/** The state after the key under one of its pads. */
function padInto(target: Int32Array, key: Uint8Array, pad: number): void {
  block.fill(pad)
  for (let i = 0; i < key.length; i++) block[i] = (key[i] as number) ^ pad
  state.set(initialState)
  compressBlock()
  target.set(state)
}

/** The states after the two pads of a key (RFC 2104 §4). */
function setKey(key: Uint8Array): void {
  let short = key
  if (key.length > 64) {
    state.set(initialState)
    filled = 0
    total = 0
    absorb(key)
    finish(longKey)
    short = longKey
  }
  padInto(inner, short, 0x36)
  padInto(outer, short, 0x5c)
}

const innerDigest = new Uint8Array(32)

function begin(): void {
  state.set(inner)
  filled = 0
  total = 64
}

function end(output: Uint8Array): void {
  finish(innerDigest)
  state.set(outer)
  filled = 0
  total = 64
  absorb(innerDigest)
  finish(output)
}

/** Nothing of a key stays in the buffers. */
function clean(): void {
  for (const buffer of [state, inner, outer, schedule]) buffer.fill(0)
  for (const buffer of [block, innerDigest, longKey]) buffer.fill(0)
}

/** HMAC-SHA256 of two parts in a row (RFC 2104). */
export function hmacSha256(key: Uint8Array, first: Uint8Array, second: Uint8Array = empty): Uint8Array {
  const digest = new Uint8Array(32)
  setKey(key)
  begin()
  absorb(first)
  absorb(second)
  end(digest)
  clean()
  return digest
}

/** The states of the salt of 32 zero bytes, with which every message key is derived. */
setKey(new Uint8Array(32))
const unsaltedInner = inner.slice()
const unsaltedOuter = outer.slice()
const extracted = new Uint8Array(32)
const counter = new Uint8Array(1)

/** HKDF-SHA256; no salt means 32 zero bytes (RFC 5869). */
export function hkdfSha256(
  salt: Uint8Array | undefined,
  secret: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const output = new Uint8Array(Math.ceil(length / 32) * 32)
  if (salt) setKey(salt)
  else {
    inner.set(unsaltedInner)
    outer.set(unsaltedOuter)
  }
  begin()
  absorb(secret)
  end(extracted)
  setKey(extracted)
  for (let at = 0; at < output.length; at += 32) {
    begin()
    if (at > 0) absorb(output.subarray(at - 32, at))
    absorb(info)
    counter[0] = at / 32 + 1
    absorb(counter)
    end(output.subarray(at, at + 32))
  }
  clean()
  extracted.fill(0)
  return output.length === length ? output : output.slice(0, length)
}
