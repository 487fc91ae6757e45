const STEPS = 32;

/** Colours from good to bad, of the page's own light or dark palette. */
export class SeverityColours {
  private ramp: string[] = [];

  constructor() {
    this.read();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.read());
  }

  /** @param severity 0–1 */
  of(severity: number): string {
    return this.ramp[Math.round(severity * (STEPS - 1))];
  }

  private read(): void {
    const style = getComputedStyle(document.documentElement);
    const [good, middle, bad] = ['--good', '--middling', '--bad'].map((name) => rgb(style.getPropertyValue(name)));
    this.ramp = Array.from({ length: STEPS }, (_, step) => {
      const t = (2 * step) / (STEPS - 1);
      const [from, to, share] = t <= 1 ? [good, middle, t] : [middle, bad, t - 1];
      return `rgb(${from.map((value, c) => Math.round(value + share * (to[c] - value))).join(',')})`;
    });
  }
}

/** #rrggbb */
function rgb(hex: string): number[] {
  const value = parseInt(hex.trim().slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
