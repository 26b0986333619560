/** G.711: the sample of each byte, from -1 to 1. */
const SAMPLES = Float32Array.from({ length: 256 }, (_, byte) => {
  const value = ~byte & 0xff
  const magnitude = ((((value & 0x0f) << 3) + 0x84) << ((value >> 4) & 7)) - 0x84
  return (value & 0x80 ? -magnitude : magnitude) / 32_768
})

/** @param {Uint8Array} bytes */
export const decodeMulaw = (bytes) => Float32Array.from(bytes, (byte) => SAMPLES[byte] ?? 0)
