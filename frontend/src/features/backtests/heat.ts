export type HeatCell = { value: number | null; share: number };

/** How near each figure is to the best of all: 0 the worst, 1 the best; 0 where there is none. */
export function heatOf(cells: readonly (readonly (number | null)[])[]): HeatCell[][] {
  const known = cells.flat().filter((value) => value !== null);
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  return cells.map((row) => row.map((value) => ({ value, share: value === null || !(span > 0) ? 0 : (value - low) / span })));
}
