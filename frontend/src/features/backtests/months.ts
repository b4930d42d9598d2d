export type Year = { year: string; months: (number | null)[]; whole: number };

/** Months in rows of years; the year's own return is that of its months one after another, in percent. */
export function yearsOf(monthly: readonly { month: string; return_pct: number }[]): Year[] {
  const years = new Map<string, (number | null)[]>();
  for (const { month, return_pct } of monthly) {
    const [year = "", number = "1"] = month.split("-");
    const months = years.get(year) ?? Array<number | null>(12).fill(null);
    months[Number(number) - 1] = return_pct;
    years.set(year, months);
  }
  return [...years].sort(([a], [b]) => a.localeCompare(b)).map(([year, months]) => ({ year, months, whole: compounded(months) }));
}

function compounded(percents: readonly (number | null)[]): number {
  return (percents.reduce<number>((grown, each) => grown * (1 + (each ?? 0) / 100), 1) - 1) * 100;
}
