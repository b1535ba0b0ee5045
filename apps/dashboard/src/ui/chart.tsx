import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useTheme } from '../app-shell/theme.js';

export interface Series {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

interface Props {
  /** What is drawn, for who cannot see it. */
  readonly label: string;
  /** Seconds since 1970. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format?: (value: number) => string;
  readonly bars?: boolean;
  /** Each upon those after it, so that the height is what all are together; the legend tells each. */
  readonly stacked?: boolean;
  readonly height?: number;
}

const COLOURS = ['--chart-1', '--chart-2', '--chart-3', '--chart-4'];

/** A dense time series. New values are put into the chart that stands; it is drawn anew only for a new shape. */
export function Chart({
  label,
  times,
  series,
  format,
  bars = false,
  stacked = false,
  height = 200,
}: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const formatter = useRef(format);
  formatter.current = format;
  const theme = useTheme();
  const names = series.map(({ label: name }) => name).join('\n');
  const values = series.map((one) => one.values);
  const data = [times, ...(stacked ? piled(values) : values)] as uPlot.AlignedData;
  const latest = useRef({ data, values });
  latest.current = { data, values };

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const styles = getComputedStyle(element);
    const colour = (name: string) => resolved(element, styles.getPropertyValue(name));
    const show = (value: number | null) =>
      value === null ? '–' : (formatter.current?.(value) ?? value.toLocaleString());
    const axis = {
      stroke: colour('--text-soft'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1 },
    };
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        cursor: { y: false },
        scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.1 : 1] } },
        axes: [
          axis,
          { ...axis, size: 64, values: (_plot, ticks) => ticks.map((tick) => show(tick)) },
        ],
        series: [
          {},
          ...names.split('\n').map((name, index) => {
            const stroke = colour(COLOURS[index % COLOURS.length] as string);
            return {
              label: name,
              stroke,
              width: 1.6,
              // A value without neighbours makes no line: it is a point, or it is not seen.
              points: { show: sparse, size: 5, fill: stroke },
              value: (_plot: uPlot, _drawn: number | null, of: number, at: number | null) =>
                show(at === null ? null : (latest.current.values[of - 1]?.[at] ?? null)),
              ...(bars && uPlot.paths.bars
                ? { paths: uPlot.paths.bars({ size: [0.7, 60] }), fill: stroke, width: 0 }
                : {}),
            };
          }),
        ],
      },
      latest.current.data,
      element,
    );
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [names, bars, height, theme]);

  useEffect(() => {
    plot.current?.setData(latest.current.data);
  }, [times, series]);

  return <div className="chart" ref={place} role="img" aria-label={label} />;
}

/** What is drawn first reaches highest: it is what it and all after it are together. */
function piled(all: readonly (readonly (number | null)[])[]): number[][] {
  const heights = (all[0] ?? []).map(() => 0);
  return [...all]
    .reverse()
    .map((values) => values.map((value, at) => (heights[at] = (heights[at] ?? 0) + (value ?? 0))))
    .reverse();
}

/** Whether a series has hardly more values than gaps. */
function sparse(plot: uPlot, index: number): boolean {
  const values = plot.data[index] ?? [];
  return values.filter((value) => value !== null).length < values.length / 4;
}

/** Canvas knows neither custom properties nor light-dark(): the browser works the colour out. */
function resolved(element: HTMLElement, value: string): string {
  const probe = document.createElement('span');
  probe.style.color = value;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
