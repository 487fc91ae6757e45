/** What a run says, without the lines that tell what to look at in its results. */
export function withoutQuality(said: string): string {
  return said.replace(/^glpose: .* places? to look at: .*\n/gm, '');
}
