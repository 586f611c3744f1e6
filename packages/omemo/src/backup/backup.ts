import type { OmemoCore } from '../omemo-core.js'

/** What goes into a backup, and what opens it. */
export interface ExportOptions {
  /** Whoever has it and the backup can be us: six words that were drawn by lot, or more. */
  readonly passphrase: string
  /** Who we are, and what is thought and known of others (`identity+trust`, default); or only who we are. */
  readonly include?: 'identity+trust' | 'identity' | undefined
  /** How hard guessing is: log₂ of scrypt's N, from 15 to 18; default 17, which needs 128 MiB of memory. */
  readonly cost?: number | undefined
}

/** How a backup is restored. */
export interface ImportOptions {
  /** What it was locked with. */
  readonly passphrase: string
  /**
   * As what: a `new-device` with an id of its own (default), which is always right; or the `same-device` under its old id, for
   * when the old one is gone for good. Two devices with one id take each other's messages away.
   */
  readonly as?: 'new-device' | 'same-device' | undefined
}

/** Backups of who we are. Sessions and prekeys are never in them: an old state would use keys twice (OMEMO F4). */
export class Backup {
  readonly #core: OmemoCore

  /** @internal */
  constructor(core: OmemoCore) {
    this.#core = core
  }

  /**
   * A backup, locked with a passphrase.
   *
   * @throws OmemoError `no-devices` if there is nothing to keep yet, `backup-too-large` beyond 32 MiB
   * @throws RangeError for another cost, TypeError for an empty passphrase
   */
  async export(options: ExportOptions): Promise<Uint8Array> {
    return (await this.#work()).export(options)
  }

  /**
   * Restores a backup where there is no device yet: `omemo({ automatic: false })`, then this, then `enable()`. Sessions begin
   * anew, prekeys are new under new ids, and what is known already is not taken back by what is older.
   *
   * @throws OmemoError `wrong-passphrase`, `bad-backup`, `newer-backup`, `other-account`, `device-exists`; then nothing was
   * changed
   * @throws ConnectionError as a new device, whose id must be none of those on the server
   */
  async import(file: Uint8Array, options: ImportOptions): Promise<void> {
    return (await this.#work()).import(file, options)
  }

  /** Loaded when it is needed, which is once in the life of a device. */
  async #work() {
    const { BackupWork } = await import('./backup-work.js')
    return new BackupWork(this.#core)
  }
}
