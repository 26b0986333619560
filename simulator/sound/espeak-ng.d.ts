/** The used part of the package, which brings no types. */
declare module '@echogarden/espeak-ng-emscripten' {
  export interface ESpeakWorker {
    /** 0 when the voice exists. */
    set_voice(name: string): number
    set_rate(wordsPerMinute: number): void
    get_samplerate(): number
    /** Calls `onAudio` with each piece of audio before it returns; a truthy result stops it. */
    synthesize(text: string, onAudio: (samples: Int16Array) => unknown): void
  }

  export default function load(options: {
    print: (line: string) => void
    printErr: (line: string) => void
  }): Promise<{ eSpeakNGWorker: new () => ESpeakWorker }>
}
