/** G.711: the sample of each byte, from -1 to 1. */
const SAMPLES = Float32Array.from({ length: 256 }, (_, byte) => {
  const value = ~byte & 0xff
  const magnitude = ((((value & 0x0f) << 3) + 0x84) << ((value >> 4) & 7)) - 0x84
  return (value & 0x80 ? -magnitude : magnitude) / 32_768
})

/** @param {Uint8Array} bytes */
export const decodeMulaw = (bytes) => Float32Array.from(bytes, (byte) => SAMPLES[byte] ?? 0)

const BIAS = 0x84
const CLIP = 32_635

/** @param {Float32Array} samples from -1 to 1 */
export const encodeMulaw = (samples) => Uint8Array.from(samples, encodeSample)

/** @param {number} sample */
function encodeSample(sample) {
  const value = Math.round(sample * 32_768)
  const magnitude = Math.min(Math.abs(value), CLIP) + BIAS
  // The highest bit that is set, of bits 7 to 14.
  const exponent = 24 - Math.clz32(magnitude)
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f
  return ~((value < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff
}
